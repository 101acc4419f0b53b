"""Which hosts receive the mail of a domain: by its MX records, and by its NTA 7516 record."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import dns.name
import dns.rdatatype
import dns.rdtypes.ANY.MX

from mailseal.checks.answers import Answer, Presence, Resolver
from mailseal.checks.asking import ask, dns_name, shown
from mailseal.records.names import DnsName
from mailseal.records.nta7516 import is_nta, read_nta

MAX_HOSTS: Final = 20
"""Of one domain; those that come after in preference are not looked at."""

MX = dns.rdtypes.ANY.MX.MX


@dataclass(frozen=True, slots=True)
class MailHosts:
    """What the MX records say, or what holds without any (RFC 5321 section 5.1)."""

    answer: Answer
    hosts: tuple[DnsName, ...] = ()
    """In the order of preference, each once; the domain itself when there are no MX records."""
    is_null: bool = False
    """One of the records says that no mail is accepted (RFC 7505)."""
    fault: str = ""
    """Why nothing is known; the answer's own or that of the question for addresses."""

    @property
    def is_implicit(self) -> bool:
        """True when mail goes to the domain's own address, for want of MX records."""
        return self.answer.is_void and bool(self.hosts)

    @property
    def evidence(self) -> tuple[str, ...]:
        """The records."""
        records = sorted(self.answer.of(MX), key=lambda record: record.preference)
        return tuple(f"MX {record.preference} {shown(_text(record.exchange))}" for record in records)


@dataclass(frozen=True, slots=True)
class NtaHosts:
    """What the NTA 7516 record says of the hosts that receive such mail."""

    answer: Answer
    records: tuple[str, ...] = ()
    """The joined TXT values that are NTA 7516 records."""
    hosts: tuple[DnsName, ...] = ()
    """In the order of preference, each once; none: the MX hosts receive it."""
    is_readable: bool = False
    """True when there is exactly one record, and it can be read."""


async def mail_hosts(resolver: Resolver, domain: DnsName) -> MailHosts:
    """Ask for the MX records, and where there are none, for the domain's own addresses."""
    answer = await ask(resolver, domain, dns.rdatatype.MX)
    if not answer.is_known:
        return MailHosts(answer, fault=answer.fault)
    if answer.rdatas:
        return _of_records(answer)
    if answer.presence is Presence.NO_NAME:
        return MailHosts(answer)
    return await _implicit(resolver, domain, answer)


def _of_records(answer: Answer) -> MailHosts:
    records = sorted(answer.of(MX), key=lambda record: (record.preference, record.exchange))
    names = [record.exchange for record in records]
    hosts = unique(dns_name(name) for name in names if name != dns.name.root)
    return MailHosts(answer, hosts, is_null=dns.name.root in names)


async def _implicit(resolver: Resolver, domain: DnsName, answer: Answer) -> MailHosts:
    own = await asyncio.gather(
        ask(resolver, domain, dns.rdatatype.A), ask(resolver, domain, dns.rdatatype.AAAA)
    )
    if any(address.rdatas for address in own):
        return MailHosts(answer, (domain,))
    return MailHosts(answer, fault=next((each.fault for each in own if not each.is_known), ""))


async def nta_hosts(resolver: Resolver, domain: DnsName) -> NtaHosts:
    """Ask for the NTA 7516 record and read its `ntamx` hosts."""
    answer = await ask(resolver, domain, dns.rdatatype.TXT)
    records = tuple(text for text in answer.texts if is_nta(text.encode("latin-1")))
    if len(records) != 1:
        return NtaHosts(answer, records)
    record = read_nta(records[0]).record
    if record is None:
        return NtaHosts(answer, records)
    ordered = sorted(record.ntamx, key=lambda entry: entry.preference)
    return NtaHosts(answer, records, unique(entry.host for entry in ordered), is_readable=True)


def unique(hosts: Iterable[DnsName]) -> tuple[DnsName, ...]:
    """Each host once, in order, and not too many."""
    return tuple(dict.fromkeys(hosts))[:MAX_HOSTS]


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=name != dns.name.root)
