"""Whether recipients are NTA-ready today, and how mail to them goes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import dns.rdatatype
import dns.rdtypes.ANY.MX

from mailseal.checks.answers import Answer, Presence, Resolver, Security
from mailseal.checks.asking import ask, dns_name
from mailseal.checks.together import as_completed
from mailseal.planning.nta_calendar import day_in
from mailseal.records.names import DnsName
from mailseal.records.nta7516 import DUTCH_TIME
from mailseal.records.nta7516.routing import (
    Delivery,
    DomainReadiness,
    Readiness,
    Route,
    RouteReason,
    readiness_of,
    receiving_hosts,
    route_mail,
)
from mailseal.records.rrset import MxData

_DIRECT: Final = frozenset({Route.DIRECT})
_NO_DOMAIN: Final = Delivery(Route.NOWHERE, RouteReason.NO_DOMAIN)
_NO_MAIL: Final = Delivery(Route.NOWHERE, RouteReason.NO_MAIL)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a domain takes part in NTA 7516, as far as that could be found out."""

    domain: DnsName
    found: DomainReadiness | None
    """None when no usable answer came."""
    fault: str = ""
    """Why not."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: what its readiness depends on, and whether the recipients are in a partner network."""

    standing: Standing | None = None
    """None: some sender that is ready."""
    partner_network: bool = False

    @property
    def is_ready(self) -> bool | None:
        """None when it is not known."""
        if self.standing is None:
            return True
        return None if self.standing.found is None else self.standing.found.is_ready


@dataclass(frozen=True, slots=True)
class Lookup:
    """What was found out about one recipient."""

    standing: Standing
    delivery: Delivery | None
    """None when that which would decide it is not known."""
    hosts: tuple[DnsName, ...] = ()
    """Where mail that goes directly is tried, in order."""

    @property
    def is_direct(self) -> bool | None:
        """Whether mail goes directly; None when it is not known."""
        return None if self.delivery is None else self.delivery.route in _DIRECT


def today_of(now: datetime) -> date:
    """The day that the months of NTA 7516 records are compared with."""
    return day_in(DUTCH_TIME, now)


async def standing_of(domain: DnsName, resolver: Resolver, today: date) -> Standing:
    """Ask for the record of one domain. A record that DNSSEC shows to be forged makes nobody ready."""
    answer = await ask(resolver, domain, dns.rdatatype.TXT)
    if not answer.is_known:
        return Standing(domain, None, answer.fault)
    if answer.presence is Presence.NO_NAME:
        return Standing(domain, DomainReadiness(Readiness.NO_DOMAIN))
    found = readiness_of(answer.texts, today)
    if found.is_ready:
        validation = await resolver.validate(answer.name, answer.rdtype)
        if validation.security is Security.BOGUS:
            return Standing(domain, None, f"DNSSEC is broken: {validation.reason}")
    return Standing(domain, found)


async def look_up(domain: DnsName, sender: Sender, resolver: Resolver, today: date) -> Lookup:
    """Ask for all that decides how mail of `sender` to `domain` goes, and where to."""
    standing = await standing_of(domain, resolver, today)
    found, delivery = standing.found, delivery_to(standing.found, sender)
    if found is None:
        return Lookup(standing, delivery)
    if found.readiness is Readiness.NO_DOMAIN:
        return Lookup(standing, _NO_DOMAIN)
    if found.is_ready and found.record and found.record.ntamx:
        mx: tuple[MxData, ...] = ()
    else:
        mx = _mx(await ask(resolver, domain, dns.rdatatype.MX))
        if mx and not any(one.exchange for one in mx):
            return Lookup(standing, _NO_MAIL)
    is_direct = delivery is not None and delivery.route in _DIRECT
    return Lookup(standing, delivery, receiving_hosts(found, mx) if is_direct else ())


async def look_up_all(
    domains: Iterable[DnsName], sender: Sender, resolver: Resolver, today: date, at_once: int
) -> AsyncGenerator[Lookup]:
    """What `look_up` finds of each domain, in the order in which it comes."""
    jobs = (look_up(domain, sender, resolver, today) for domain in domains)
    async with aclosing(as_completed(jobs, at_once)) as lookups:
        async for lookup in lookups:
            yield lookup


def delivery_to(recipient: DomainReadiness | None, sender: Sender) -> Delivery | None:
    """How mail goes; None when that depends on what is not known."""
    possible = {
        route_mail(sender_ready=ready, recipient_ready=takes, partner_network=sender.partner_network)
        for ready in _possible(sender.is_ready)
        for takes in _possible(None if recipient is None else recipient.is_ready)
    }
    return possible.pop() if len(possible) == 1 else None


def _possible(known: bool | None) -> tuple[bool, ...]:
    return (True, False) if known is None else (known,)


def _mx(answer: Answer) -> tuple[MxData, ...]:
    return tuple(MxData(one.preference, dns_name(one.exchange)) for one in answer.of(dns.rdtypes.ANY.MX.MX))
