"""Which domains are checked, and what is known of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    """The domain with its selectors, relay and hosts, as those of `resources` have them that have a say."""
    about = _with_a_say(
        [found for found in resources if domain in mail_domains_of(found) and not found.deleting]
    )
    selectors = dict.fromkeys(selector for found in about for selector in _selectors(found))
    specs = [found.spec for found in about if isinstance(found.spec, NtaRecordSpec)]
    relay = next(filter(None, map(relay_of, specs)), None)
    hosts = dict.fromkeys(DnsName.parse(entry.host) for spec in specs for entry in spec.ntamx)
    return Examined(domain, tuple(selectors), relay, tuple(hosts))


def looks_at_the_same(one: Examined | None, other: Examined | None) -> bool:
    """True where what an NTA 7516 record rests on is looked at in both: the same relay and the same hosts."""
    if one is None or other is None:
        return one is other
    return (one.domain, one.relay, set(one.ntamx)) == (other.domain, other.relay, set(other.ntamx))


def _with_a_say(about: Sequence[StoredObject]) -> Sequence[StoredObject]:
    """The oldest resource of each checked kind, and all that share the namespace or the provider of one.

    Anybody can claim a domain through a provider of their own, and is not to decide how its checks end. A
    resource that never got as far as our finalizer comes after those that did.
    """
    leaders = [
        min(found, key=lambda one: (not one.held, one.owner.precedence))
        for kind in CHECKED_KINDS
        if (found := [one for one in about if one.key.kind == kind])
    ]
    namespaces = {leader.key.namespace for leader in leaders}
    providers = {leader.provider_key for leader in leaders}
    return [one for one in about if one.key.namespace in namespaces or one.provider_key in providers]


def _selectors(resource: StoredObject) -> Iterator[str]:
    spec = resource.spec
    if isinstance(spec, MailDomainSpec):
        for entry in spec.dkim.external_selectors if spec.dkim else ():
            yield entry.selector
    elif resource.key.kind == "DkimKey":
        for key in resource.status.get("keys", ()):
            if key.get("state") in _SIGNING_STATES and key.get("selector"):
                yield str(key["selector"])
