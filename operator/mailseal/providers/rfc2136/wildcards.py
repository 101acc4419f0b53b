"""Telling records that stand at a name from those that a wildcard synthesises there (RFC 4592)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

import dns.rcode

from mailseal.dnsio.client import for_each
from mailseal.dnsio.faults import Delegated, DnsFault
from mailseal.dnsio.messages import rrset_answered
from mailseal.dnsio.rdata import wire_type
from mailseal.providers.rfc2136.counted import CountedSession
from mailseal.providers.rfc2136.server import PrimaryServer
from mailseal.providers.rfc2136.update import build_existence_check
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey


async def drop_synthesised(
    session: CountedSession, zone: DnsName, found: Mapping[RRsetKey, RRset], server: PrimaryServer
) -> dict[RRsetKey, RRset]:
    """`found` without the sets that a wildcard answers: an UPDATE sees no set there, and planning must not.

    Only sets that equal a wildcard's are in doubt; for those the server is asked with a prerequisite, which
    looks at the zone itself. Where it does not say, the set is kept as real: the careful reading.
    """
    wildcards = await _read_wildcards(session, zone, found, server.label)
    real = dict(found)

    async def settle(doubtful: RRsetKey) -> None:
        if not await _stands_in_zone(session, zone, doubtful, server):
            del real[doubtful]

    in_doubt = [rrset.key for rrset in found.values() if _equals_wildcard(rrset, zone, wildcards)]
    await for_each(in_doubt, settle, session.parallel_queries)
    return real


async def _read_wildcards(
    session: CountedSession, zone: DnsName, found: Iterable[RRsetKey], server: str
) -> dict[RRsetKey, RRset]:
    wildcards: dict[RRsetKey, RRset] = {}

    async def ask(key: RRsetKey) -> None:
        response = await session.ask(key.name, wire_type(key))
        try:
            rrset = rrset_answered(response, zone, key, server)
        except Delegated:
            return
        if rrset is not None:
            wildcards[rrset.key] = rrset

    candidates = {candidate for key in found for candidate in _candidates(key, zone)}
    await for_each(candidates, ask, session.parallel_queries)
    return wildcards


def _candidates(key: RRsetKey, zone: DnsName) -> tuple[RRsetKey, ...]:
    """The wildcards that could answer for the key: below each name from its parent up to the apex."""
    if key.name.startswith("*."):
        return ()
    parents = (parent for parent in key.name.ancestors()[1:] if parent.is_within(zone))
    return tuple(RRsetKey(DnsName(f"*.{parent}"), key.rtype) for parent in parents)


def _equals_wildcard(rrset: RRset, zone: DnsName, wildcards: Mapping[RRsetKey, RRset]) -> bool:
    equals = (wildcards.get(candidate) for candidate in _candidates(rrset.key, zone))
    return any(
        wildcard is not None
        and wildcard.ttl_seconds == rrset.ttl_seconds
        and frozenset(wildcard.values) == frozenset(rrset.values)
        for wildcard in equals
    )


async def _stands_in_zone(
    session: CountedSession, zone: DnsName, doubtful: RRsetKey, server: PrimaryServer
) -> bool:
    stands = True

    def judge(rcode: dns.rcode.Rcode) -> None:
        nonlocal stands
        stands = rcode != dns.rcode.NXRRSET

    message = build_existence_check(zone, doubtful)
    with suppress(DnsFault):
        await server.sign(session, message)
        await session.update(zone, message, judge)
    return stands
