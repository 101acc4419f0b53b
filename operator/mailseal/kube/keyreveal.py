"""Keeps retired private keys of DkimKeys that ask for it, and publishes them once that does no harm."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.engine.dkimsecret import SecretUnusable, content_of
from mailseal.engine.objectkey import ObjectKey
from mailseal.engine.reveal import (
    is_made_for,
    may_be_kept,
    retired_change,
    retired_secret,
    retired_secret_name,
    revealable_selectors,
    revealed_change,
    revealed_config_map,
    revealed_name,
)
from mailseal.kube.api import KubeApi, NotFound
from mailseal.kube.objects import StoredObject
from mailseal.planning.keylife.model import KeyLife


class KeyReveal:
    """The Secret `<name>-retired` and the ConfigMap `<name>-revealed` of each DkimKey."""

    def __init__(self, api: KubeApi) -> None:
        self._api = api
        self._revealed: dict[ObjectKey, frozenset[str]] = {}

    def forget(self, key: ObjectKey) -> None:
        """Drop what is known of a resource that is gone."""
        self._revealed.pop(key, None)

    def is_due(self, resource: StoredObject, spec: DkimKeySpec, life: KeyLife, now: datetime) -> bool:
        """True when there are keys to publish."""
        done = self._revealed.get(resource.key, frozenset())
        return not resource.deleting and not revealable_selectors(life, spec, now) <= done

    async def keep(
        self, resource: StoredObject, spec: DkimKeySpec, life: KeyLife, pems: Mapping[str, bytes]
    ) -> None:
        """Keep those of `pems` that leave the Secret as `life` is committed, before they do.

        Raises `SecretUnusable`, `ApiError`.
        """
        if resource.deleting:
            return
        leaving = {
            key.selector: pems[key.selector]
            for found, key in life.all_keys()
            if found.retiring_at
            and not found.revoking_at
            and may_be_kept(found, spec)
            and key.selector in pems
        }
        if not leaving:
            return
        namespace, name = resource.key.namespace, retired_secret_name(resource.key)
        try:
            _check(resource.key, "Secret", name, await self._api.get_secret(namespace, name))
        except NotFound:
            body = retired_secret(resource.key, spec, leaving, resource.owner_reference())
            await self._api.create_secret(namespace, body)
        else:
            await self._api.patch_secret(namespace, name, retired_change(added=leaving))

    async def reveal(
        self, resource: StoredObject, spec: DkimKeySpec, life: KeyLife, now: datetime
    ) -> frozenset[str]:
        """Publish the keys that may be published now; the selectors that were new.

        They leave the Secret of retired keys only when they are published.
        Raises `SecretUnusable`, `ApiError`.
        """
        if not self.is_due(resource, spec, life, now):
            return frozenset()
        due = revealable_selectors(life, spec, now)
        namespace, name = resource.key.namespace, retired_secret_name(resource.key)
        try:
            secret = await self._api.get_secret(namespace, name)
        except NotFound:
            pems: dict[str, bytes] = {}
        else:
            _check(resource.key, "Secret", name, secret)
            pems = {selector: pem for selector, pem in content_of(secret).pems.items() if selector in due}
        if pems:
            await self._publish(resource, spec, pems)
            await self._api.patch_secret(namespace, name, retired_change(revealed=frozenset(pems)))
        self._revealed[resource.key] = due
        return frozenset(pems)

    async def _publish(self, resource: StoredObject, spec: DkimKeySpec, pems: Mapping[str, bytes]) -> None:
        namespace, name = resource.key.namespace, revealed_name(resource.key)
        try:
            _check(resource.key, "ConfigMap", name, await self._api.get_config_map(namespace, name))
        except NotFound:
            body = revealed_config_map(resource.key, spec, pems, resource.owner_reference())
            await self._api.create_config_map(namespace, body)
        else:
            await self._api.patch_config_map(namespace, name, revealed_change(resource.key, spec, pems))


def _check(dkim_key: ObjectKey, kind: str, name: str, body: Mapping[str, object]) -> None:
    if not is_made_for(dkim_key, body):
        raise SecretUnusable(
            "SecretNotOurs",
            f"{kind} {dkim_key.namespace}/{name} exists and was not made for this DkimKey, so that its "
            f"retired keys cannot be kept: delete that {kind}, or set spec.revocation.publishPrivateKey to "
            "false",
        )
