"""What stands at a DKIM selector, wherever it leads: our servers are asked first, then a resolver."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol

import dns.asyncresolver
import dns.exception
import dns.message
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import dns.resolver

from mailseal.dnsio.rdata import dns_name, wire_name
from mailseal.observing.nameserver import Nameserver
from mailseal.observing.resolving import ServersUnknown, resolver_at
from mailseal.observing.verification import Answered, Answers
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, RecordType, RRset, RRsetKey
from mailseal.records.selector_answer import (
    NoSelectorRecord,
    SelectorAnswer,
    SelectorRecords,
    SelectorUnanswered,
)
from mailseal.records.txt import TxtData

LONGEST_SECONDS: Final = 10.0
"""How long one look-up takes at most."""
_RESOLVER_SECONDS: Final = 6.0


class ZoneObserver(Protocol):
    """Asks all authoritative servers of one zone."""

    async def observe(self, keys: Collection[RRsetKey]) -> Mapping[Nameserver, Answers]:
        """What each server answers for `keys`. Raises `ServersUnknown`."""
        ...


class SelectorLookup:
    """Looks up selectors; what leaves our zone is resolved as a verifier of mail would."""

    def __init__(self, resolvers: Sequence[str] = ()) -> None:
        """Use the system's resolvers, or `resolvers` (IP addresses with optional port).

        Raises `ValueError` for one that is no address.
        """
        self._resolver = resolver_at(resolvers)
        self._resolver.lifetime = _RESOLVER_SECONDS

    async def look_up(self, name: DnsName, observer: ZoneObserver) -> SelectorAnswer:
        """What stands at `name`, the full name of a selector in the zone of `observer`. Raises nothing."""
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                return await self._look_up(name, observer)
        except TimeoutError:
            return SelectorUnanswered(f"no answer came within {LONGEST_SECONDS:g} s")

    async def _look_up(self, name: DnsName, observer: ZoneObserver) -> SelectorAnswer:
        key = RRsetKey(name, RecordType.TXT)
        try:
            answers = await observer.observe([key])
        except ServersUnknown as error:
            return SelectorUnanswered(str(error))
        answered = [answer for _, answer in sorted(answers.items()) if isinstance(answer, Answered)]
        alias = _first(answered, RRsetKey(name, RecordType.CNAME))
        if alias is not None:
            target = _target(alias)
            return await self._resolved(target, (target,))
        held = _first(answered, key)
        if held is not None:
            return SelectorRecords(_texts(held))
        if not answered:
            return SelectorUnanswered("none of the zone's authoritative servers answers")
        if any(answer.faults for answer in answered):
            # Such as a name that is delegated to the vendor: ask as a verifier would.
            return await self._resolved(name, ())
        return NoSelectorRecord()

    async def _resolved(self, name: DnsName, targets: tuple[DnsName, ...]) -> SelectorAnswer:
        """What a resolver answers for `name`, to which the CNAMEs `targets` have led."""
        try:
            answer = await self._resolver.resolve(
                wire_name(name), dns.rdatatype.TXT, raise_on_no_answer=False, search=False
            )
        except dns.resolver.NXDOMAIN as error:
            return NoSelectorRecord((*targets, *_aliases_of(error, name)))
        except dns.exception.DNSException as error:
            return SelectorUnanswered(f"a resolver gives no usable answer for {name} ({error})")
        followed = (*targets, *_aliases(answer.response))
        if answer.rrset is None:
            return NoSelectorRecord(followed)
        found = (rdata for rdata in answer.rrset if isinstance(rdata, dns.rdtypes.ANY.TXT.TXT))
        return SelectorRecords(tuple(TxtData(tuple(rdata.strings)).text for rdata in found), followed)


def _first(answered: Sequence[Answered], key: RRsetKey) -> RRset | None:
    """The set that some server answers; one that lags is believed last."""
    return next((answer.rrsets[key] for answer in answered if key in answer.rrsets), None)


def _target(alias: RRset) -> DnsName:
    return next(value.target for value in alias.values if isinstance(value, CnameData))


def _texts(held: RRset) -> tuple[str, ...]:
    return tuple(value.text for value in held.values if isinstance(value, TxtData))


def _aliases_of(error: dns.resolver.NXDOMAIN, name: DnsName) -> tuple[DnsName, ...]:
    responses = error.responses() or {}  # type: ignore[no-untyped-call]
    response = responses.get(wire_name(name))
    return _aliases(response) if response else ()


def _aliases(response: dns.message.Message) -> tuple[DnsName, ...]:
    """The targets of the CNAMEs that a resolver followed."""
    if not isinstance(response, dns.message.QueryMessage):
        return ()
    chain = response.resolve_chaining().cnames
    return tuple(dns_name(rdata.target) for rrset in chain for rdata in rrset)
