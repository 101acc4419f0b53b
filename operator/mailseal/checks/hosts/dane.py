"""DANE for SMTP: whether senders can know the certificates of the mail servers by DNSSEC (RFC 7672)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import dns.name
import dns.rdatatype
import dns.rdtypes.ANY.TLSA

from mailseal.checks.answers import Answer, Resolver, Security, Validation, weakest
from mailseal.checks.asking import ask_below, dns_name
from mailseal.checks.hosts import dane_match_verdicts as of_match
from mailseal.checks.hosts import dane_verdicts as say
from mailseal.checks.hosts.certificates import told
from mailseal.checks.hosts.looking import look_at
from mailseal.checks.hosts.published import mail_hosts, nta_hosts, unique
from mailseal.checks.hosts.tlsa import Association, Match, effective, match_chain
from mailseal.checks.model import Examined, Finding, Verdict
from mailseal.checks.smtp import AddressObservation, HostObservation, StartTls
from mailseal.checks.tools import Tools
from mailseal.records.names import DnsName

TLSA = dns.rdtypes.ANY.TLSA.TLSA

_LABELS: Final = "_25._tcp"
"""RFC 7672 section 2.2.3; the port is that of the standard, also where servers are forwarded."""
_SHOWN_RECORDS: Final = 20
_SHOWN_CHARACTERS: Final = 200
_OF_MX: Final[Mapping[Security, Verdict]] = {
    Security.SECURE: say.MX_SIGNED,
    Security.INSECURE: say.MX_UNSIGNED,
    Security.BOGUS: say.MX_BOGUS,
    Security.INDETERMINATE: say.MX_UNKNOWN,
}
_OF_HOST: Final[Mapping[Security, Verdict]] = {
    Security.SECURE: say.HOST_SIGNED,
    Security.INSECURE: say.HOST_UNSIGNED,
    Security.BOGUS: say.HOST_BOGUS,
    Security.INDETERMINATE: say.HOST_UNKNOWN,
}
_OF_TLSA: Final[Mapping[Security, Verdict]] = {
    Security.SECURE: say.FOUND,
    Security.INSECURE: say.MISSING,
    Security.BOGUS: say.BOGUS,
    Security.INDETERMINATE: say.UNKNOWN,
}
_OF_MATCH: Final[Mapping[Match, Verdict]] = {
    Match.MATCHES: of_match.MATCHES,
    Match.NOTHING_MATCHES: of_match.MISMATCH,
    Match.WRONG_NAME: of_match.WRONG_NAME,
    Match.OUT_OF_TIME: of_match.OUT_OF_TIME,
}


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What DNS says of one mail server."""

    host: DnsName
    address: Validation
    """Of A and AAAA together."""
    base: DnsName
    """Below which the TLSA records stand: the host, or the end of its CNAMEs (RFC 7672 section 2.2.2)."""
    tlsa: Validation
    records: Answer

    @property
    def associations(self) -> tuple[Association, ...]:
        """The TLSA records."""
        found = self.records.of(TLSA)
        return tuple(Association(each.usage, each.selector, each.mtype, each.cert) for each in found)

    @property
    def has_dane(self) -> bool:
        """True when senders that follow DANE find records that they may believe."""
        securities = {self.address.security, self.tlsa.security}
        return securities == {Security.SECURE} and bool(self.associations)


async def examine_dane(examined: Examined, tools: Tools) -> Sequence[Finding]:
    """DANE at the MX hosts of the domain and at the hosts that receive its NTA 7516 mail.

    A host is connected to only when it has TLSA records that may be believed.
    """
    domain, resolver = examined.domain, tools.resolver
    by_mx, by_nta = await asyncio.gather(mail_hosts(resolver, domain), nta_hosts(resolver, domain))
    hosts = unique((*by_mx.hosts, *(examined.ntamx or by_nta.hosts)))
    if not hosts and not by_mx.fault:
        return (say.NO_HOSTS.on(domain),)
    mx = await resolver.validate(dns.name.from_text(domain.fqdn), dns.rdatatype.MX)
    facts = await asyncio.gather(*(gather(resolver, host) for host in hosts))
    seen = await look_at((each.host for each in facts if each.has_dane), tools.smtp)
    observations = {each.host: each for each in seen}
    names = (domain,) if mx.security is Security.SECURE else ()
    findings = [_on(_OF_MX[mx.security], domain, mx)]
    for each in facts:
        findings += judge_host(each, observations.get(each.host), names, tools.now)
    return findings


