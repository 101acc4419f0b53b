"""Looking at the mail servers of a domain: those of its MX records and those of its NTA 7516 record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailseal.checks.asking import shown
from mailseal.checks.hosts import presence_verdicts as say
from mailseal.checks.hosts.judging import judge_host
from mailseal.checks.hosts.looking import look_at
from mailseal.checks.hosts.published import MailHosts, NtaHosts, mail_hosts, nta_hosts, unique
from mailseal.checks.model import Examined, Finding, Subject
from mailseal.checks.tools import Tools
from mailseal.records.names import DnsName


async def examine_mx(examined: Examined, tools: Tools) -> Sequence[Finding]:
    """The MX records of the domain and the hosts that they name."""
    published = await mail_hosts(tools.resolver, examined.domain)
    presence = judge_mx(examined.domain, published)
    return (*presence, *await _look(Subject.MX, published.hosts, tools))


async def examine_ntamx(examined: Examined, tools: Tools) -> Sequence[Finding]:
    """The hosts that receive NTA 7516 mail: those that shall, else those of the record, else the MX hosts."""
    domain = examined.domain
    if examined.ntamx:
        hosts = unique(examined.ntamx)
        return (say.NTA_NAMED.on(domain, hosts=_listed(hosts)), *await _look(Subject.NTAMX, hosts, tools))
    published = await nta_hosts(tools.resolver, domain)
    if not published.is_readable or published.hosts:
        presence = judge_nta(domain, published)
        return (presence, *await _look(Subject.NTAMX, published.hosts, tools))
    by_mx = await mail_hosts(tools.resolver, domain)
    presence = judge_nta_by_mx(domain, by_mx)
    return (presence, *await _look(Subject.NTAMX, by_mx.hosts, tools))


def judge_mx(domain: str, published: MailHosts) -> Iterator[Finding]:
    """What the MX records of `domain`, or their absence, deserve."""
    evidence = published.evidence
    if published.is_null:
        beside = say.NULL_BESIDE_OTHERS if published.hosts else say.NULL_ALONE
        yield beside.on(domain, evidence)
    if published.fault:
        yield say.UNANSWERED.on(domain, name=domain, fault=published.fault)
    elif published.is_implicit:
        yield say.IMPLICIT.on(domain)
    elif published.hosts:
        yield say.FOUND.on(domain, evidence, hosts=_listed(published.hosts))
    else:
        yield (say.NO_MAIL if published.is_null else say.MISSING).on(domain, evidence)


def judge_nta(domain: str, published: NtaHosts) -> Finding:
    """What an NTA 7516 record that names hosts deserves, or one that is not there or not clear."""
    evidence = tuple(shown(text) for text in published.records)
    if not published.answer.is_known:
        return say.NTA_UNANSWERED.on(domain, name=domain, fault=published.answer.fault)
    if not published.records:
        return say.NTA_NO_RECORD.on(domain)
    if not published.is_readable:
        return say.NTA_UNREADABLE.on(domain, evidence)
    return say.NTA_NAMED.on(domain, evidence, hosts=_listed(published.hosts))


def judge_nta_by_mx(domain: str, by_mx: MailHosts) -> Finding:
    """What an NTA 7516 record deserves that leaves the mail to the MX hosts."""
    if by_mx.fault:
        return say.NTA_UNANSWERED.on(domain, name=domain, fault=by_mx.fault)
    if not by_mx.hosts:
        return say.NTA_NO_HOSTS.on(domain, by_mx.evidence)
    return say.NTA_BY_MX.on(domain, by_mx.evidence, hosts=_listed(by_mx.hosts))


async def _look(subject: Subject, hosts: Sequence[DnsName], tools: Tools) -> tuple[Finding, ...]:
    observations = await look_at(hosts, tools.smtp)
    return tuple(finding for seen in observations for finding in judge_host(subject, seen, tools.now))


def _listed(hosts: Sequence[DnsName]) -> str:
    return ", ".join(shown(host) for host in hosts)
