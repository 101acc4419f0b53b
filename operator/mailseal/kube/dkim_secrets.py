"""The Secret of a DkimKey: made once, never overwritten, its private keys never kept in memory."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailseal.domain.common import GROUP
from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.engine.dkimkeys import (
    GeneratedKey,
    HeldKey,
    UnusableKey,
    generate_key,
    missing_keys,
    read_key,
)
from mailseal.kube.api import KubeApi, NotFound
from mailseal.kube.objects import ObjectKey, StoredObject

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


@dataclass(frozen=True, slots=True)
class SecretView:
    """What the operator keeps of a DkimKey's Secret."""

    name: str
    resource_version: str
    keys: tuple[HeldKey, ...]


class DkimSecrets:
    """Makes and reads the Secrets of DkimKeys. Key generation runs in `executor`, off the event loop."""

    def __init__(self, api: KubeApi, executor: Executor) -> None:
        self._api = api
        self._executor = executor
        self._views: dict[ObjectKey, SecretView] = {}

    def view(self, key: ObjectKey) -> SecretView | None:
        """What is known of the DkimKey's Secret."""
        return self._views.get(key)

    def is_complete(self, resource: StoredObject, spec: DkimKeySpec) -> bool:
        """True when the Secret is known, is the one that the spec names, and has all its keys."""
        view = self._views.get(resource.key)
        named = spec.secret.name or resource.key.name
        return view is not None and view.name == named and not missing_keys(spec, view.keys)

    def forget(self, key: ObjectKey) -> None:
        """Drop what is known, so that the Secret is read again."""
        self._views.pop(key, None)

    def noticed(self, key: ObjectKey, resource_version: str | None) -> bool:
        """A watch says that the Secret is now at this version, or gone; True when that is news."""
        known = self._views.get(key)
        if known is None or known.resource_version == resource_version:
            return False
        self.forget(key)
        return True

    async def ensure(self, resource: StoredObject, spec: DkimKeySpec, now: datetime) -> SecretView:
        """The Secret with a key for each of the spec's, generating what is missing.

        A Secret that exists is only ever added to. Raises `SecretUnusable`, `ApiError`.
        """
        name = spec.secret.name or resource.key.name
        view = self._views.get(resource.key)
        if view is None or view.name != name:
            view = await self._read(resource, name)
        missing = missing_keys(spec, view.keys if view else ())
        if missing:
            loop = asyncio.get_running_loop()
            made = [
                await loop.run_in_executor(self._executor, generate_key, spec, wanted, now.date())
                for wanted in missing
            ]
            view = await self._write(resource, spec, name, view, made)
        if view is None:
            raise SecretUnusable("SecretMissing", f"Secret {name} does not exist")
        self._views[resource.key] = view
        return view

    async def _read(self, resource: StoredObject, name: str) -> SecretView | None:
        namespace = resource.key.namespace
        try:
            secret = await self._api.get_secret(namespace, name)
        except NotFound:
            return None
        annotations = secret["metadata"].get("annotations") or {}
        if annotations.get(OWNER_ANNOTATION) != resource.key.name:
            raise SecretUnusable(
                "SecretNotOurs",
                f"Secret {namespace}/{name} exists and was not made for this DkimKey: name another one in "
                "spec.secret.name, or delete it",
            )
        keys = await asyncio.to_thread(_held_keys, f"{namespace}/{name}", secret.get("data") or {})
        return SecretView(name, secret["metadata"]["resourceVersion"], keys)

    async def _write(
        self,
        resource: StoredObject,
        spec: DkimKeySpec,
        name: str,
        view: SecretView | None,
        made: Sequence[GeneratedKey],
    ) -> SecretView:
        held = (*(view.keys if view else ()), *(key.held for key in made))
        data = _data(held, made)
        if view is None:
            secret = await self._api.create_secret(
                resource.key.namespace, _secret(resource, spec, name, data)
            )
        else:
            change = {"metadata": {"resourceVersion": view.resource_version}, "data": data}
            secret = await self._api.patch_secret(resource.key.namespace, name, change)
        return SecretView(name, secret["metadata"]["resourceVersion"], held)


def owner_of_secret(meta: Mapping[str, Any]) -> ObjectKey | None:
    """The DkimKey that a Secret was made for, from its metadata."""
    name = (meta.get("annotations") or {}).get(OWNER_ANNOTATION)
    return ObjectKey("DkimKey", meta.get("namespace", ""), name) if name else None


def _secret(resource: StoredObject, spec: DkimKeySpec, name: str, data: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {
            "name": name,
            "namespace": resource.key.namespace,
            "labels": {**spec.secret.labels, MANAGED_BY: MANAGER},
            "annotations": {OWNER_ANNOTATION: resource.key.name, DOMAIN_ANNOTATION: spec.domain},
            "ownerReferences": [resource.owner_reference()],
        },
        "data": dict(data),
    }


def _data(held: Sequence[HeldKey], made: Sequence[GeneratedKey]) -> dict[str, str]:
    selectors = "".join(f"{key.selector}\n" for key in held)
    return {
        **{f"{key.held.selector}{PEM_SUFFIX}": base64.b64encode(key.pem).decode() for key in made},
        SELECTORS_KEY: base64.b64encode(selectors.encode()).decode(),
    }


def _held_keys(name: str, data: Mapping[str, str]) -> tuple[HeldKey, ...]:
    """The keys in a Secret's data, in the order of its `selectors`, others after them."""
    try:
        order = base64.b64decode(data.get(SELECTORS_KEY, "")).decode().split()
        pems = {
            key.removesuffix(PEM_SUFFIX): base64.b64decode(value)
            for key, value in data.items()
            if key.endswith(PEM_SUFFIX)
        }
    except (binascii.Error, UnicodeDecodeError):
        raise SecretUnusable("SecretInvalid", f"Secret {name}: {SELECTORS_KEY} is not text") from None
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
