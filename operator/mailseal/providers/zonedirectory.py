"""The zones of an account whose API lists them, remembered for ten minutes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from mailseal.providers.base import ProviderError, ZoneNotFound, ZoneSurvey
from mailseal.providers.zonelist import longest_suffix
from mailseal.records.names import DnsName

CACHE_SECONDS: Final = 600.0
_Handle = TypeVar("_Handle")


@dataclass(frozen=True, slots=True)
class Listing(Generic[_Handle]):
    """What an account holds."""

    zones: Mapping[DnsName, _Handle]
    """Each zone with what the API calls it by."""
    faults: Mapping[DnsName, ProviderError] = field(default_factory=dict)
    """Zones that are there and cannot be used, such as one of two with one name."""


class ZoneDirectory(Generic[_Handle]):
    """Which zones there are, asked for when somebody wants to know and the last answer is too old."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Listing[_Handle]]],
        listed: tuple[DnsName, ...],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._listed = listed
        self._clock = clock
        self._expires = clock()
        self._listing: Listing[_Handle] = Listing({})
        self._found: dict[DnsName, None] = {}
        self._lock = asyncio.Lock()

    @property
    def asked(self) -> tuple[DnsName, ...]:
        """The zones that the settings list, or else those that `zone_of` has answered so far."""
        return self._listed or tuple(self._found)

    async def survey(self) -> ZoneSurvey:
        """See `Provider.survey`: always a fresh answer."""
        async with self._lock:
            await self._refresh()
        asked = self.asked
        faults = {zone: self._fault(zone) for zone in asked if zone not in self._listing.zones}
        return ZoneSurvey(tuple(zone for zone in asked if zone not in faults), faults)

    async def zone_of(self, name: DnsName) -> DnsName:
        """See `Provider.zone_of`."""
        if self._listed:
            return longest_suffix(name, self._listed)
        async with self._lock:
            if self._clock() >= self._expires or not any(map(name.is_within, self._known())):
                await self._refresh()
        zone = longest_suffix(name, self._known())
        if zone not in self._listing.zones:
            raise self._fault(zone)
        self._found[zone] = None
        return zone

    async def handle(self, zone: DnsName) -> _Handle:
        """What the API calls `zone` by. Raises `ZoneNotFound` or the zone's own fault."""
        async with self._lock:
            if self._clock() >= self._expires or zone not in self._listing.zones:
                await self._refresh()
        if zone not in self._listing.zones:
            raise self._fault(zone)
        return self._listing.zones[zone]

    def forget(self) -> None:
        """Ask again next time: a zone turned out not to be there."""
        self._expires = self._clock()

    async def _refresh(self) -> None:
        self._listing = await self._fetch()
        self._expires = self._clock() + CACHE_SECONDS

    def _known(self) -> tuple[DnsName, ...]:
        return (*self._listing.zones, *self._listing.faults)

    def _fault(self, zone: DnsName) -> ProviderError:
        if (fault := self._listing.faults.get(zone)) is not None:
            return fault
        known = ", ".join(sorted(self._listing.zones)[:10])
        if not known:
            return ZoneNotFound(f"there is no zone {zone} that these credentials can see")
        return ZoneNotFound(f"there is no zone {zone}; zones that these credentials can see: {known}")
