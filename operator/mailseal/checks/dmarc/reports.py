"""Who gets a domain's DMARC reports, and have other organisations agreed to it (RFC 9990 section 4)?"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

import dns.name
import dns.rdatatype
import dns.rdtypes.ANY.MX

from mailseal.checks.answers import Presence, Resolver
from mailseal.checks.asking import ask, ask_below
from mailseal.checks.dmarc.walk import walk_tree
from mailseal.records.dmarc import Dmarc, is_dmarc
from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName

MAX_TARGETS = 10
"""Of more external targets only the first are looked at; receivers, too, bound how many they serve."""
_MAIL_DOMAIN = re.compile(r"mailto:[^@?]+@(?P<domain>[^@?]+)", re.IGNORECASE)


class Consent(StrEnum):
    """What came of asking a report target whether it wants the reports."""

    OWN = "own"
    """It is of the same organisational domain: no consent is needed."""
    GIVEN = "given"
    NOT_GIVEN = "not-given"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Target:
    """A domain that reports are sent to."""

    domain: DnsName
    consent: Consent
    fault: str = ""
    """Why the consent is not known."""
    receives_mail: bool = True
    """False when DNS says that it has no mail server."""


def target_domains(record: Dmarc) -> tuple[DnsName, ...]:
    """The domains of the mail addresses in `rua` and `ruf`, each once; what is no domain is left out."""
    found: dict[DnsName, None] = {}
    for uri in (*record.rua, *record.ruf):
        matched = _MAIL_DOMAIN.match(uri)
        if matched:
            try:
                found[DnsName.parse(unquote(matched["domain"]))] = None
            except InvalidRecord:
                continue
    return tuple(found)


async def look_at_targets(resolver: Resolver, domain: DnsName, record: Dmarc) -> tuple[Target, ...]:
    """The targets of the record that stands at `domain`: have they agreed, and do they receive mail?"""
    targets = target_domains(record)[:MAX_TARGETS]
    return tuple(await asyncio.gather(*(_look_at(resolver, domain, target) for target in targets)))


async def _look_at(resolver: Resolver, domain: DnsName, target: DnsName) -> Target:
    (consent, fault), receives = await asyncio.gather(
        _consent(resolver, domain, target), _receives_mail(resolver, target)
    )
    return Target(target, consent, fault, receives)


async def _consent(resolver: Resolver, domain: DnsName, target: DnsName) -> tuple[Consent, str]:
    if target == domain:
        return Consent.OWN, ""
    own, other = await asyncio.gather(walk_tree(resolver, domain), walk_tree(resolver, target))
    for walk in (own, other):
        if walk.unanswered:
            return Consent.UNANSWERED, walk.unanswered.answer.fault
    if own.organizational_domain == other.organizational_domain:
        return Consent.OWN, ""
    answer = await ask_below(resolver, f"{domain}._report._dmarc", target, dns.rdatatype.TXT)
    if not answer.is_known:
        return Consent.UNANSWERED, answer.fault
    is_given = any(is_dmarc(text.encode("latin-1")) for text in answer.texts)
    return (Consent.GIVEN if is_given else Consent.NOT_GIVEN), ""


async def _receives_mail(resolver: Resolver, target: DnsName) -> bool:
    """RFC 5321 section 5.1: by MX records, or else at its own addresses; a null MX (RFC 7505) says no."""
    answer = await ask(resolver, target, dns.rdatatype.MX)
    exchanges = answer.of(dns.rdtypes.ANY.MX.MX)
    if exchanges or not answer.is_void:
        return not exchanges or any(exchange.exchange != dns.name.root for exchange in exchanges)
    if answer.presence is Presence.NO_NAME:
        return False
    four, six = await asyncio.gather(
        ask(resolver, target, dns.rdatatype.A), ask(resolver, target, dns.rdatatype.AAAA)
    )
    return not (four.is_void and six.is_void)
