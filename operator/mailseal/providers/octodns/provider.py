"""The provider over a provider of octoDNS: reads whole zones, and writes plans of its own changes only."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar, Final

from mailseal.providers.base import (
    Capabilities,
    InvalidConfiguration,
    NotServed,
    OutcomeUnknown,
    ProviderError,
    ZoneNotFound,
    ZoneSurvey,
)
from mailseal.providers.budget import Rate
from mailseal.providers.calls import CallLimits, Calls
from mailseal.providers.keyfaults import key_faults
from mailseal.providers.octodns.access import OctoDnsAccess
from mailseal.providers.octodns.capabilities import GENERAL, capabilities_of, lists_zones
from mailseal.providers.octodns.content import ZoneContent
from mailseal.providers.octodns.settings import OctoDnsSettings
from mailseal.providers.rrsetstore import alters, check_batch, check_made, read_rrsets
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings
from mailseal.providers.zonedirectory import Listing, ZoneDirectory
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

RATE: Final = Rate(per_second=2, burst=20)
"""Of whole reads and plans, each of which is several requests of the provider of octoDNS."""


class OctoDnsProvider:
    """One class of octoDNS.

    All that it does runs in one thread, since no class is made for several: a write that is late ends before
    the next read begins.
    """

    type_name: ClassVar[str] = "octodns"
    capabilities: Capabilities = GENERAL

    def __init__(self, settings: OctoDnsSettings, surroundings: Surroundings) -> None:
        self.capabilities = capabilities_of(settings.kind, settings.text_format)
        self._settings = settings
        self._lists = lists_zones(settings.kind)
        self._access = OctoDnsAccess(settings)
        self._directory = ZoneDirectory(self._listing, settings.zones)
        self._writing = asyncio.Lock()
        self._calls = Calls(
            surroundings,
            surroundings.budgets.of(f"octodns:{settings.identifier}", RATE),
            CallLimits(timeout=settings.timeout, threads=1),
        )

    @classmethod
    def from_settings(
        cls,
        settings: Mapping[str, object],
        credentials: Mapping[str, bytes],
        surroundings: Surroundings = UNRESTRICTED,
    ) -> OctoDnsProvider:
        """See `Provider.from_settings`; the fields are those of `OctoDnsSettings.parse`."""
        return cls(OctoDnsSettings.parse(settings, credentials, surroundings), surroundings)

    async def survey(self) -> ZoneSurvey:
        """List the zones, or read each where the class has no list; see `Provider.survey`."""
        zones = self._directory.asked
        missing = await (self._not_listed(zones) if self._lists else self._not_readable(zones))
        return ZoneSurvey(tuple(zone for zone in zones if zone not in missing), missing)

    async def zones(self) -> tuple[DnsName, ...]:
        """See `Provider.zones`."""
        return (await self.survey()).usable()

    async def zone_of(self, name: DnsName) -> DnsName:
        """The listed zone with the longest suffix, or that of the class's own list (for ten minutes)."""
        return await self._directory.zone_of(name)

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """Read the whole zone; see `Provider.read`."""
        if not keys:
            return {}
        content = await self._content(zone)
        if faults := key_faults(zone, keys, content.cuts, {}):
            raise NotServed(faults)
        return read_rrsets(content.rrsets_at({key.name for key in keys}), keys)

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """Read, compare and write with one object of the class, and read again; see `Provider.apply`."""
        check_batch(zone, changes)
        altering = [change for change in changes if alters(change)]
        if not altering:
            return
        async with self._writing:
            await self._calls.write(
                "apply", lambda: self._calls.in_thread(lambda: self._access.write(zone, changes))
            )
            try:
                content = await self._content(zone)
            except ProviderError as error:
                raise OutcomeUnknown(f"{zone} was written, but then: {error}") from error
        check_made(content.rrsets_at({change.key.name for change in altering}), altering)

    async def close(self) -> None:
        """Let the thread end."""
        self._calls.close()

    def __repr__(self) -> str:
        return f"OctoDnsProvider({self._settings.class_name})"

    async def _not_listed(self, zones: tuple[DnsName, ...]) -> dict[DnsName, ProviderError]:
        listed = await self._list()
        name = self._settings.class_name
        return {zone: ZoneNotFound(f"{name} lists no zone {zone}") for zone in zones if zone not in listed}

    async def _not_readable(self, zones: tuple[DnsName, ...]) -> dict[DnsName, ProviderError]:
        faults: dict[DnsName, ProviderError] = {}
        for zone in zones:
            try:
                await self._content(zone)
            except ZoneNotFound as error:
                faults[zone] = error
        return faults

    async def _listing(self) -> Listing[None]:
        return Listing(dict.fromkeys(await self._list()))

    async def _list(self) -> tuple[DnsName, ...]:
        if not self._lists:
            raise InvalidConfiguration(
                f"{self._settings.class_name} cannot list its zones: list them in zones"
            )
        return await self._calls.read("list_zones", lambda: self._calls.in_thread(self._access.list_zones))

    async def _content(self, zone: DnsName) -> ZoneContent:
        return await self._calls.read(
            "populate", lambda: self._calls.in_thread(lambda: self._access.read(zone))
        )
