"""Does MTA-STS protect mail to the domain, and does its policy fit its MX hosts (RFC 8461)?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dns.rdatatype
import dns.rdtypes.ANY.MX

from mailseal.checks import mta_sts_policy_verdicts as tell
from mailseal.checks import mta_sts_verdicts as say
from mailseal.checks.answers import Answer, Resolver
from mailseal.checks.asking import ask, ask_below, dns_name, receives_no_mail, shown
from mailseal.checks.https import PolicyAnswer
from mailseal.checks.model import Examined, Finding
from mailseal.checks.tools import Tools
from mailseal.records.errors import InvalidRecord
from mailseal.records.mta_sts import MtaSts, is_mta_sts
from mailseal.records.mta_sts_policy import Mode, StsPolicy
from mailseal.records.names import DnsName

_PLAIN = "text/plain"


async def examine_mta_sts(examined: Examined, tools: Tools) -> Sequence[Finding]:
    """What `_mta-sts.<domain>` and the policy say. MTA-STS is recommended: without it nothing fails."""
    domain = examined.domain
    answer = await ask_below(tools.resolver, "_mta-sts", domain, dns.rdatatype.TXT)
    if not answer.is_known:
        return (say.UNANSWERED.on(domain, name=f"_mta-sts.{domain}", fault=answer.fault),)
    texts = [text for text in answer.texts if is_mta_sts(text.encode("latin-1"))]
    if not texts and await receives_no_mail(tools.resolver, domain):
        return (say.NO_MAIL.on(domain),)
    record = judge_record(domain, texts)
    if len(texts) != 1:
        has_host = not texts and await _has_policy_host(tools.resolver, domain)
        return (record, say.UNANNOUNCED.on(domain)) if has_host else (record,)
    policy = await tools.policies.fetch(domain)
    mx = await ask(tools.resolver, domain, dns.rdatatype.MX)
    return record, *judge_policy(domain, policy, mx)


def judge_record(domain: str, texts: Sequence[str]) -> Finding:
    """What the MTA-STS records `texts` of `domain` deserve. Section 3.1: several are as none."""
    evidence = tuple(shown(text) for text in texts)
    if not texts:
        return say.MISSING.on(domain)
    if len(texts) > 1:
        return say.SEVERAL.on(domain, evidence, count=len(texts))
    try:
        record = MtaSts.parse(texts[0])
    except InvalidRecord as error:
        return say.UNREADABLE.on(domain, (*evidence, str(error)))
    return say.FOUND.on(domain, evidence, id=record.id)


def judge_policy(domain: DnsName, answer: PolicyAnswer, mx: Answer) -> tuple[Finding, ...]:
    """What the policy of a domain that announces one deserves beside its MX records."""
    if answer.text is None:
        verdict = say.NOT_FETCHED if answer.is_decided else say.NOT_REACHED
        return (verdict.on(domain, (answer.fault,)),)
    evidence = tuple(shown(line) for line in answer.text.splitlines()[:20] if line)
    try:
        policy = StsPolicy.parse(answer.text)
    except InvalidRecord as error:
        return (say.INVALID.on(domain, (*evidence, str(error))),)
    if answer.content_type != _PLAIN:
        fetched = say.NOT_PLAIN.on(domain, evidence, type=shown(answer.content_type) or "-")
    else:
        fetched = say.FETCHED.on(domain, evidence)
    mode = tell.MODES[policy.mode].on(domain)
    if policy.mode is Mode.NONE:
        return fetched, mode
    return fetched, mode, _max_age(domain, policy), *_hosts(domain, policy, mx)


def _max_age(domain: str, policy: StsPolicy) -> Finding:
    verdict = tell.SHORT_AGE if policy.max_age < tell.GOOD_MAX_AGE else tell.GOOD_AGE
    return verdict.on(domain, seconds=f"{policy.max_age.total_seconds():.0f}", days=policy.max_age.days)


def _hosts(domain: DnsName, policy: StsPolicy, mx: Answer) -> Iterator[Finding]:
    if not mx.is_known:
        yield tell.MX_UNANSWERED.on(domain, name=domain, fault=mx.fault)
        return
    exchanges = mx.of(dns.rdtypes.ANY.MX.MX)
    hosts = sorted({dns_name(exchange.exchange) for exchange in exchanges}) or [domain]
    if hosts == [DnsName("")]:
        yield tell.NO_MAIL.on(domain)
        return
    strangers = [host for host in hosts if not policy.covers(host)]
    patterns = tuple(f"mx: {pattern}" for pattern in policy.mx)
    if strangers:
        verdict = tell.STRANGERS if policy.mode is Mode.ENFORCE else tell.STRANGERS_IN_TESTING
        yield verdict.on(domain, patterns, hosts=", ".join(strangers))
    else:
        yield tell.ALL_COVERED.on(domain, patterns, hosts=", ".join(hosts))


async def _has_policy_host(resolver: Resolver, domain: DnsName) -> bool:
    answer = await ask_below(resolver, "mta-sts", domain, dns.rdatatype.A)
    return bool(answer.rdatas)
