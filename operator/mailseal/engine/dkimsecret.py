"""The Secret of a DkimKey, in a cluster and in a manifest file alike: what it says and shall say. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mailseal.domain.common import GROUP
from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.engine.dkimkeys import UnusableKey, read_key
from mailseal.engine.layouts import FILE_NAMES, PEM_SUFFIX, SELECTORS, files_of
from mailseal.engine.objectkey import ObjectKey
from mailseal.planning.keylife.codec import UnreadableLife, from_text, to_text
from mailseal.planning.keylife.model import Cause, KeyLife, KeySet, LifeKey, spec_fingerprint
from mailseal.records.dkim import DkimRecord, same_key
from mailseal.records.errors import InvalidRecord

MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "mailseal"
OWNER_ANNOTATION = f"{GROUP}/dkimkey"
DOMAIN_ANNOTATION = f"{GROUP}/domain"
LIFE_ANNOTATION = f"{GROUP}/key-life"
"""The life of the keys, without private halves, as `keylife.codec` writes it."""


class SecretUnusable(Exception):
    """The Secret cannot be used. `reason` is a condition reason; the message says what to do."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SecretContent:
    """A Secret as it is, with its private keys: for the moment of reading or writing it only."""

    metadata: Mapping[str, Any]
    data: Mapping[str, bytes] = field(repr=False)

    @property
    def pems(self) -> dict[str, bytes]:
        """The private keys in PEM by selector."""
        ends = {
            name.removesuffix(PEM_SUFFIX): pem for name, pem in self.data.items() if name.endswith(PEM_SUFFIX)
        }
        return {
            selector: pem for selector, pem in ends.items() if f"{selector}{PEM_SUFFIX}" not in FILE_NAMES
        }

    @property
    def life(self) -> KeyLife | None:
        """The life that it was written with; None when that was lost."""
        text = (self.metadata.get("annotations") or {}).get(LIFE_ANNOTATION)
        return read_life(text)


def content_of(secret: Mapping[str, Any]) -> SecretContent:
    """The content of a Secret's body. What is not base64 counts as not there."""
    data = {}
    for name, value in (secret.get("data") or {}).items():
        with suppress(binascii.Error, ValueError, TypeError):
            data[name] = base64.b64decode(value, validate=True)
    return SecretContent(secret["metadata"], data)


def read_life(text: object) -> KeyLife | None:
    """The life that a text holds; None for none and for an unreadable one."""
    if not isinstance(text, str) or not text:
        return None
    try:
        return from_text(text)
    except UnreadableLife:
        return None


def secret_name(dkim_key: ObjectKey, spec: DkimKeySpec) -> str:
    """The name of the Secret, in the namespace of the DkimKey."""
    return spec.secret.name or dkim_key.name


def is_made_for(dkim_key: ObjectKey, metadata: Mapping[str, Any]) -> bool:
    """True for the metadata of a Secret that was made for this DkimKey."""
    return bool((metadata.get("annotations") or {}).get(OWNER_ANNOTATION) == dkim_key.name)


def check_made_for(dkim_key: ObjectKey, name: str, metadata: Mapping[str, Any]) -> None:
    """Raise `SecretUnusable` unless the Secret `name` was made for this DkimKey."""
    if not is_made_for(dkim_key, metadata):
        raise SecretUnusable(
            "SecretNotOurs",
            f"Secret {dkim_key.namespace}/{name} exists and was not made for this DkimKey: make a DkimKey "
            "with another spec.secret.name, or delete the Secret",
        )


def owner_of_secret(meta: Mapping[str, Any]) -> ObjectKey | None:
    """The DkimKey that a Secret was made for, from its metadata."""
    name = (meta.get("annotations") or {}).get(OWNER_ANNOTATION)
    return ObjectKey("DkimKey", meta.get("namespace", ""), name) if name else None


def held_selectors(life: KeyLife, pems: Mapping[str, bytes]) -> frozenset[str]:
    """The selectors of a life whose private key is there and is the one that the record publishes."""
    return frozenset(key.selector for _, key in life.all_keys() if _fits(key, pems.get(key.selector)))


def rebuilt_life(spec: DkimKeySpec, content: SecretContent, now: datetime) -> KeyLife:
    """The life of keys of which nothing but the Secret is left: those that it names are signing now."""
    keys = []
    pems = content.pems
    for selector in content.data.get(SELECTORS, b"").decode(errors="replace").split():
        with suppress(UnusableKey, KeyError):
            keys.append(read_key(selector, pems[selector]).life_key)
    if not keys:
        return KeyLife()
    kinds = [(key.algorithm, key.bits) for key in keys]
    as_wanted = kinds == [(wanted.algorithm, wanted.bits) for wanted in spec.keys]
    found = KeySet(
        number=1,
        cause=Cause.FOUND,
        keys=tuple(keys),
        made_for=spec_fingerprint(spec) if as_wanted else "",
        prepared_at=now,
        switched_at=now,
    )
    return KeyLife(revision=1).with_set(found)


