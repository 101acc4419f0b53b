"""What each resource wants in DNS, and which RRsets must be read to plan for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.planning.heritage import heritage_key
from mailseal.planning.model import Claim, Observed
from mailseal.planning.nta_records import nta_wishes
from mailseal.planning.ownership import Ownership, leaves_values
from mailseal.planning.places import Place, Singleton, place_of
from mailseal.planning.policy_records import POLICY_SINGLETONS, held_to_dkim, policy_values, spf_warnings
from mailseal.planning.reasons import Reason
from mailseal.planning.selector_records import (
    dkim_key_wishes,
    external_keys,
    external_wishes,
    selector_keys,
)
from mailseal.planning.wishes import Scene, Wishes, joined
from mailseal.records.errors import InvalidRecord
from mailseal.records.names import InvalidName
from mailseal.records.rrset import Rdata, RRsetKey
from mailseal.records.txt import InvalidTxt, TxtData

_INVALID = (InvalidRecord, InvalidName, InvalidTxt)


def keys_of(claims: Iterable[Claim]) -> frozenset[RRsetKey]:
    """The RRsets to read before `plan_zone`, besides those that `keys_in_heritage` then finds named."""
    return frozenset(key for claim in claims for key in _keys_of(claim))


def wishes_of(claim: Claim, observed: Observed, ownership: Ownership, now: datetime) -> Wishes:
    """What `claim` wants.

    A resource that is being deleted wants nothing, but for keys whose life has not ended yet.
    """
    if leaves_values(claim) or (claim.deleting and not isinstance(claim.spec, DkimKeySpec)):
        return Wishes()
    scene = Scene(claim, observed, ownership, now)
    match claim.spec:
        case MailDomainSpec() as spec:
            return joined(_mail_domain(scene, spec))
        case DkimKeySpec():
            return joined(dkim_key_wishes(scene))
        case NtaRecordSpec() as spec:
            return _nta_record(scene, spec)


def _keys_of(claim: Claim) -> Iterator[RRsetKey]:
    yield heritage_key(claim.domain)
    for value in claim.remembered:
        yield value.key
    match claim.spec:
        case MailDomainSpec() as spec:
            yield from external_keys(spec)
            yield from (place_of(singleton, claim.domain).key for singleton in POLICY_SINGLETONS)
        case NtaRecordSpec():
            yield place_of(Singleton.NTA7516, claim.domain).key
        case DkimKeySpec():
            yield from selector_keys(claim)


def _mail_domain(scene: Scene, spec: MailDomainSpec) -> Iterator[Wishes]:
    yield from external_wishes(scene, spec)
    for singleton, make in policy_values(spec).items():
        wishes = _made(scene, place_of(singleton, scene.claim.domain), make)
        if singleton is Singleton.DMARC and spec.dmarc:
            wishes = held_to_dkim(scene, spec.dmarc, wishes)
        yield wishes
        if singleton is Singleton.SPF:
            for contribution in wishes.contributions:
                yield Wishes(warnings=spf_warnings(contribution.value))


def _nta_record(scene: Scene, spec: NtaRecordSpec) -> Wishes:
    place = place_of(Singleton.NTA7516, scene.claim.domain)
    try:
        return nta_wishes(scene, spec, place)
    except _INVALID as error:
        return _invalid(scene, place, error)


def _made(scene: Scene, place: Place, make: Callable[[], Rdata]) -> Wishes:
    try:
        return Wishes(contributions=(scene.contribute(place, make()),))
    except _INVALID as error:
        return _invalid(scene, place, error)


def _invalid(scene: Scene, place: Place, error: ValueError) -> Wishes:
    message = f"the spec makes no valid {place.singleton} record: {error}"
    return scene.hold_back(place, TxtData.of(""), Reason.INVALID_RECORD, message)
