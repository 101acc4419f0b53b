"""The zones that a backend lists, remembered for a while: which of them holds a name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from time import monotonic
from typing import Final

from mailseal.providers.base import ZoneNotFound
from mailseal.providers.zonelist import longest_suffix
from mailseal.records.names import DnsName

REMEMBERED: Final = timedelta(minutes=10)


class KnownZones:
    """The last list of a backend's zones, and those of them that somebody asked for."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._list: tuple[DnsName, ...] = ()
        self._expires = clock()
        self._asked: dict[DnsName, None] = {}

    def zones(self) -> tuple[DnsName, ...]:
        """The zones that `zone_of` has answered so far."""
        return tuple(self._asked)

    async def zone_of(self, name: DnsName, ask: Callable[[], Awaitable[Iterable[DnsName]]]) -> DnsName:
        """The zone with the longest suffix of `name`.

        Calls `ask` for the list where the last one is older than ten minutes or has no such zone. Raises
        `ZoneNotFound` and what `ask` raises.
        """
        if self._clock() < self._expires:
            try:
                return self._remember(longest_suffix(name, self._list))
            except ZoneNotFound:
                pass
        self._list = tuple(await ask())
        self._expires = self._clock() + REMEMBERED.total_seconds()
        return self._remember(longest_suffix(name, self._list))

    def _remember(self, zone: DnsName) -> DnsName:
        self._asked[zone] = None
        return zone
