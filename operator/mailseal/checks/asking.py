"""Small steps that the checks of records share: asking below a domain, and showing what was answered."""

from __future__ import annotations

import dns.exception
import dns.name
import dns.rdatatype
import dns.rdtypes.ANY.MX

from mailseal.checks.answers import Answer, Presence, Resolver
from mailseal.records.names import DnsName
from mailseal.records.txt import TxtData

SHOWN_CHARACTERS = 1000
"""Longer records are cut where people look at them."""


async def ask(resolver: Resolver, domain: DnsName, rdtype: dns.rdatatype.RdataType) -> Answer:
    """The answer for `domain` itself."""
    return await ask_below(resolver, "", domain, rdtype)


async def ask_below(
    resolver: Resolver, labels: str, domain: DnsName, rdtype: dns.rdatatype.RdataType
) -> Answer:
    """The answer for the name `labels` below `domain`; a name that is too long for DNS does not exist."""
    try:
        name = dns.name.from_text(f"{labels}.{domain.fqdn}" if labels else domain.fqdn)
    except (dns.exception.DNSException, UnicodeError):
        return Answer(dns.name.root, rdtype, Presence.NO_NAME)
    return await resolver.ask(name, rdtype)


async def receives_no_mail(resolver: Resolver, domain: DnsName) -> bool:
    """True when the only MX record of the domain is a null MX (RFC 7505 section 3)."""
    answer = await ask(resolver, domain, dns.rdatatype.MX)
    return [record.exchange for record in answer.of(dns.rdtypes.ANY.MX.MX)] == [dns.name.root]


def dns_name(name: dns.name.Name) -> DnsName:
    """A name of dnspython in the form that mailseal compares."""
    return DnsName(name.to_text(omit_final_dot=True).lower() if name != dns.name.root else "")


def shown(text: str) -> str:
    r"""A joined TXT value (`Answer.texts`) for people: ASCII, other bytes as `\DDD`, not too long."""
    display = TxtData.of(text[: SHOWN_CHARACTERS + 1].encode("latin-1", "replace")).display
    return display if len(display) <= SHOWN_CHARACTERS else f"{display[:SHOWN_CHARACTERS]}..."
