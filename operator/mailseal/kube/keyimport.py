"""The existing keys that a DkimKey asks to take over, read from the Secrets that hold them."""

from __future__ import annotations

import asyncio

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.keysources import ImportedKey
from mailseal.engine.dkimkeys import GeneratedKey, UnusableKey, import_key
from mailseal.engine.dkimsecret import SecretUnusable, content_of
from mailseal.kube.api import KubeApi, NotFound


async def import_keys(api: KubeApi, namespace: str, spec: DkimKeySpec) -> tuple[GeneratedKey, ...]:
    """The keys that `spec.imports` names. Raises `SecretUnusable`, `ApiError`."""
    return tuple([await _import(api, namespace, entry) for entry in spec.imports])


async def _import(api: KubeApi, namespace: str, entry: ImportedKey) -> GeneratedKey:
    place = f"Secret {namespace}/{entry.secret_name}"
    try:
        content = content_of(await api.get_secret(namespace, entry.secret_name))
    except NotFound:
        raise _failed(f"{place} does not exist: create it") from None
    if entry.secret_key not in content.data:
        raise _failed(f"{place} has no {entry.secret_key} in its data")
    try:
        return await asyncio.to_thread(import_key, entry.selector, content.data[entry.secret_key])
    except UnusableKey as error:
        raise _failed(f"{entry.secret_key} of {place} cannot be used, {error}") from None


def _failed(problem: str) -> SecretUnusable:
    return SecretUnusable("ImportFailed", f"spec.imports: {problem}")
