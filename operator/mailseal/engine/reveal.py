"""Retired private keys that a DkimKey asks to publish: where they are kept, and when they may be shown. Pure.

A published private key makes every signature under it worthless as a proof: whoever shows a leaked message of
old may have signed it. So it must be certain first that no receiver accepts such signatures any more.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from mailseal.domain.common import GROUP
from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.engine.dkimsecret import DOMAIN_ANNOTATION, MANAGED_BY, MANAGER
from mailseal.engine.objectkey import ObjectKey
from mailseal.planning.keylife.model import Cause, KeyLife, KeySet, KeyState

RETIRED_KEYS_OF = f"{GROUP}/retired-keys-of"
"""The annotation of both objects that names their DkimKey. It is not the one of the signing Secret, which is
watched: a change of these is nothing that signing depends on."""
README_KEY = "README"
_NAME_MAX = 253
_DIGEST_CHARACTERS = 8


def retired_secret_name(dkim_key: ObjectKey) -> str:
    """The Secret that keeps the private keys between their retirement and their publication."""
    return _named(dkim_key, "-retired")


def revealed_name(dkim_key: ObjectKey) -> str:
    """The ConfigMap that publishes them."""
    return _named(dkim_key, "-revealed")


def revealable_selectors(life: KeyLife, spec: DkimKeySpec, now: datetime) -> frozenset[str]:
    """The selectors whose private keys may be published now; none unless the spec asks for it.

    Those of sets whose revocation all authoritative servers have confirmed, once the old record's time to
    live has passed since, so that no cache answers the key any more. With method Delete a set is gone at that
    very moment, so publish what this says of a life before the life after it is committed.

    An imported key is never among them: the same key may sign for other domains, of which nothing is known.
    """
    if not spec.revocation.publish_private_key:
        return frozenset()
    ttl = timedelta(seconds=spec.ttl_seconds)
    return frozenset[str]().union(
        *(found.selectors for found in life.sets if _is_out_of_use(found, ttl, now))
    )


def may_be_kept(found: KeySet, spec: DkimKeySpec) -> bool:
    """True when the private keys of a set go to the Secret of retired keys as they leave the signing one."""
    return spec.revocation.publish_private_key and found.cause is not Cause.IMPORTED


def is_made_for(dkim_key: ObjectKey, body: Mapping[str, Any]) -> bool:
    """True when an object of one of these names was made for this DkimKey; another is left alone."""
    annotations = body["metadata"].get("annotations") or {}
    return bool(annotations.get(RETIRED_KEYS_OF) == dkim_key.name)


def retired_secret(
    dkim_key: ObjectKey, spec: DkimKeySpec, pems: Mapping[str, bytes], owner: Mapping[str, Any]
) -> dict[str, Any]:
    """A new Secret of retired keys, with these private keys by selector; it is deleted with `owner`."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": _metadata(retired_secret_name(dkim_key), dkim_key, spec, owner),
        **retired_change(added=pems),
    }


def retired_change(
    *, added: Mapping[str, bytes] | None = None, revealed: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """A merge patch of the Secret of retired keys: private keys to add, and selectors whose keys go."""
    kept = {_file(selector): base64.b64encode(pem).decode() for selector, pem in (added or {}).items()}
    return {"data": {**kept, **{_file(selector): None for selector in sorted(revealed)}}}


def revealed_config_map(
    dkim_key: ObjectKey, spec: DkimKeySpec, pems: Mapping[str, bytes], owner: Mapping[str, Any]
) -> dict[str, Any]:
    """A new ConfigMap that publishes these private keys by selector; it is deleted with `owner`."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(revealed_name(dkim_key), dkim_key, spec, owner),
        **revealed_change(dkim_key, spec, pems),
    }


def revealed_change(dkim_key: ObjectKey, spec: DkimKeySpec, pems: Mapping[str, bytes]) -> dict[str, Any]:
    """A merge patch of the ConfigMap that publishes further private keys."""
    files = {_file(selector): pem.decode("ascii") for selector, pem in pems.items()}
    return {"data": {README_KEY: _readme(dkim_key, spec), **files}}


def _is_out_of_use(found: KeySet, ttl: timedelta, now: datetime) -> bool:
    return (
        found.state is KeyState.REVOKED
        and found.cause is not Cause.IMPORTED
        and found.revoked_at is not None
        and now >= found.revoked_at + ttl
    )


def _named(dkim_key: ObjectKey, suffix: str) -> str:
    """The name with a suffix; one that would be too long is cut and told from others by a digest."""
    if len(dkim_key.name) + len(suffix) <= _NAME_MAX:
        return f"{dkim_key.name}{suffix}"
    digest = hashlib.sha256(dkim_key.name.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    room = _NAME_MAX - len(suffix) - len(digest) - 1
    return f"{dkim_key.name[:room].rstrip('-.')}-{digest}{suffix}"


def _metadata(name: str, dkim_key: ObjectKey, spec: DkimKeySpec, owner: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": dkim_key.namespace,
        "labels": {MANAGED_BY: MANAGER},
        "annotations": {RETIRED_KEYS_OF: dkim_key.name, DOMAIN_ANNOTATION: spec.domain},
        "ownerReferences": [dict(owner)],
    }


def _file(selector: str) -> str:
    return f"{selector}.pem"


def _readme(dkim_key: ObjectKey, spec: DkimKeySpec) -> str:
    return (
        f"The private DKIM keys that once signed the mail of {spec.domain}, each under its selector.\n"
        "\n"
        "They are published on purpose, since spec.revocation.publishPrivateKey of DkimKey "
        f"{dkim_key.namespace}/{dkim_key.name} asks for it.\n"
        "Their public halves are revoked in DNS: no receiver accepts mail that is signed with them.\n"
        "Anybody can make such signatures now, so that one on a message of old does not prove who wrote it.\n"
        "\n"
        "Never sign with these keys. Copy them to a public place, such as a web site, for all to see.\n"
    )
