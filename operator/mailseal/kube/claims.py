"""From stored resources to the claims that planning decides on. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from mailseal.domain.common import DeletionPolicy, RecordOwnerSpec
from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.keysources import Delegation
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.kube.dkim_secrets import SecretView
from mailseal.kube.dmarcstatus import rollout_memory
from mailseal.kube.objects import StoredObject
from mailseal.kube.remembering import nta_memory, remembered_values
from mailseal.planning.keylife.wanted import released_selectors, wanted_records
from mailseal.planning.model import Claim, DkimPublicKey
from mailseal.planning.nta_gate import PrerequisiteFinding
from mailseal.planning.places import dkim_place
from mailseal.planning.selector_records import selector_place
from mailseal.records.names import DnsName


def claim_of(
    resource: StoredObject,
    secret: SecretView | None,
    *,
    dkim_works: bool = True,
    prerequisites: tuple[PrerequisiteFinding, ...] = (),
) -> Claim | None:
    """The claim of a resource, or of a part of one; None while its spec is invalid.

    `dkim_works`: some selector of its domain does. `prerequisites`: what was found out at its domain. Whether
    the clock agrees with another one is for the caller to say: here it does not.
    """
    spec = resource.spec
    if not isinstance(spec, MailDomainSpec | DkimKeySpec | NtaRecordSpec):
        return None
    nta = nta_memory(resource.status, spec.domain_name)
    claim = Claim(
        owner=resource.owner,
        spec=spec,
        deleting=resource.wants_nothing,
        remembered=tuple(remembered_values(resource.status)),
        nta_dates=nta.dates,
        nta_rests_on=nta.declared_on,
        nta_prerequisites=prerequisites,
        clock_agrees=False,
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


def rival_of(
    resource: StoredObject,
    others: Iterable[StoredObject],
    is_assigned: Callable[[StoredObject], bool] = lambda resource: False,
) -> StoredObject | None:
    """Who goes first: of the same kind and domain, in another namespace, through another provider.

    Two claims through one provider meet in its plan. Through different providers they never would, and one
    namespace could take another's domain. Within one namespace it is split-horizon DNS and left alone.
    Any number of DkimKeys may share a domain: they meet at a selector only.

    The older goes first. But one to whose namespace an administrator has assigned the domain (`is_assigned`)
    goes before all that have taken it: anybody can make a provider that says it serves a domain.
    """
    if not isinstance(resource.spec, RecordOwnerSpec) or isinstance(resource.spec, DkimKeySpec):
        return None

    def precedence(claimant: StoredObject) -> tuple[bool, datetime, str]:
        return (not is_assigned(claimant), *claimant.owner.precedence)

    first = [
        other
        for other in others
        if other.key.kind == resource.key.kind
        and other.key.namespace != resource.key.namespace
        and other.provider_key != resource.provider_key
        and precedence(other) < precedence(resource)
        and not other.deleting
    ]
    return min(first, key=precedence, default=None)
