"""Finding the zone that holds a name by asking its server for the SOA."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import dns.flags
import dns.message
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.SOA

from mailseal.dnsio.faults import NotAuthoritative
from mailseal.dnsio.messages import soa_owner
from mailseal.dnsio.rdata import dns_name, wire_name
from mailseal.providers.rfc2136.counted import CountedSession
from mailseal.records.names import DnsName

CACHE_SECONDS: Final = 600.0
_CACHE_NAMES: Final = 20_000


class ZoneCache:
    """Which zone holds which name, remembered for ten minutes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._found: dict[DnsName, tuple[DnsName, float]] = {}

    def get(self, name: DnsName) -> DnsName | None:
        """The zone of `name`, unless it is unknown or too old."""
        zone, expires = self._found.get(name, (None, 0.0))
        return zone if self._clock() < expires else None

    def put(self, name: DnsName, zone: DnsName) -> None:
        """Remember a zone; the oldest entry gives way when there are too many."""
        self._found.pop(name, None)
        self._found[name] = (zone, self._clock() + CACHE_SECONDS)
        if len(self._found) > _CACHE_NAMES:
            del self._found[next(iter(self._found))]

    def zones(self) -> tuple[DnsName, ...]:
        """The zones of all names that are remembered."""
        now = self._clock()
        return tuple(dict.fromkeys(zone for zone, expires in self._found.values() if now < expires))


async def find_zone(session: CountedSession, name: DnsName, server: str) -> DnsName:
    """The zone of the server that holds `name`, from the SOA that it answers (RFC 2308 section 3).

    Raises `NotAuthoritative` when none does, and what `CountedSession.ask` raises.
    """
    for candidate in (*name.ancestors(), DnsName("")):
        response = await session.ask(candidate, dns.rdatatype.SOA)
        _check_authority(response, candidate, server)
        apex = soa_owner(response)
        if apex is not None and name.is_within(apex):
            return apex
        # A CNAME or DNAME at the name leads the answer elsewhere; the zone is that of a name above it.
    raise NotAuthoritative(f"{server} serves no zone that holds {name}")


async def check_zone(session: CountedSession, zone: DnsName, server: str) -> DnsName:
    """The primary that the zone's SOA names (RFC 1035 section 3.3.13, MNAME).

    Raises `NotAuthoritative` or `ErrorAnswer` unless the server answers for `zone` itself.
    """
    response = await session.ask(zone, dns.rdatatype.SOA)
    _check_authority(response, zone, server)
    soa = response.get_rrset(response.answer, wire_name(zone), dns.rdataclass.IN, dns.rdatatype.SOA)
    named = [rdata.mname for rdata in soa or () if isinstance(rdata, dns.rdtypes.ANY.SOA.SOA)]
    if not named:
        raise NotAuthoritative(f"{server} serves no zone {zone}: it has no SOA there")
    return dns_name(named[0])


def _check_authority(response: dns.message.Message, name: DnsName, server: str) -> None:
    if not response.flags & dns.flags.AA:
        raise NotAuthoritative(f"{server} is not authoritative for {name}: its answer lacks the AA flag")
