"""DNSSEC of a domain: the chain of trust to it, how long its signatures last, and what they are made with."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import dns.name
import dns.rdatatype
import dns.rdtypes.ANY.DNSKEY
import dns.rdtypes.ANY.DS
from dns.dnssectypes import Algorithm, DSDigest

from mailseal.checks.answers import Answer, Presence, Resolver, Security, Validation, Validity, weakest
from mailseal.checks.dnssec_verdicts import (
    ABSENT,
    ALGORITHM,
    BOGUS,
    EXPIRES_SOON,
    EXPIRY,
    FRESH,
    MODERN,
    NO_DS,
    NOT_APPLICABLE,
    OUTDATED_DIGEST,
    OUTDATED_KEY,
    SECURE,
    UNKNOWN,
    UNPROVEN,
    UNSIGNED,
    UNSUPPORTED,
)
from mailseal.checks.model import Examined, Finding
from mailseal.checks.tools import Tools
from mailseal.checks.validating.algorithms import algorithm_name, digest_name, usable
from mailseal.records.names import DnsName

RENEWED_BEFORE: Final = timedelta(days=3)
"""Signatures that last less than this are late, unless they are made for a few days only."""
_LATE_SHARE: Final = 4
"""Name servers that sign with each answer make signatures for a day or two; late is their last quarter."""
_ASKED: Final = (dns.rdatatype.SOA, dns.rdatatype.MX, dns.rdatatype.TXT)
"""What mail and its records rest on."""
_OUTDATED: Final = frozenset({Algorithm.RSASHA1, Algorithm.RSASHA1NSEC3SHA1})

DNSKEY = dns.rdtypes.ANY.DNSKEY.DNSKEY
DS = dns.rdtypes.ANY.DS.DS


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found out about the DNSSEC of a domain."""

    validations: tuple[Validation, ...]
    """Of each question in `_ASKED`."""
    presence: Presence
    zone: dns.name.Name
    """The zone that holds the domain, or at which the chain of trust ends."""
    keys: Answer
    delegation: Answer

    @property
    def weakest(self) -> Validation:
        """The one that decides."""
        return weakest(self.validations)

    @property
    def is_signed(self) -> bool:
        """True when the domain exists, and its chain of trust holds."""
        return self.weakest.security is Security.SECURE and self.presence is not Presence.NO_NAME


async def examine_dnssec(examined: Examined, tools: Tools) -> Sequence[Finding]:
    """Judge the chain to the domain, its signatures' time and its algorithms."""
    facts = await _gather(examined.domain, tools.resolver)
    return (
        judge_chain(examined.domain, facts),
        judge_expiry(examined.domain, facts, tools.now),
        judge_algorithms(examined.domain, facts),
    )


async def _gather(domain: DnsName, resolver: Resolver) -> Facts:
    name = dns.name.from_text(domain.fqdn)
    validations = await asyncio.gather(*(resolver.validate(name, rdtype) for rdtype in _ASKED))
    answer = await resolver.ask(name, dns.rdatatype.SOA)
    zone = weakest(validations).zone
    keys, delegation = await asyncio.gather(
        resolver.ask(zone, dns.rdatatype.DNSKEY), resolver.ask(zone, dns.rdatatype.DS)
    )
    return Facts(tuple(validations), answer.presence, zone, keys, delegation)


def judge_chain(domain: DnsName, facts: Facts) -> Finding:
    """What the weakest answer says."""
    decides = facts.weakest
    evidence = (decides.reason,) if decides.reason else ()
    zone = zone_text(facts.zone)
    match decides.security:
        case Security.BOGUS:
            return BOGUS.on(domain, evidence, zone=zone)
        case Security.INDETERMINATE:
            return UNKNOWN.on(domain, evidence, zone=zone)
        case Security.INSECURE:
            return _judge_insecure(domain, facts, evidence)
    if facts.presence is Presence.NO_NAME:
        return ABSENT.on(domain, (f"{zone} proves that the name does not exist",))
    return SECURE.on(domain, (f"{domain} is in the signed zone {zone}",))


def _judge_insecure(domain: DnsName, facts: Facts, evidence: tuple[str, ...]) -> Finding:
    zone = zone_text(facts.zone)
    if facts.presence is Presence.NO_NAME:
        return ABSENT.on(domain, evidence)
    if not facts.keys.rdatas:
        return UNSIGNED.on(domain, evidence, zone=zone)
    if not facts.delegation.rdatas:
        return NO_DS.on(domain, (*evidence, *_told(facts)), zone=zone)
    if usable(facts.delegation.of(DS)):
        return UNPROVEN.on(domain, evidence, zone=zone)
    return UNSUPPORTED.on(domain, (*evidence, *_told(facts)), zone=zone)


def judge_expiry(domain: DnsName, facts: Facts, now: datetime) -> Finding:
    """Whether the signature that ends first should have been replaced by now."""
    validities = [known.validity for known in facts.validations if known.validity is not None]
    if not facts.is_signed or not validities:
        return NOT_APPLICABLE[EXPIRY].on(domain)
    first = min(validities, key=lambda validity: validity.until)
    evidence = (f"signed from {_told_time(first.since)} until {_told_time(first.until)}",)
    verdict = EXPIRES_SOON if is_late(first, now) else FRESH
    return verdict.on(domain, evidence, until=_told_time(first.until))


def is_late(validity: Validity, now: datetime) -> bool:
    """True when a signature that ends then should have been replaced by `now`.

    RFC 6781 section 4.4.2: signatures are made anew so early that a signer which has stopped is noticed and
    mended before they end.
    """
    usual = min(RENEWED_BEFORE, (validity.until - validity.since) / _LATE_SHARE)
    return validity.until - now < usual


def judge_algorithms(domain: DnsName, facts: Facts) -> Finding:
    """Whether the keys and the DS records of the zone are made with what may still be used."""
    keys, records = facts.keys.of(DNSKEY), facts.delegation.of(DS)
    if not facts.is_signed or not keys:
        return NOT_APPLICABLE[ALGORITHM].on(domain)
    outdated = sorted({key.algorithm for key in keys} & _OUTDATED)
    if outdated:
        return OUTDATED_KEY.on(domain, _told(facts), algorithms=_names(outdated))
    if records and all(record.digest_type == DSDigest.SHA1 for record in records):
        return OUTDATED_DIGEST.on(domain, _told(facts))
    return MODERN.on(domain, _told(facts), algorithms=_names(sorted({key.algorithm for key in keys})))


def zone_text(zone: dns.name.Name) -> str:
    """The zone as people write it."""
    return zone.to_text(omit_final_dot=True) if zone != dns.name.root else "."


def _names(algorithms: Sequence[int]) -> str:
    return ", ".join(algorithm_name(number) for number in algorithms)


def _told(facts: Facts) -> tuple[str, ...]:
    """The keys and DS records, without their long values."""
    keys = sorted({f"DNSKEY of {algorithm_name(key.algorithm)}" for key in facts.keys.of(DNSKEY)})
    records = sorted(
        f"DS {record.key_tag} of {algorithm_name(record.algorithm)} with {digest_name(record.digest_type)}"
        for record in facts.delegation.of(DS)
    )
    return (*keys, *records)


def _told_time(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
