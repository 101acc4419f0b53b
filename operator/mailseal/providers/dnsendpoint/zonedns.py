"""What the servers of a zone answer: for sets that no DNSEndpoint holds, it is the only witness."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.rcode
import dns.rdatatype
import dns.resolver

from mailseal.dnsio.client import Access, DnsSession, first_that_works, for_each
from mailseal.dnsio.endpoint import Endpoint
from mailseal.dnsio.faults import (
    Delegated,
    DnsFault,
    ErrorAnswer,
    NotAuthoritative,
    TimedOut,
    Unreachable,
)
from mailseal.dnsio.messages import rrset_answered
from mailseal.dnsio.rdata import dns_name, wire_name, wire_type
from mailseal.providers.base import Unavailable, ZoneNotFound
from mailseal.providers.reach import Reach
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

TIMEOUT_SECONDS: Final = 5.0
_NOT_SERVED: Final = frozenset({dns.rcode.REFUSED, dns.rcode.NOTAUTH})


class ZoneDns:
    """Asks the given servers, or those of the zone's NS records."""

    def __init__(self, servers: tuple[Endpoint, ...], reach: Reach) -> None:
        self._servers = servers
        self._reach = reach

    async def read(
        self, zone: DnsName, keys: Collection[RRsetKey]
    ) -> tuple[dict[RRsetKey, RRset], dict[RRsetKey, str]]:
        """The sets that one server answers with authority, without those that a wildcard answers, and what is
        wrong with the other keys.

        Raises `Unavailable` when no server answers, `ZoneNotFound` and `AddressForbidden`.
        """

        async def attempt(server: str) -> tuple[dict[RRsetKey, RRset], dict[RRsetKey, str]]:
            return await _read(zone, keys, Endpoint.parse(server))

        try:
            return await first_that_works(await self._addresses(zone), attempt, (Unreachable, TimedOut))
        except NotAuthoritative as fault:
            raise ZoneNotFound(str(fault)) from None
        except ErrorAnswer as fault:
            kind = ZoneNotFound if fault.rcode in _NOT_SERVED else Unavailable
            raise kind(str(fault)) from None
        except DnsFault as fault:
            raise Unavailable(f"no server of {zone} tells what it holds: {fault}") from None

    async def _addresses(self, zone: DnsName) -> tuple[str, ...]:
        """Every address of every server. Raises `Unreachable` when no server has one."""
        found: list[str] = []
        missing: Unreachable | None = None
        for server in self._servers or await _delegated(zone):
            try:
                addresses = await server.addresses(TIMEOUT_SECONDS)
            except Unreachable as fault:
                missing = fault
                continue
            permitted = self._reach.permitted(server.host, addresses)
            found += [str(Endpoint(address, server.port)) for address in permitted]
        if not found:
            raise missing or Unreachable(f"{zone} has no name servers")
        return tuple(found)


async def _read(
    zone: DnsName, keys: Collection[RRsetKey], endpoint: Endpoint
) -> tuple[dict[RRsetKey, RRset], dict[RRsetKey, str]]:
    found: dict[RRsetKey, RRset] = {}
    faults: dict[RRsetKey, str] = {}
    access = Access(str(endpoint), endpoint.port, TIMEOUT_SECONDS)
    async with DnsSession(endpoint.host, access) as session:

        async def ask(key: RRsetKey) -> None:
            try:
                answered = await _ask(session, zone, key, access.label)
            except Delegated as fault:
                faults[key] = str(fault)
                return
            if answered is not None and not await _is_wildcard(session, zone, answered, access.label):
                found[answered.key] = answered

        await for_each(keys, ask, session.parallel_queries)
    return found, faults


async def _ask(session: DnsSession, zone: DnsName, key: RRsetKey, server: str) -> RRset | None:
    return rrset_answered(await session.ask(key.name, wire_type(key)), zone, key, server)


async def _is_wildcard(session: DnsSession, zone: DnsName, answered: RRset, server: str) -> bool:
    """True when a wildcard above the name answers the same (RFC 4592).

    A set of the name's own with the same values cannot be told from that; nothing of it could get lost.
    """
    if answered.key.name.startswith("*."):
        return False
    for parent in answered.key.name.ancestors()[1:]:
        if not parent.is_within(zone):
            return False
        wildcard = RRsetKey(DnsName(f"*.{parent}"), answered.key.rtype)
        synthesised = await _ask(session, zone, wildcard, server)
        if synthesised is not None and synthesised.identities == answered.identities:
            return True
    return False


async def _delegated(zone: DnsName) -> tuple[Endpoint, ...]:
    try:
        resolver = dns.asyncresolver.Resolver()
        resolver.lifetime = TIMEOUT_SECONDS
        answer = await resolver.resolve(wire_name(zone), dns.rdatatype.NS)
    except dns.exception.DNSException as error:
        raise Unavailable(
            f"the NS records of {zone} cannot be resolved ({error}): delegate the zone, or list its servers "
            "in spec.nameservers"
        ) from None
    return tuple(Endpoint(dns_name(rdata.target)) for rdata in answer)
