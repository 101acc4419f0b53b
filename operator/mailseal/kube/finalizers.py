"""Setting the finalizers of a resource, and keeping what the API server answers."""

from __future__ import annotations

from mailseal.kube.objects import StoredObject, stored
from mailseal.kube.runtime import Runtime


async def set_finalizers(runtime: Runtime, resource: StoredObject, finalizers: tuple[str, ...]) -> None:
    """Give the resource exactly these. One that is deleted is gone once it has none, and is not kept.

    Raises `Conflict` when it was changed since it was seen, `NotFound`, `ApiError`.
    """
    body = await runtime.api.patch_finalizers(resource, finalizers)
    if finalizers:
        runtime.store.put(stored({"kind": resource.key.kind, **body}))
