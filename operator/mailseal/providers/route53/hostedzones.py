"""Which hosted zone of the account holds a name; what was found counts for ten minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from time import monotonic
from typing import Final

from mailseal.providers.base import (
    AuthenticationFailed,
    InvalidConfiguration,
    ProviderError,
    ZoneNotFound,
)
from mailseal.providers.route53.api import HostedZone, Route53Api
from mailseal.providers.route53.listing import Page, Position, sweep
from mailseal.providers.route53.settings import ZoneType
from mailseal.records.names import DnsName

CACHE_SECONDS: Final = 600.0
_SHOWN: Final = 10
_NO_ZONE: Final = DnsName("invalid")
"""A name that nobody has (RFC 2606), to ask for where there is nothing else to ask."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which hosted zones are meant."""

    zone_type: ZoneType
    ids: tuple[str, ...]
    """The only ones, whatever their type; none: those of `zone_type`."""

    def choose(self, name: DnsName, twins: Collection[HostedZone]) -> HostedZone:
        """The one that is meant of all with the name.

        Raises `ZoneNotFound`, and `InvalidConfiguration` when several are.
        """
        wanted = self.zone_type is ZoneType.PRIVATE
        meant = [zone for zone in twins if self.ids or zone.is_private is wanted]
        if not meant and self.ids:
            raise ZoneNotFound(f"none of hostedZoneIds ({', '.join(self.ids)}) is a usable zone {name}")
        if not meant:
            others = ", ".join(sorted(zone.id for zone in twins))
            raise ZoneNotFound(
                f"the account has no {self.zone_type.lower()} hosted zone {name}"
                + (f", only one of the other type ({others}): set zoneType" if others else "")
            )
        if len(meant) > 1:
            ids = ", ".join(sorted(zone.id for zone in meant))
            raise InvalidConfiguration(
                f"{len(meant)} hosted zones have the name {name}: {ids}; "
                "write into hostedZoneIds the one that is delegated to"
            )
        return meant[0]


class HostedZones:
    """The hosted zones, asked for by name or by the ids of the settings."""

    def __init__(self, api: Route53Api, selection: Selection, clock: Callable[[], float] = monotonic) -> None:
        self._api = api
        self._selection = selection
        self._clock = clock
        self._lock = asyncio.Lock()
        self._pages: list[tuple[Page[HostedZone], float]] = []
        """What listings told, and when it is too old."""
        self._used: dict[DnsName, HostedZone] = {}

    async def holding(self, name: DnsName) -> HostedZone:
        """The zone with the longest suffix of `name`. Raises `ZoneNotFound` and `InvalidConfiguration`."""
        twins = await self._twins(name.ancestors())
        for suffix in name.ancestors():
            try:
                return self._use(self._selection.choose(suffix, twins[suffix]))
            except ZoneNotFound:
                continue
        self._pages.clear()  # a zone that is made now shall be found at the next try
        raise ZoneNotFound(self._no_zone(name, twins))

    async def named(self, zone: DnsName) -> HostedZone:
        """The zone of exactly this name. Raises as `holding` does."""
        try:
            return self._use(self._selection.choose(zone, (await self._twins((zone,)))[zone]))
        except ZoneNotFound:
            self._pages.clear()
            raise

    async def again(self, zones: Collection[DnsName]) -> dict[DnsName, HostedZone | ProviderError]:
        """Each of `zones`, or what is wrong with it, asked anew. Asks something even for none."""
        self._pages.clear()
        twins = await self._twins(zones or (_NO_ZONE,))
        result: dict[DnsName, HostedZone | ProviderError] = {}
        for zone in zones:
            try:
                result[zone] = self._use(self._selection.choose(zone, twins[zone]))
            except ProviderError as error:
                self._used.pop(zone, None)
                result[zone] = error
        return result

    def forget(self, zone: DnsName) -> None:
        """Ask for it anew: it is gone."""
        self._pages.clear()
        self._used.pop(zone, None)

    def used(self) -> tuple[DnsName, ...]:
        """The zones that were found so far, and were not gone when last asked for."""
        return tuple(self._used)

    def _use(self, zone: HostedZone) -> HostedZone:
        self._used[zone.name] = zone
        return zone

    async def _twins(self, names: Collection[DnsName]) -> dict[DnsName, list[HostedZone]]:
        """All hosted zones of each name. Who asks at the same time shares the answers."""
        known = self._known(names)
        if len(known) == len(names):
            return known
        async with self._lock:
            known = self._known(names)
            missing = [name for name in names if name not in known]
            if not self._selection.ids:
                return known | await sweep(missing, self._list)
            if missing:
                self._remember(await self._page_of_ids())
            return self._known(names)

    def _known(self, names: Collection[DnsName]) -> dict[DnsName, list[HostedZone]]:
        now = self._clock()
        self._pages = [(page, expires) for page, expires in self._pages if now < expires]
        return {name: found for name in names if (found := self._remembered(name)) is not None}

    async def _list(self, start: Position) -> Page[HostedZone]:
        page = await self._api.list_zones(start)
        if not start.within:
            self._remember(page)
        return page

    async def _page_of_ids(self) -> Page[HostedZone]:
        """All zones of `ids` that can be had. Raises the first fault when none can be."""
        zones: list[HostedZone] = []
        faults: list[ProviderError] = []
        for zone_id in self._selection.ids:
            try:
                zones.append(await self._api.get_zone(zone_id))
            except (ZoneNotFound, AuthenticationFailed) as error:
                faults.append(error)
        if faults and not zones:
            raise faults[0]
        return Page(Position(DnsName("")), tuple((zone.name, zone) for zone in zones), None)

    def _remember(self, page: Page[HostedZone]) -> None:
        self._pages.append((page, self._clock() + CACHE_SECONDS))

    def _remembered(self, name: DnsName) -> list[HostedZone] | None:
        tells_all = bool(self._selection.ids)
        return next((page.of(name) for page, _ in self._pages if tells_all or page.tells_all_of(name)), None)

    def _no_zone(self, name: DnsName, twins: dict[DnsName, list[HostedZone]]) -> str:
        others = [zone for found in twins.values() for zone in found]
        if others:
            return (
                f"no {self._selection.zone_type.lower()} hosted zone holds {name}, only {others[0].id} "
                f"of the other type for {others[0].name}: set zoneType"
            )
        known = ", ".join(sorted(self._used)[:_SHOWN])
        return f"no hosted zone of the account holds {name}" + (f"; in use: {known}" if known else "")
