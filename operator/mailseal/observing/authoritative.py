"""Asking every authoritative server of a zone what it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Final

import dns.rdatatype

from mailseal.dnsio.client import Access, DnsSession, for_each
from mailseal.dnsio.faults import DnsFault, TimedOut, Unreachable
from mailseal.dnsio.messages import negative_caching_answered, rrset_answered
from mailseal.dnsio.rdata import wire_type
from mailseal.observing.nameserver import Nameserver
from mailseal.observing.resolving import ServerFinder, ServersUnknown
from mailseal.observing.verification import (
    Answered,
    Answers,
    ExpectedValue,
    Lag,
    ServerFailure,
    silence,
    verify,
)
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

DEFAULT_TIMEOUT_SECONDS: Final = 2.0


class AuthoritativeObserver:
    """Asks the servers of one zone directly, past every cache, all at once."""

    def __init__(
        self, zone: DnsName, finder: ServerFinder, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> None:
        """`timeout_seconds` is the time for one answer, in three tries."""
        self._zone = zone
        self._finder = finder
        self._timeout_seconds = timeout_seconds

    async def observe(self, keys: Collection[RRsetKey]) -> Mapping[Nameserver, Answers]:
        """What each server answers for `keys`, and the CNAME where a name holds one.

        A server that does not answer is in the result as a `ServerFailure`. Raises `ServersUnknown`.
        """
        servers = await self._finder.servers_of(self._zone)
        answers = await asyncio.gather(*(self._ask_server(server, keys) for server in servers))
        return dict(zip(servers, answers, strict=True))

    async def lags(
        self, present: Collection[ExpectedValue], absent: Collection[ExpectedValue]
    ) -> tuple[Lag, ...]:
        """What some server does not answer as expected; empty when all do.

        Servers that are silent or cannot be found out are lags too: this raises for none of them.
        """
        keys = {key for key, _ in (*present, *absent)}
        if not keys:
            return ()
        try:
            answers = await self.observe(keys)
        except ServersUnknown as error:
            return silence("a resolver", f"reports that {error}", (*present, *absent))
        return verify(present, absent, answers)

    async def negative_caching_time(self) -> timedelta | None:
        """How long resolvers remember that a name of the zone is not there: the longest that a server says.

        That is the lower one of the SOA's TTL and its MINIMUM (RFC 2308 section 5). None when some server
        does not tell, or no server is known: that one might say longer.
        """
        try:
            servers = await self._finder.servers_of(self._zone)
        except ServersUnknown:
            return None
        told = await asyncio.gather(*(self._ask_soa(server) for server in servers))
        times = [time for time in told if time is not None]
        return max(times) if times and len(times) == len(told) else None

    async def _ask_soa(self, server: Nameserver) -> timedelta | None:
        if not server.address:
            return None
        access = Access("it", server.port, self._timeout_seconds)
        try:
            async with DnsSession(server.address, access) as session:
                return negative_caching_answered(await session.ask(self._zone, dns.rdatatype.SOA), self._zone)
        except DnsFault:
            return None

    async def _ask_server(self, server: Nameserver, keys: Collection[RRsetKey]) -> Answers:
        if not server.address:
            return ServerFailure(server.obstacle)
        rrsets: dict[RRsetKey, RRset] = {}
        faults: dict[RRsetKey, str] = {}
        access = Access("it", server.port, self._timeout_seconds)

        async def ask(key: RRsetKey) -> None:
            try:
                response = await session.ask(key.name, wire_type(key))
                rrset = rrset_answered(response, self._zone, key, access.label)
            except (TimedOut, Unreachable):
                raise
            except DnsFault as fault:
                faults[key] = f"gives no usable answer: {fault}"
            else:
                if rrset is not None:
                    rrsets[rrset.key] = rrset

        try:
            async with DnsSession(server.address, access) as session:
                await for_each(keys, ask, session.parallel_queries)
        except DnsFault as fault:
            return ServerFailure(f"gives no answer: {fault}")
        return Answered(rrsets, faults)