def later_life(*lives: KeyLife | None) -> KeyLife | None:
    """The one with the highest revision; of equal ones the first."""
    return max((life for life in lives if life is not None), key=lambda life: life.revision, default=None)


def wanted_files(spec: DkimKeySpec, life: KeyLife, pems: Mapping[str, bytes]) -> dict[str, bytes]:
    """All files that the Secret shall hold, from the private keys at hand; those that do not fit left out."""
    held = held_selectors(life, pems)
    return files_of(spec, life, {selector: pems[selector] for selector in held})


def is_in_step(
    spec: DkimKeySpec, life: KeyLife, content: SecretContent, owner_reference: Mapping[str, Any] | None
) -> bool:
    """True when the Secret holds exactly what it shall."""
    files = wanted_files(spec, life, content.pems)
    right = all(content.data.get(name) == file for name, file in files.items())
    marked = _is_marked(spec, content.metadata, owner_reference)
    return right and marked and content.life == life and not _leftovers(life, content, files)


def new_secret(
    dkim_key: ObjectKey,
    spec: DkimKeySpec,
    life: KeyLife,
    files: Mapping[str, bytes],
    owner_reference: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The Secret of a DkimKey that has none.

    `owner_reference` makes Kubernetes delete it with the DkimKey; without a cluster there is none.
    """
    metadata: dict[str, Any] = {
        "name": secret_name(dkim_key, spec),
        "namespace": dkim_key.namespace,
        **_marks(dkim_key, spec, life, owner_reference),
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": metadata,
        "data": _encoded(files),
    }


def changed_secret(
    dkim_key: ObjectKey,
    spec: DkimKeySpec,
    life: KeyLife,
    content: SecretContent,
    files: Mapping[str, bytes],
    owner_reference: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The merge patch that brings an existing Secret to `life` and `files`, unless it was changed since."""
    metadata = {
        "resourceVersion": content.metadata.get("resourceVersion"),
        **_marks(dkim_key, spec, life, owner_reference),
    }
    gone = dict.fromkeys(_leftovers(life, content, files))
    return {"metadata": metadata, "data": {**gone, **_encoded(files)}}


def _marks(
    dkim_key: ObjectKey, spec: DkimKeySpec, life: KeyLife, owner_reference: Mapping[str, Any] | None
) -> dict[str, Any]:
    marks: dict[str, Any] = {
        "labels": _labels(spec),
        "annotations": {
            OWNER_ANNOTATION: dkim_key.name,
            DOMAIN_ANNOTATION: spec.domain,
            LIFE_ANNOTATION: to_text(life),
        },
    }
    if owner_reference:
        marks["ownerReferences"] = [dict(owner_reference)]
    return marks


def _is_marked(
    spec: DkimKeySpec, metadata: Mapping[str, Any], owner_reference: Mapping[str, Any] | None
) -> bool:
    """True when the metadata says whose Secret it is. Without our label nobody would tell of a change."""
    owners = metadata.get("ownerReferences") or ()
    is_owned = owner_reference is None or _uid_of(owner_reference) in map(_uid_of, owners)
    return is_owned and _labels(spec).items() <= (metadata.get("labels") or {}).items()


def _labels(spec: DkimKeySpec) -> dict[str, str]:
    return {**spec.secret.labels, MANAGED_BY: MANAGER}


def _leftovers(life: KeyLife, content: SecretContent, files: Mapping[str, bytes]) -> list[str]:
    """Files of ours that the Secret holds and shall not; those of others stay."""
    selectors = life.used_selectors
    ours = {*FILE_NAMES, *(name for name in content.data if name.rpartition(".")[0] in selectors)}
    return sorted(name for name in content.data if name in ours and name not in files)


def _fits(key: LifeKey, pem: bytes | None) -> bool:
    if pem is None:
        return False
    try:
        found = read_key(key.selector, pem)
        return same_key(DkimRecord.parse(found.record), DkimRecord.parse(key.record))
    except (UnusableKey, InvalidRecord):
        return False


def _encoded(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: base64.b64encode(file).decode() for name, file in files.items()}


def _uid_of(reference: Mapping[str, Any]) -> object:
    return reference.get("uid")
