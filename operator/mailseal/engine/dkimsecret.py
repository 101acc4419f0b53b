"""The layout of a DkimKey's Secret, the same in a cluster and in a manifest file. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from mailseal.domain.common import GROUP
from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.engine.dkimkeys import GeneratedKey, HeldKey, UnusableKey, read_key
from mailseal.engine.objectkey import ObjectKey

MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "mailseal"
OWNER_ANNOTATION = f"{GROUP}/dkimkey"
DOMAIN_ANNOTATION = f"{GROUP}/domain"
PEM_SUFFIX = ".pem"
"""A private key stands under `<selector>.pem`."""
SELECTORS_KEY = "selectors"
"""The selectors to sign with, one a line, in the order of the spec."""


class SecretUnusable(Exception):
    """The Secret cannot be used. `reason` is a condition reason; the message says what to do."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def secret_name(dkim_key: ObjectKey, spec: DkimKeySpec) -> str:
    """The name of the Secret, in the namespace of the DkimKey."""
    return spec.secret.name or dkim_key.name


def check_made_for(dkim_key: ObjectKey, name: str, secret: Mapping[str, Any]) -> None:
    """Raise `SecretUnusable` unless the Secret `name` was made for this DkimKey."""
    annotations = secret["metadata"].get("annotations") or {}
    if annotations.get(OWNER_ANNOTATION) != dkim_key.name:
        raise SecretUnusable(
            "SecretNotOurs",
            f"Secret {dkim_key.namespace}/{name} exists and was not made for this DkimKey: name another one "
            "in spec.secret.name, or delete it",
        )


def owner_of_secret(meta: Mapping[str, Any]) -> ObjectKey | None:
    """The DkimKey that a Secret was made for, from its metadata."""
    name = (meta.get("annotations") or {}).get(OWNER_ANNOTATION)
    return ObjectKey("DkimKey", meta.get("namespace", ""), name) if name else None


def new_secret(
    dkim_key: ObjectKey, spec: DkimKeySpec, data: Mapping[str, str], owner_reference: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The Secret of a DkimKey that has none, holding `data`.

    `owner_reference` makes Kubernetes delete it with the DkimKey; without a cluster there is none.
    """
    metadata: dict[str, Any] = {
        "name": secret_name(dkim_key, spec),
        "namespace": dkim_key.namespace,
        "labels": {**spec.secret.labels, MANAGED_BY: MANAGER},
        "annotations": {OWNER_ANNOTATION: dkim_key.name, DOMAIN_ANNOTATION: spec.domain},
    }
    if owner_reference:
        metadata["ownerReferences"] = [dict(owner_reference)]
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": metadata,
        "data": dict(data),
    }


def secret_data(held: Sequence[HeldKey], made: Sequence[GeneratedKey]) -> dict[str, str]:
    """What to add to a Secret's `data` for the keys `made`; `held` are all keys, those included."""
    selectors = "".join(f"{key.selector}\n" for key in held)
    return {
        **{f"{key.held.selector}{PEM_SUFFIX}": base64.b64encode(key.pem).decode() for key in made},
        SELECTORS_KEY: base64.b64encode(selectors.encode()).decode(),
    }


def held_keys(name: str, data: Mapping[str, str]) -> tuple[HeldKey, ...]:
    """The keys in the `data` of the Secret `name`, in the order of its `selectors`, others after them.

    Raises `SecretUnusable`.
    """
    order, pems = _decoded(name, data)
    listed = [selector for selector in order if selector in pems]
    keys = []
    for selector in [*listed, *sorted(pems.keys() - set(listed))]:
        try:
            keys.append(read_key(selector, pems[selector]))
        except UnusableKey as error:
            raise SecretUnusable(
                "SecretInvalid",
                f"Secret {name}: {selector}{PEM_SUFFIX} cannot be used, {error}; restore it, or delete the "
                "Secret to have new keys made",
            ) from None
    return tuple(keys)


def _decoded(name: str, data: Mapping[str, str]) -> tuple[list[str], dict[str, bytes]]:
    """The selectors in their order, and the private keys by selector. Raises `SecretUnusable`."""
    try:
        order = base64.b64decode(data.get(SELECTORS_KEY, "")).decode().split()
        pems = {
            key.removesuffix(PEM_SUFFIX): base64.b64decode(value)
            for key, value in data.items()
            if key.endswith(PEM_SUFFIX)
        }
    except ValueError:
        raise SecretUnusable(
            "SecretInvalid",
            f"Secret {name}: a value in data is not base64, or {SELECTORS_KEY} is not text; restore it, or "
            "delete the Secret to have new keys made",
        ) from None
    return order, pems
