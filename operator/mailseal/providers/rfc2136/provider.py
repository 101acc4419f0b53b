"""The provider over DNS UPDATE: questions over UDP or TCP, updates over TCP, all signed with one key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import ClassVar, Final, TypeVar

import dns.exception
import dns.rcode
import dns.rdatatype
import dns.update

from mailseal.dnsio.client import Access, DnsSession, first_that_works, for_each
from mailseal.dnsio.faults import (
    Delegated,
    DnsFault,
    ErrorAnswer,
    NotAuthoritative,
    TimedOut,
    Unreachable,
)
from mailseal.dnsio.messages import rrset_answered
from mailseal.dnsio.rdata import wire_type
from mailseal.providers.base import (
    BatchTooLarge,
    Capabilities,
    NotServed,
    ProviderError,
    ZoneSurvey,
)
from mailseal.providers.rfc2136.discovery import ZoneCache, check_zone, find_zone
from mailseal.providers.rfc2136.errors import (
    UNEXPLAINED,
    lost_write,
    read_error,
    refused_content,
    refused_sender,
    update_error,
)
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

Result = TypeVar("Result")


class Rfc2136Provider:
    """One primary name server.

    Updates always go over TCP: a datagram may get lost after the server has acted on it, and sending it
    again would look like a lost race. Over TCP each update is sent once, and only a connection that breaks
    between the two leaves the outcome unknown.
    """

    type_name: ClassVar[str] = "rfc2136"

    def __init__(self, settings: Rfc2136Settings) -> None:
        self.capabilities = Capabilities(batch_limit=BATCH_LIMIT)
        self._settings = settings
        self._server = str(settings.server)
        self._access = Access(
            self._server, settings.server.port, settings.timeout_seconds, settings.key, settings.tcp_only
        )
        self._cache = ZoneCache()

    @classmethod
    def from_settings(
        cls,
        settings: Mapping[str, object],
        credentials: Mapping[str, bytes],
        surroundings: Surroundings = UNRESTRICTED,
    ) -> Rfc2136Provider:
        """See `Provider.from_settings`; the fields are those of `Rfc2136Settings.parse`."""
        return cls(Rfc2136Settings.parse(settings, credentials))

    async def survey(self) -> ZoneSurvey:
        """Ask for the SOA of every zone at once; see `Provider.survey`."""
        zones = self._settings.zones or self._cache.zones()
        return await self._ask(lambda session: self._survey(session, zones), None)

    async def zones(self) -> tuple[DnsName, ...]:
        """See `Provider.zones`."""
        return (await self.survey()).usable()

    async def zone_of(self, name: DnsName) -> DnsName:
        """The listed zone with the longest suffix, or what the server's SOA says (cached for ten minutes)."""
        if self._settings.zones:
            return longest_suffix(name, self._settings.zones)
        if (known := self._cache.get(name)) is not None:
            return known
        zone = await self._ask(lambda session: find_zone(session, name, self._server), None)
        self._cache.put(name, zone)
        return zone

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """Ask the server itself, many questions at once; see `Provider.read`."""
        if not keys:
            return {}
        return await self._ask(lambda session: self._read(session, zone, keys), zone)

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """Send one UPDATE with the sets before as prerequisites; see `Provider.apply`."""
        check_batch(zone, changes)
        altering = [change for change in changes if alters(change)]
        if not altering:
            return
        rcode = await self._send(zone, build_update(zone, altering))
        if rcode in UNEXPLAINED:
            raise await self._explain(rcode, zone, altering)
        if rcode != dns.rcode.NOERROR:
            raise update_error(rcode, zone, altering, self._server)

    async def close(self) -> None:
        """Nothing stays open between calls."""

    def __repr__(self) -> str:
        return f"Rfc2136Provider({self._server})"

    def _session(self, address: str) -> DnsSession:
        return DnsSession(address, self._access)

    async def _ask(self, work: Callable[[DnsSession], Awaitable[Result]], zone: DnsName | None) -> Result:
        async def attempt(address: str) -> Result:
            async with self._session(address) as session:
                return await work(session)

        try:
            addresses = await self._settings.server.addresses(self._settings.timeout_seconds)
            return await first_that_works(addresses, attempt, (Unreachable, TimedOut))
        except DnsFault as fault:
            raise read_error(fault, zone) from fault

    async def _read(
        self, session: DnsSession, zone: DnsName, keys: Collection[RRsetKey]
    ) -> dict[RRsetKey, RRset]:
        found: dict[RRsetKey, RRset] = {}
        foreign: dict[RRsetKey, str] = {}

        async def ask(key: RRsetKey) -> None:
            response = await session.ask(key.name, wire_type(key))
            try:
                rrset = rrset_answered(response, zone, key, self._server)
            except Delegated as fault:
                foreign[key] = str(fault)
                return
            if rrset is not None:
                found[rrset.key] = rrset

        await for_each(keys, ask, session.parallel_queries)
        if foreign:
            raise NotServed(foreign)
        return await drop_synthesised(session, zone, found, self._server, self._settings.key)

    async def _survey(self, session: DnsSession, zones: tuple[DnsName, ...]) -> ZoneSurvey:
        faults: dict[DnsName, ProviderError] = {}

        async def check(zone: DnsName) -> None:
            try:
                await check_zone(session, zone, self._server)
            except (NotAuthoritative, ErrorAnswer) as fault:
                faults[zone] = read_error(fault, zone)

        if zones:
            await for_each(zones, check, session.parallel_queries)
        else:
            with suppress(ErrorAnswer):  # even a refusal proves that the server is there
                await session.ask(DnsName(""), dns.rdatatype.SOA)
        return ZoneSurvey(tuple(zone for zone in zones if zone not in faults), faults)

    async def _send(self, zone: DnsName, message: dns.update.UpdateMessage) -> dns.rcode.Rcode:
        """The answer code of an UPDATE."""
        if self._settings.key is not None:
            message.use_tsig(self._settings.key)
        try:
            message.to_wire()
        except dns.exception.TooBig as error:
            raise BatchTooLarge(f"the changes of {zone} do not fit one DNS message of 64 KiB") from error
        try:
            addresses = await self._settings.server.addresses(self._settings.timeout_seconds)
            response = await first_that_works(
                addresses, lambda address: self._session(address).send_once(message), (Unreachable,)
            )
        except ErrorAnswer as fault:
            return fault.rcode
        except DnsFault as fault:
            raise lost_write(fault, zone) from fault
        return response.rcode()

    async def _explain(
        self, rcode: dns.rcode.Rcode, zone: DnsName, changes: Sequence[RRsetChange]
    ) -> ProviderError:
        """Tell, by an update that changes nothing, what is refused: the content, the zone or the sender."""
        if await self._send(zone, build_empty_update(zone)) == dns.rcode.NOERROR:
            return refused_content(rcode, zone, changes, self._server)
        await self._ask(lambda session: check_zone(session, zone, self._server), zone)
        key = self._settings.key
        return refused_sender(rcode, zone, str(key.name) if key else None, self._server)
