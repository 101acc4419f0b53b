"""Which domains are checked, and what is known of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from mailseal.checks.model import Examined
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.engine.relay import relay_of
from mailseal.kube.objects import StoredObject
from mailseal.kube.parts import domain_of
from mailseal.records.names import DnsName

CHECKED_KINDS: Final = frozenset({"MailDomain", "NtaRecord"})
"""The kinds whose domains are checked; a DkimKey adds its selectors."""
_SIGNING_STATES: Final = frozenset({"Active", "Retiring"})
"""Mail that is signed with such a key is sent or still under way."""


def mail_domains_of(resource: StoredObject) -> tuple[DnsName, ...]:
    """The mail domains that a resource is about."""
    if isinstance(resource.spec, NtaRecordSpec):
        return resource.spec.all_domains
    return (domain_of(resource),) if resource.spec else ()


def is_checked(resource: StoredObject) -> bool:
    """True for a resource that is told what the checks of its domains say."""
    return resource.key.kind in CHECKED_KINDS and resource.spec is not None and not resource.deleting


def examined_at(domain: DnsName, resources: Iterable[StoredObject]) -> Examined:
    """The domain with its selectors, relay and hosts, as `resources` have them."""
    about = [found for found in resources if domain in mail_domains_of(found) and not found.deleting]
    selectors = dict.fromkeys(selector for found in about for selector in _selectors(found))
    specs = [found.spec for found in about if isinstance(found.spec, NtaRecordSpec)]
    relay = next(filter(None, map(relay_of, specs)), None)
    hosts = dict.fromkeys(DnsName.parse(entry.host) for spec in specs for entry in spec.ntamx)
    return Examined(domain, tuple(selectors), relay, tuple(hosts))


def _selectors(resource: StoredObject) -> Iterator[str]:
    spec = resource.spec
    if isinstance(spec, MailDomainSpec):
        for entry in spec.dkim.external_selectors if spec.dkim else ():
            yield entry.selector
    elif resource.key.kind == "DkimKey":
        for key in resource.status.get("keys", ()):
            if key.get("state") in _SIGNING_STATES and key.get("selector"):
                yield str(key["selector"])
