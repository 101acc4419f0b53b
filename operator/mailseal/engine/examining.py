"""What resources say of a domain that is to be checked: selectors, relay, and the hosts for NTA 7516 mail."""

from __future__ import annotations

from typing import Final

from mailseal.checks.model import Examined
from mailseal.checks.spf import known_relay
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.records.names import DnsName

SIGNING_STATES: Final = ("Active", "Retiring")
"""States of a DKIM key: mail that is signed with it is sent or still under way.

A tuple, so that anything that a status holds can be compared with them."""


def said_by(spec: MailDomainSpec | NtaRecordSpec, domain: DnsName) -> Examined:
    """What the spec says of `domain`, one of those that it is about."""
    if isinstance(spec, MailDomainSpec):
        external = spec.dkim.external_selectors if spec.dkim else ()
        return Examined(domain, tuple(entry.selector for entry in external))
    hosts = tuple(DnsName.parse(entry.host) for entry in spec.ntamx)
    return Examined(domain, (), relay_of(spec), hosts)


def joined(one: Examined, other: Examined) -> Examined:
    """All that is said of one domain, with the first relay."""
    return Examined(
        one.domain,
        tuple(dict.fromkeys((*one.selectors, *other.selectors))),
        one.relay or other.relay,
        tuple(dict.fromkeys((*one.ntamx, *other.ntamx))),
    )


def relay_of(spec: NtaRecordSpec) -> DnsName | None:
    """The name whose SPF record lists the servers that the domain's has to let pass.

    That of the spec, or that which is known of its provider.
    """
    return DnsName.parse(spec.relay) if spec.relay else known_relay(spec.provider)
