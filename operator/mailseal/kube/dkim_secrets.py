"""The Secret of a DkimKey: made once, never overwritten, its private keys never kept in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.engine.dkimkeys import GeneratedKey, HeldKey, generate_key, missing_keys
from mailseal.engine.dkimsecret import (
    SecretUnusable,
    check_made_for,
    held_keys,
    new_secret,
    secret_data,
    secret_name,
)
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.api import KubeApi, NotFound
from mailseal.kube.objects import StoredObject


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
        self._unusable: set[ObjectKey] = set()

    def view(self, key: ObjectKey) -> SecretView | None:
        """What is known of the DkimKey's Secret."""
        return self._views.get(key)

    def is_complete(self, resource: StoredObject, spec: DkimKeySpec) -> bool:
        """True when the Secret is known, is the one that the spec names, and has all its keys."""
        view = self._views.get(resource.key)
        named = secret_name(resource.key, spec)
        return view is not None and view.name == named and not missing_keys(spec, view.keys)

    def forget(self, key: ObjectKey) -> None:
        """Drop what is known, so that the Secret is read again."""
        self._views.pop(key, None)
        self._unusable.discard(key)

    def noticed(self, key: ObjectKey, resource_version: str | None) -> bool:
        """A watch says that the Secret is now at this version, or gone; True when that is news."""
        known = self._views.get(key)
        if known is None:
            return key in self._unusable
        if known.resource_version == resource_version:
            return False
        self.forget(key)
        return True

    async def ensure(self, resource: StoredObject, spec: DkimKeySpec, now: datetime) -> SecretView:
        """The Secret with a key for each of the spec's, generating what is missing.

        A Secret that exists is only ever added to. Raises `SecretUnusable`, `ApiError`.
        """
        try:
            view = await self._complete(resource, spec, now)
        except SecretUnusable:
            self._unusable.add(resource.key)
            raise
        self._unusable.discard(resource.key)
        self._views[resource.key] = view
        return view

    async def _complete(self, resource: StoredObject, spec: DkimKeySpec, now: datetime) -> SecretView:
        name = secret_name(resource.key, spec)
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
        return view

    async def _read(self, resource: StoredObject, name: str) -> SecretView | None:
        namespace = resource.key.namespace
        try:
            secret = await self._api.get_secret(namespace, name)
        except NotFound:
            return None
        check_made_for(resource.key, name, secret)
        keys = await asyncio.to_thread(held_keys, f"{namespace}/{name}", secret.get("data") or {})
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
        data = secret_data(held, made)
        if view is None:
            body = new_secret(resource.key, spec, data, resource.owner_reference())
            secret = await self._api.create_secret(resource.key.namespace, body)
        else:
            change = {"metadata": {"resourceVersion": view.resource_version}, "data": data}
            secret = await self._api.patch_secret(resource.key.namespace, name, change)
        return SecretView(name, secret["metadata"]["resourceVersion"], held)
