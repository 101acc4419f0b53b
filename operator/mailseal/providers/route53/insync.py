"""The wait until all name servers of Route 53 answer a change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import Final

from mailseal.providers.base import ProviderError
from mailseal.providers.route53.api import ChangeInfo, Route53Api

FIRST_PAUSE: Final = timedelta(seconds=2)
SECONDS_BETWEEN_WAITS: Final = 60.0


class Propagation:
    """Waits for INSYNC, but never so that a slow one holds up a zone.

    An accepted change is stored: reads show it and it cannot get lost, so that no error follows from a wait
    that runs out. INSYNC says a little more than the servers that the engine asks afterwards, which may be
    the nearest of each anycast address only; but publication is proven by those, and a change is Propagating
    until they answer. So the wait belongs to the write, is short, and is made once a minute in each zone: the
    many batches of a large zone pass one after the other.
    """

    def __init__(self, api: Route53Api, within: timedelta, clock: Callable[[], float] = monotonic) -> None:
        self._api = api
        self._within = within
        self._clock = clock
        self._waited: dict[str, float] = {}

    async def wait(self, zone_id: str, change: ChangeInfo) -> None:
        """Return when the change is INSYNC, or without it when it is not this zone's turn or time is up."""
        if change.in_sync or not change.id or self._clock() < self._waited.get(zone_id, 0.0):
            return
        self._waited[zone_id] = self._clock() + SECONDS_BETWEEN_WAITS
        with suppress(TimeoutError, ProviderError):
            async with asyncio.timeout(self._within.total_seconds()):
                await self._ask_until_in_sync(change.id)

    async def _ask_until_in_sync(self, change_id: str) -> None:
        pause_seconds = FIRST_PAUSE.total_seconds()
        await asyncio.sleep(pause_seconds)
        while not await self._api.is_in_sync(change_id):
            pause_seconds *= 2
            await asyncio.sleep(pause_seconds)
