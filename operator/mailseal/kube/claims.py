"""From stored resources to the claims that planning decides on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from mailseal.domain.common import DeletionPolicy, RecordOwnerSpec
from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.keysources import Delegation
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.kube.dkim_secrets import SecretView
from mailseal.kube.dmarcstatus import rollout_memory
from mailseal.kube.objects import StoredObject
from mailseal.planning.keylife.wanted import released_selectors, wanted_records
from mailseal.planning.model import Claim, DkimPublicKey, RecordState, RememberedValue
from mailseal.planning.places import dkim_place
from mailseal.planning.selector_records import selector_place
from mailseal.records.display import parse_displayed
from mailseal.records.months import Month
from mailseal.records.names import DnsName
from mailseal.records.nta7516 import NtaDates
from mailseal.records.rrset import RecordType, RRsetKey

WRITTEN_STATES = frozenset({RecordState.PUBLISHED, RecordState.PROPAGATING, RecordState.REMOVING})
"""States of a record that say that we wrote it."""


def claim_of(resource: StoredObject, secret: SecretView | None, *, dkim_works: bool = True) -> Claim | None:
    """The resource's claim; None while its spec is invalid.

    `dkim_works`: some selector of its domain does.
    """
    spec = resource.spec
    if not isinstance(spec, MailDomainSpec | DkimKeySpec | NtaRecordSpec):
        return None
    claim = Claim(
        owner=resource.owner,
        spec=spec,
        deleting=resource.deleting,
        remembered=tuple(remembered_values(resource.status)),
        nta_dates=_nta_dates(resource.status),
        dkim_works=dkim_works,
        dmarc_rollout=rollout_memory(resource.status),
    )
    if not isinstance(spec, DkimKeySpec):
        return claim
    # The life of the keys ends before a claim does that deletes: until then it says what goes when.
    claim = replace(claim, deleting=resource.deleting and spec.deletion_policy is DeletionPolicy.ORPHAN)
    if secret is None:
        return claim
    wanted, released = wanted_records(secret.life, spec), released_selectors(secret.life, spec)
    return replace(
        claim,
        dkim_keys=() if spec.delegation else wanted,
        dkim_aliases=_aliases(wanted, spec.delegation) if spec.delegation else (),
        dkim_released=released,
        dkim_outlived=frozenset() if resource.deleting else released,
        awaits_switch=secret.life.coming is not None,
    )


def _aliases(wanted: Iterable[DkimPublicKey], delegation: Delegation) -> tuple[tuple[str, DnsName], ...]:
    """Each selector with the name that its CNAME leads to; one that makes no name there is left out."""
    domain = DnsName.parse(delegation.domain)
    places = ((key.selector, selector_place(dkim_place, key.selector, domain)) for key in wanted)
    return tuple((selector, place.key.name) for selector, place in places if place is not None)


def rival_of(resource: StoredObject, others: Iterable[StoredObject]) -> StoredObject | None:
    """The older resource of the same kind and domain in another namespace that goes through another provider.

    Two claims through one provider meet in its plan. Through different providers they never would, and one
    namespace could take another's domain. Within one namespace it is split-horizon DNS and left alone.
    Any number of DkimKeys may share a domain: they meet at a selector only.
    """
    if not isinstance(resource.spec, RecordOwnerSpec) or isinstance(resource.spec, DkimKeySpec):
        return None
    older = [
        other
        for other in others
        if other.key.kind == resource.key.kind
        and other.key.namespace != resource.key.namespace
        and other.provider_key != resource.provider_key
        and other.owner.precedence < resource.owner.precedence
        and not other.deleting
    ]
    return min(older, key=lambda other: other.owner.precedence, default=None)


def remembered_values(status: Mapping[str, Any]) -> Iterator[RememberedValue]:
    """The values that a status says were written; entries that cannot be read are nobody's."""
    for record in status.get("records", ()):
        try:
            if RecordState(record["state"]) in WRITTEN_STATES:
                rtype = RecordType(record["type"])
                key = RRsetKey(DnsName.parse(record["name"]), rtype)
                yield RememberedValue(key, parse_displayed(rtype, record["value"]).identity)
        except (KeyError, ValueError):
            continue


def _nta_dates(status: Mapping[str, Any]) -> NtaDates | None:
    try:
        return NtaDates(Month.parse(status["startMonth"]), Month.parse(status["endMonth"]))
    except (KeyError, ValueError):
        return None
