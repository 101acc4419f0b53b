"""How far our clock may be believed: it is compared with the API server's."""

from __future__ import annotations

from datetime import timedelta

from mailseal.kube.runtime import Runtime

CLOCK_TOLERANCE = timedelta(minutes=2)
"""How far both may be apart before nothing that rests on times goes on."""


async def server_ahead(runtime: Runtime) -> timedelta:
    """How far the API server's clock is ahead of ours, negative when it is behind. Raises `ApiError`."""
    return await runtime.api.server_time() - runtime.clock()