async def gather(resolver: Resolver, host: DnsName) -> HostFacts:
    """Ask for the TLSA records of a host, and validate them and its addresses."""
    name = dns.name.from_text(host.fqdn)
    four, six = await asyncio.gather(
        resolver.validate(name, dns.rdatatype.A), resolver.validate(name, dns.rdatatype.AAAA)
    )
    found = HostFacts(host, weakest((four, six)), *await _records(resolver, host))
    aliases = (await resolver.ask(name, dns.rdatatype.A)).aliases
    if aliases and found.address.security is Security.SECURE:
        at_end = HostFacts(host, found.address, *await _records(resolver, dns_name(aliases[-1])))
        return at_end if at_end.has_dane else found
    return found


async def _records(resolver: Resolver, base: DnsName) -> tuple[DnsName, Validation, Answer]:
    records = await ask_below(resolver, _LABELS, base, dns.rdatatype.TLSA)
    return base, await resolver.validate(records.name, dns.rdatatype.TLSA), records


def judge_host(
    facts: HostFacts, seen: HostObservation | None, names: tuple[DnsName, ...], now: datetime
) -> Iterator[Finding]:
    """What one host deserves. `names` may stand in its certificate instead of its own (RFC 7672 3.2.2)."""
    host = facts.host
    yield _on(_OF_HOST[facts.address.security], host, facts.address)
    if facts.address.security is not Security.SECURE:
        return
    name = f"{_LABELS}.{facts.base}"
    verdict = _OF_TLSA[facts.tlsa.security]
    if verdict is say.FOUND and not facts.associations:
        verdict = say.MISSING if facts.records.is_known else say.UNKNOWN
    records = tuple(_shown(each) for each in facts.associations[:_SHOWN_RECORDS])
    yield _on(verdict, host, facts.tlsa, records, name=name)
    if facts.has_dane:
        yield _judge_match(facts, seen, (facts.base, *names), now).on(
            host, (*records, *_told_certificates(seen)), name=name
        )


def _judge_match(
    facts: HostFacts, seen: HostObservation | None, names: tuple[DnsName, ...], now: datetime
) -> Verdict:
    usable = effective(facts.associations)
    if not usable:
        return of_match.UNUSABLE
    answering = seen.answering if seen is not None else ()
    if not answering:
        return of_match.NOT_SEEN
    if any(_lacks_tls(each) for each in answering):
        return of_match.NO_TLS
    chains = [each.chain for each in answering if each.starttls is StartTls.WORKS]
    matches = {match_chain(usable, chain, names, now) for chain in chains}
    for match in (Match.NOTHING_MATCHES, Match.WRONG_NAME, Match.OUT_OF_TIME, Match.MATCHES):
        if match in matches:
            return _OF_MATCH[match]
    return of_match.NOT_SEEN


def _lacks_tls(seen: AddressObservation) -> bool:
    return seen.starttls not in {StartTls.WORKS, StartTls.UNKNOWN}


def _told_certificates(seen: HostObservation | None) -> Iterator[str]:
    certificates = dict.fromkeys(each.certificate for each in (seen.answering if seen else ()))
    for certificate in certificates:
        if certificate is not None:
            yield from told(certificate)


def _on(
    verdict: Verdict, target: DnsName, validation: Validation, evidence: tuple[str, ...] = (), **values: str
) -> Finding:
    reason = (validation.reason,) if validation.reason else ()
    return verdict.on(target, (*evidence, *reason), zone=dns_name(validation.zone) or ".", **values)


def _shown(association: Association) -> str:
    return f"TLSA {association}"[:_SHOWN_CHARACTERS]
