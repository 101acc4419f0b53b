"""Are the keys that the domain's mail is signed with published, sound and in use (RFC 6376, 8301, 8463)?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dns.name
import dns.rdatatype

from mailseal.checks import dkim_verdicts as say
from mailseal.checks.answers import Answer, Presence, Resolver
from mailseal.checks.asking import ask_below, dns_name, receives_no_mail, shown
from mailseal.checks.model import Examined, Finding
from mailseal.checks.spf.published import published_at
from mailseal.checks.tools import Tools
from mailseal.records.dkim import MIN_RSA_BITS, RECOMMENDED_RSA_BITS, DkimRecord, KeyType
from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName

USUAL_SELECTORS = (
    *("default", "dkim", "mail", "email", "google", "selector1", "selector2", "k1", "k2", "k3"),
    *("s1", "s2", "key1", "key2", "mx", "smtp", "zorgmail", "zivver", "mandrill", "fm1", "ed25519"),
)
"""What is tried where no selector is known: names that common software and services use."""
_UNUSED_LABEL = "_mailseal-no-such-name"
_SERVICES = frozenset({"*", "email"})


@dataclass(frozen=True, slots=True)
class Look:
    """What stands at one selector."""

    selector: str
    answer: Answer

    @property
    def record(self) -> DkimRecord | None:
        """The key when there is exactly one value and it can be read."""
        if len(self.answer.texts) != 1:
            return None
        try:
            return DkimRecord.parse(self.answer.texts[0])
        except InvalidRecord:
            return None


async def examine_dkim(examined: Examined, tools: Tools) -> Sequence[Finding]:
    """What stands at the selectors of the domain; where none is known, at usual ones.

    A selector that was guessed counts only when a key that is in use stands there.
    """
    if not examined.selectors:
        return await _guess(examined.domain, tools.resolver)
    return judge(examined.domain, await _look_at(examined.selectors, examined.domain, tools.resolver))


async def _guess(domain: DnsName, resolver: Resolver) -> Sequence[Finding]:
    """Below a `_domainkey` that does not exist nothing is asked (RFC 8020), but below an alias."""
    parent = await ask_below(resolver, "_domainkey", domain, dns.rdatatype.TXT)
    if parent.presence is Presence.NO_NAME and not parent.aliases:
        return (await _without_keys(domain, resolver),)
    looks = await _look_at(USUAL_SELECTORS, domain, resolver)
    used = [found for found in looks if found.record and not found.record.is_revoked]
    return judge(domain, used) if used else (await _without_selectors(domain, parent, resolver),)


async def _look_at(selectors: Sequence[str], domain: DnsName, resolver: Resolver) -> Sequence[Look]:
    return await asyncio.gather(*(look(resolver, domain, selector) for selector in selectors))


async def look(resolver: Resolver, domain: DnsName, selector: str) -> Look:
    """Ask for the TXT records at one selector."""
    return Look(selector, await ask_below(resolver, f"{selector}._domainkey", domain, dns.rdatatype.TXT))


async def _without_selectors(domain: DnsName, parent: Answer, resolver: Resolver) -> Finding:
    """Is there anything below `_domainkey`, of which `parent` is the answer? A name without data says so.

    A server that answers so for each name, as with a wildcard, says nothing by it.
    """
    if not parent.is_known:
        return say.PARENT_UNANSWERED.on(domain, name=f"_domainkey.{domain}", fault=parent.fault)
    if parent.presence is Presence.NO_NAME:
        return await _without_keys(domain, resolver)
    unused = await ask_below(resolver, _UNUSED_LABEL, domain, dns.rdatatype.TXT)
    return (say.UNNAMED if unused.presence is Presence.NO_NAME else say.UNDECIDED).on(domain)


async def _without_keys(domain: DnsName, resolver: Resolver) -> Finding:
    """A domain that is not used for mail needs no key."""
    if await receives_no_mail(resolver, domain):
        published = await published_at(dns.name.from_text(domain.fqdn), resolver)
        return (say.NO_MAIL if published.sends_nothing else say.NO_KEYS).on(domain)
    return say.NO_KEYS.on(domain)


def judge(domain: str, looks: Sequence[Look]) -> tuple[Finding, ...]:
    """What the selectors of `domain` deserve, each for itself and then together."""
    findings = [finding for found in looks for finding in judge_selector(domain, found)]
    usable = [found.record for found in looks if found.record and not found.record.is_revoked]
    if usable and all(record.key_type is KeyType.ED25519 for record in usable):
        findings.append(say.ONLY_ED25519.on(domain))
    return tuple(findings)


def judge_selector(domain: str, found: Look) -> Iterator[Finding]:
    """What one selector deserves."""
    name = f"{shown(found.selector)}._domainkey.{domain}"
    evidence = _evidence(found)
    missing = _missing(domain, name, found, evidence)
    if missing:
        yield missing
        return
    via = found.answer.aliases
    if via:
        yield say.VIA_ALIAS.on(domain, evidence, name=name, alias=dns_name(via[-1]))
    else:
        yield say.FOUND.on(domain, evidence, name=name)
    try:
        record = DkimRecord.parse(found.answer.texts[0])
    except InvalidRecord as error:
        yield say.UNREADABLE.on(domain, (*evidence, str(error)), name=name)
        return
    if record.is_revoked:
        yield say.REVOKED.on(domain, evidence, name=name)
        return
    yield from _key(domain, name, record, evidence)


def _missing(domain: str, name: str, found: Look, evidence: tuple[str, ...]) -> Finding | None:
    """Why there is not one record to judge, if so."""
    answer = found.answer
    if not answer.is_known:
        return say.UNANSWERED.on(domain, name=name, fault=answer.fault)
    if not answer.texts and answer.aliases:
        return say.DANGLING.on(domain, evidence, name=name, alias=dns_name(answer.aliases[-1]))
    if not answer.texts:
        return say.MISSING.on(domain, name=name)
    if len(answer.texts) > 1:
        return say.SEVERAL.on(domain, evidence, name=name, count=len(answer.texts))
    return None


def _key(domain: str, name: str, record: DkimRecord, evidence: tuple[str, ...]) -> Iterator[Finding]:
    values = {"name": name, "algorithm": record.key_type, "bits": record.bits, "least": MIN_RSA_BITS}
    if record.hash_algorithms and "sha256" not in record.hash_algorithms:
        yield say.NO_SHA256.on(domain, evidence, **values)
    elif _SERVICES.isdisjoint(record.services):
        yield say.NOT_FOR_MAIL.on(domain, evidence, **values)
    elif record.key_type is KeyType.RSA and record.bits < MIN_RSA_BITS:
        yield say.TOO_SHORT.on(domain, evidence, **values)
    elif record.key_type is KeyType.RSA and record.bits < RECOMMENDED_RSA_BITS:
        yield say.SHORT.on(domain, evidence, **values, good=RECOMMENDED_RSA_BITS)
    else:
        yield say.SOUND.on(domain, evidence, **values)
    testing = say.TESTING if record.is_testing else say.NOT_TESTING
    yield testing.on(domain, evidence, name=name)


def _evidence(found: Look) -> tuple[str, ...]:
    aliases = (f"CNAME {dns_name(alias)}" for alias in found.answer.aliases)
    return (*aliases, *(shown(text) for text in found.answer.texts))
