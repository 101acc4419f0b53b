"""How far our clock may be believed: it is compared with the API server's."""

from __future__ import annotations

import logging
from datetime import timedelta

from mailseal.kube.api import ApiError
from mailseal.kube.runtime import Runtime

CLOCK_TOLERANCE = timedelta(minutes=2)
"""How far both may be apart before nothing that rests on times goes on."""

logger = logging.getLogger(__name__)


async def server_ahead(runtime: Runtime) -> timedelta:
    """How far the API server's clock is ahead of ours, negative when it is behind. Raises `ApiError`."""
    return await runtime.api.server_time() - runtime.clock()


async def clock_agrees(runtime: Runtime, otherwise: str) -> bool:
    """True while both clocks tell the same time; logs what does not happen `otherwise`."""
    try:
        apart = abs(await server_ahead(runtime))
    except ApiError as error:
        logger.warning("%s, since the clock cannot be compared: %s", otherwise, error)
        return False
    if apart > CLOCK_TOLERANCE:
        seconds = apart.total_seconds()
        logger.warning("%s: the clock and the API server's are %.0f s apart", otherwise, seconds)
    return apart <= CLOCK_TOLERANCE
