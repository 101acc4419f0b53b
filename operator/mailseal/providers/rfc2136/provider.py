"""The provider over DNS UPDATE: over UDP for questions, TCP or TLS, signed with one key."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Final

import dns.rcode

from mailseal.dnsio.client import for_each
from mailseal.dnsio.faults import Delegated, ErrorAnswer, NotAuthoritative
from mailseal.dnsio.messages import rrset_answered
from mailseal.dnsio.rdata import wire_type
from mailseal.providers.base import Capabilities, Costs, NotServed, ProviderError, ZoneSurvey
from mailseal.providers.rfc2136.counted import CountedSession
from mailseal.providers.rfc2136.discovery import ZoneCache, check_zone, find_zone
from mailseal.providers.rfc2136.errors import (
    Unexplained,
    empty_update_error,
    read_error,
    refused_content,
    refused_sender,
    update_error,
)
from mailseal.providers.rfc2136.server import PrimaryServer
from mailseal.providers.rfc2136.settings import Rfc2136Settings
from mailseal.providers.rfc2136.update import build_empty_update, build_update
from mailseal.providers.rfc2136.wildcards import drop_synthesised
from mailseal.providers.rrsetstore import alters, check_batch
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings
from mailseal.providers.zonelist import longest_suffix
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

BATCH_LIMIT: Final = 100
"""New DKIM keys of 2048 bits take about 550 octets each: 100 fit a message of 64 KiB with room to spare."""
_COSTS: Final = Costs(find_zone=1, read=1, read_more=1, write=1, write_more=0)
"""Of names that are not there; for each set that is, the wildcards above it are asked for too, once each."""


class Rfc2136Provider:
    """One primary name server.

    Updates never go over UDP: a datagram may get lost after the server has acted on it, and sending it
    again would look like a lost race. Over TCP and TLS each update is sent once, and only a connection that
    breaks between the two leaves the outcome unknown.
    """

    type_name: ClassVar[str] = "rfc2136"
    capabilities: Capabilities = Capabilities(batch_limit=BATCH_LIMIT, costs=_COSTS)
    """Without a Kerberos login, which costs a request more for each write."""

    def __init__(self, settings: Rfc2136Settings, surroundings: Surroundings = UNRESTRICTED) -> None:
        if settings.login is not None:
            self.capabilities = replace(self.capabilities, costs=replace(_COSTS, write=2))
        self._settings = settings
        self._server = PrimaryServer(settings, surroundings)
        self._cache = ZoneCache()

    @classmethod
    def from_settings(
        cls,
        settings: Mapping[str, object],
        credentials: Mapping[str, bytes],
        surroundings: Surroundings = UNRESTRICTED,
    ) -> Rfc2136Provider:
        """See `Provider.from_settings`; the fields are those of `Rfc2136Settings.parse`."""
        return cls(Rfc2136Settings.parse(settings, credentials), surroundings)

    async def survey(self) -> ZoneSurvey:
        """Ask for the SOA of every zone at once; see `Provider.survey`."""
        zones = self._settings.zones or self._cache.zones()
        return await self._server.ask(lambda session: self._survey(session, zones), None)

    async def zones(self) -> tuple[DnsName, ...]:
        """See `Provider.zones`."""
        return (await self.survey()).usable()

    async def zone_of(self, name: DnsName) -> DnsName:
        """The listed zone with the longest suffix, or what the server's SOA says (cached for ten minutes)."""
        if self._settings.zones:
            return longest_suffix(name, self._settings.zones)
        if (known := self._cache.get(name)) is not None:
            return known
        zone = await self._server.ask(lambda session: find_zone(session, name, self._server.label), None)
        self._cache.put(name, zone)
        return zone

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """Ask the server itself, many questions at once; see `Provider.read`."""
        if not keys:
            return {}
        return await self._server.ask(lambda session: self._read(session, zone, keys), zone)

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """Send one UPDATE with the sets before as prerequisites; see `Provider.apply`."""
        check_batch(zone, changes)
        altering = [change for change in changes if alters(change)]
        if not altering:
            return
        try:
            await self._server.update(
                zone,
                build_update(zone, altering),
                lambda rcode: update_error(rcode, zone, altering, self._server.label),
            )
        except Unexplained as refusal:
            raise await self._explain(refusal.rcode, zone, altering) from None

    async def close(self) -> None:
        """See `Provider.close`."""
        self._server.close()

    def __repr__(self) -> str:
        return f"Rfc2136Provider({self._server.label})"

    async def _read(
        self, session: CountedSession, zone: DnsName, keys: Collection[RRsetKey]
    ) -> dict[RRsetKey, RRset]:
        found: dict[RRsetKey, RRset] = {}
        foreign: dict[RRsetKey, str] = {}

        async def ask(key: RRsetKey) -> None:
            response = await session.ask(key.name, wire_type(key))
            try:
                rrset = rrset_answered(response, zone, key, self._server.label)
            except Delegated as fault:
                foreign[key] = str(fault)
                return
            if rrset is not None:
                found[rrset.key] = rrset

        await for_each(keys, ask, session.parallel_queries)
        if foreign:
            raise NotServed(foreign)
        return await drop_synthesised(session, zone, found, self._server)

    async def _survey(self, session: CountedSession, zones: tuple[DnsName, ...]) -> ZoneSurvey:
        faults: dict[DnsName, ProviderError] = {}

        async def check(zone: DnsName) -> None:
            try:
                await check_zone(session, zone, self._server.label)
            except (NotAuthoritative, ErrorAnswer) as fault:
                faults[zone] = read_error(fault, zone)

        if zones:
            await for_each(zones, check, session.parallel_queries)
        else:
            await session.greet()
        return ZoneSurvey(tuple(zone for zone in zones if zone not in faults), faults)

    async def _explain(
        self, rcode: dns.rcode.Rcode, zone: DnsName, changes: Sequence[RRsetChange]
    ) -> ProviderError:
        """Tell, by an update that changes nothing, what is refused: the content, the zone or the sender."""
        label = self._server.label
        try:
            await self._server.update(
                zone, build_empty_update(zone), lambda answer: empty_update_error(answer, zone, label)
            )
        except Unexplained:
            return await self._explain_sender(rcode, zone)
        return refused_content(rcode, zone, changes, label)

    async def _explain_sender(self, rcode: dns.rcode.Rcode, zone: DnsName) -> ProviderError:
        label = self._server.label
        primary = await self._server.ask(lambda session: check_zone(session, zone, label), zone)
        return refused_sender(rcode, zone, self._settings.signer, label, primary)
