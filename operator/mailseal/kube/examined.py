"""Which domains are checked, and what is known of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, Final

from mailseal.checks.model import Examined
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.engine.examining import SIGNING_STATES, joined, said_by
from mailseal.kube.objects import StoredObject
from mailseal.kube.parts import domain_of
from mailseal.records.names import DnsName

CHECKED_KINDS: Final = frozenset({"MailDomain", "NtaRecord"})
"""The kinds whose domains are checked; a DkimKey adds its selectors."""


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
    return reduce(joined, (_said_by(found, domain) for found in about), Examined(domain))


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


def _said_by(resource: StoredObject, domain: DnsName) -> Examined:
    if isinstance(resource.spec, MailDomainSpec | NtaRecordSpec):
        return said_by(resource.spec, domain)
    keys = resource.status.get("keys", ()) if resource.key.kind == "DkimKey" else ()
    return Examined(domain, tuple(str(key["selector"]) for key in keys if _signs(key)))


def _signs(key: Mapping[str, Any]) -> bool:
    return key.get("state") in SIGNING_STATES and bool(key.get("selector"))
