"""The examination of DMARC: from the walk to the findings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import dns.rdatatype

from mailseal.checks.answers import Resolver
from mailseal.checks.asking import ask, shown
from mailseal.checks.dmarc import report_verdicts as tell
from mailseal.checks.dmarc import verdicts as say
from mailseal.checks.dmarc.policy import Effect
from mailseal.checks.dmarc.reports import Consent, Target, look_at_targets
from mailseal.checks.dmarc.walk import Stop, Walk, look, walk_tree
from mailseal.checks.model import Examined, Finding
from mailseal.checks.tools import Tools
from mailseal.records.dmarc import Dmarc, DmarcPolicy, Scope
from mailseal.records.names import DnsName
from mailseal.records.oddity import Oddity

_OBSOLETE = frozenset({"obsolete-tag", "size-limit"})
_EXISTENCE = (dns.rdatatype.MX, dns.rdatatype.A, dns.rdatatype.AAAA)


async def examine_dmarc(examined: Examined, tools: Tools) -> Sequence[Finding]:
    """Which DMARC record applies to the domain, what it does, and whether its reports arrive."""
    domain, resolver = examined.domain, tools.resolver
    start = await look(resolver, domain)
    if start.texts or not start.answer.is_known:
        walk = Walk((start,))
    else:
        walk = await walk_tree(resolver, domain)
    found = _record(walk)
    stop = None if walk.unanswered else walk.policy
    if stop is None or stop.reading is None:
        return (found,)
    syntax = tuple(_syntax(domain, stop, stop.reading.oddities))
    record = stop.reading.record
    if record is None:
        return found, *syntax
    effect = Effect(record, await _scope(resolver, domain, stop))
    targets = await look_at_targets(resolver, stop.domain, record)
    return found, *syntax, *_effect(domain, stop, effect), *_reports(domain, stop, record, targets)


async def _scope(resolver: Resolver, domain: DnsName, stop: Stop) -> Scope:
    """Section 3.2: a name without MX, A and AAAA does not exist. No answer counts as existence."""
    if stop.domain == domain:
        return Scope.DOMAIN
    answers = await asyncio.gather(*(ask(resolver, domain, rdtype) for rdtype in _EXISTENCE))
    return Scope.NONEXISTENT if all(answer.is_void for answer in answers) else Scope.SUBDOMAIN


def _record(walk: Walk) -> Finding:
    domain, start = walk.start.domain, walk.start
    if walk.unanswered:
        answer = walk.unanswered.answer
        return say.UNANSWERED.on(domain, name=f"_dmarc.{walk.unanswered.domain}", fault=answer.fault)
    if len(start.texts) > 1:
        return say.SEVERAL.on(domain, _shown(start), count=len(start.texts))
    stop = walk.policy
    if stop is None:
        return say.MISSING.on(domain)
    verdict = say.FOUND if stop is start else say.INHERITED
    return verdict.on(domain, _shown(stop), name=stop.domain)


def _syntax(domain: DnsName, stop: Stop, oddities: Sequence[Oddity]) -> Iterator[Finding]:
    if stop.reading is None or stop.reading.record is None:
        messages = tuple(shown(oddity.message) for oddity in oddities)
        yield say.UNREADABLE.on(domain, (*_shown(stop), *messages), name=stop.domain)
        return
    obsolete = tuple(shown(oddity.message) for oddity in oddities if oddity.code in _OBSOLETE)
    others = tuple(shown(oddity.message) for oddity in oddities if oddity.code not in _OBSOLETE)
    if obsolete:
        yield say.OBSOLETE.on(domain, (*_shown(stop), *obsolete), name=stop.domain)
    if others:
        yield say.ODD.on(domain, (*_shown(stop), *others), name=stop.domain)
    if not oddities:
        yield say.WELL_FORMED.on(domain, _shown(stop))


def _effect(domain: DnsName, stop: Stop, effect: Effect) -> Iterator[Finding]:
    is_none = effect.policy is DmarcPolicy.NONE
    if effect.record.testing and effect.untested is not DmarcPolicy.NONE:
        verdict = say.TESTING_NONE if is_none else say.TESTING
    else:
        verdict = say.NONE if is_none else say.STRICT
    yield verdict.on(domain, _shown(stop), policy=effect.policy, name=stop.domain)
    if effect.scope is not Scope.DOMAIN or is_none:
        return
    weaker = ", ".join(f"{tag}={value}" for tag, value in effect.weaker)
    if weaker:
        yield say.WEAKER.on(domain, _shown(stop), tags=weaker)
    else:
        yield say.AS_STRICT.on(domain)


def _reports(domain: DnsName, stop: Stop, record: Dmarc, targets: Sequence[Target]) -> Iterator[Finding]:
    addresses = [uri for uri in record.rua if uri.lower().startswith("mailto:")]
    if addresses:
        yield tell.REPORTS_ASKED.on(domain, addresses=", ".join(addresses))
    else:
        yield tell.NO_REPORTS.on(domain, _shown(stop), name=stop.domain)
    for target in targets:
        if not target.receives_mail:
            yield tell.UNDELIVERABLE.on(domain, host=target.domain, name=stop.domain)
    yield from _consents(domain, stop, targets)


def _consents(domain: DnsName, stop: Stop, targets: Sequence[Target]) -> Iterator[Finding]:
    given = [target.domain for target in targets if target.consent is Consent.GIVEN]
    if given:
        yield tell.CONSENT_GIVEN.on(domain, hosts=", ".join(given), name=stop.domain)
    for target in targets:
        values = {"host": target.domain, "name": stop.domain}
        if target.consent is Consent.NOT_GIVEN:
            yield tell.CONSENT_MISSING.on(domain, (), **values)
        elif target.consent is Consent.UNANSWERED:
            yield tell.CONSENT_UNANSWERED.on(domain, (), **values, fault=target.fault)


def _shown(stop: Stop) -> tuple[str, ...]:
    return tuple(shown(text) for text in stop.texts)
