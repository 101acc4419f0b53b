"""What each resource wants in DNS, and which RRsets must be read to plan for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from mailseal.domain.common import Adoption
from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.planning.heritage import can_be_recorded, heritage_key
from mailseal.planning.model import (
    Claim,
    Contribution,
    DkimPublicKey,
    Observed,
    RecordOutcome,
    RecordState,
    Singleton,
)
from mailseal.planning.nta_records import DECLARE, EXPIRED, nta_value
from mailseal.planning.ownership import Ownership, Stake
from mailseal.planning.places import Place, dkim_place, place_of, singleton_of
from mailseal.planning.policy_records import POLICY_SINGLETONS, policy_values, spf_warnings
from mailseal.planning.reasons import Reason
from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName, InvalidName
from mailseal.records.rrset import Rdata, RRsetKey
from mailseal.records.txt import InvalidTxt, TxtData

_INVALID = (InvalidRecord, InvalidName, InvalidTxt)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one resource wants now."""

    contributions: tuple[Contribution, ...] = ()
    pending: tuple[RecordOutcome, ...] = ()
    """Values that it would want, but for something that the user must do first."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that one resource's wishes depend on."""

    claim: Claim
    observed: Observed
    ownership: Ownership
    now: datetime

    def own_values(self, place: Place) -> tuple[Rdata, ...]:
        """The resource's own values of the place's kind that stand there."""
        rrset = self.observed.get(place.key)
        held = self.ownership.held_values(rrset, Stake.of(self.claim)) if rrset else ()
        own = (value for value in held if singleton_of(value) is place.singleton)
        return tuple(sorted(own, key=lambda value: value.identity))

    def contribute(self, place: Place, value: Rdata, reason: str = "", message: str = "") -> Contribution:
        """The wish for `value` at `place`."""
        return Contribution(
            owner=self.claim.owner,
            key=place.key,
            value=value,
            ttl_seconds=self.claim.spec.ttl_seconds,
            singleton=place.singleton,
            replace_foreign=self.claim.spec.adoption is Adoption.REPLACE,
            replace_own=place.singleton is not Singleton.DKIM,
            reason=reason,
            message=message,
        )

    def hold_back(self, place: Place, would_be: Rdata, reason: Reason, message: str) -> Wishes:
        """Keep what is published for the resource as it stands; publish nothing where nothing is."""
        standing = self.own_values(place)
        if standing:
            return Wishes(contributions=(self.contribute(place, standing[0], reason, message),))
        return Wishes(pending=(RecordOutcome(place.key, would_be, RecordState.PENDING, reason, message),))


def keys_of(claims: Iterable[Claim]) -> frozenset[RRsetKey]:
    """The RRsets to read before `plan_zone`, besides those that `keys_in_heritage` then finds named."""
    return frozenset(key for claim in claims for key in _keys_of(claim))


def wishes_of(claim: Claim, observed: Observed, ownership: Ownership, now: datetime) -> Wishes:
    """What `claim` wants. A resource that is being deleted wants nothing."""
    if claim.deleting:
        return Wishes()
    scene = Scene(claim, observed, ownership, now)
    match claim.spec:
        case MailDomainSpec() as spec:
            return _joined(_mail_domain(scene, spec))
        case DkimKeySpec():
            return _joined([*_dkim_keys(scene), *_dkim_keys_without_secret(scene)])
        case NtaRecordSpec() as spec:
            return _nta_record(scene, spec)


def _keys_of(claim: Claim) -> Iterator[RRsetKey]:
    yield heritage_key(claim.domain)
    for value in claim.remembered:
        if can_be_recorded(value.key, claim.domain):
            yield value.key
    match claim.spec:
        case MailDomainSpec():
            yield from (place_of(singleton, claim.domain).key for singleton in POLICY_SINGLETONS)
        case NtaRecordSpec():
            yield place_of(Singleton.NTA7516, claim.domain).key
        case DkimKeySpec():
            yield from (place.key for place in _dkim_places(claim))


def _dkim_places(claim: Claim) -> Iterator[Place]:
    places = (_dkim_place(key, claim.domain) for key in claim.dkim_keys)
    return (place for place in places if place is not None)


def _dkim_place(key: DkimPublicKey, domain: DnsName) -> Place | None:
    """Where a key of the Secret stands; None when somebody gave it a selector that no name can hold."""
    try:
        place = dkim_place(key.selector, domain)
    except InvalidName:
        return None
    return place if can_be_recorded(place.key, domain) else None


def _mail_domain(scene: Scene, spec: MailDomainSpec) -> Iterator[Wishes]:
    for singleton, make in policy_values(spec).items():
        wishes = _made(scene, place_of(singleton, scene.claim.domain), make)
        yield wishes
        if singleton is Singleton.SPF:
            for contribution in wishes.contributions:
                yield Wishes(warnings=spf_warnings(contribution.value))


def _dkim_keys(scene: Scene) -> Iterator[Wishes]:
    for key in scene.claim.dkim_keys:
        place = _dkim_place(key, scene.claim.domain)
        if place is None:
            warning = (
                f"the selector {key.selector!r} in the Secret makes no valid name; the key is not published"
            )
            yield Wishes(warnings=(warning,))
        else:
            yield Wishes(contributions=(scene.contribute(place, TxtData.of(key.record)),))


def _dkim_keys_without_secret(scene: Scene) -> Iterator[Wishes]:
    """Keys that are published but not in the Secret stay: mail signed with them may still be under way."""
    wanted = {place.key for place in _dkim_places(scene.claim)}
    for key in sorted(set(scene.observed) - wanted):
        for value in scene.own_values(Place(key, Singleton.DKIM)):
            message = (
                f"{key.name} stays published although the Secret holds no private key for it, since mail "
                "signed with it may still be under way; it is removed with this resource"
            )
            place = Place(key, Singleton.DKIM)
            yield Wishes(contributions=(scene.contribute(place, value, Reason.KEY_NOT_IN_SECRET, message),))


def _nta_record(scene: Scene, spec: NtaRecordSpec) -> Wishes:
    place = place_of(Singleton.NTA7516, scene.claim.domain)
    try:
        wanted = nta_value(
            spec,
            own=scene.own_values(place),
            rrset=scene.observed.get(place.key),
            remembered=scene.claim.nta_dates,
            now=scene.now,
        )
    except _INVALID as error:
        return _invalid(scene, place, error)
    if spec.declaration is None:
        return scene.hold_back(place, wanted.value, Reason.DECLARATION_MISSING, DECLARE)
    if not wanted.is_over:
        return Wishes(contributions=(scene.contribute(place, wanted.value),))
    if scene.own_values(place):
        return Wishes(contributions=(scene.contribute(place, wanted.value, Reason.EXPIRED, EXPIRED),))
    return scene.hold_back(place, wanted.value, Reason.EXPIRED, EXPIRED)


def _made(scene: Scene, place: Place, make: Callable[[], Rdata]) -> Wishes:
    try:
        return Wishes(contributions=(scene.contribute(place, make()),))
    except _INVALID as error:
        return _invalid(scene, place, error)


def _invalid(scene: Scene, place: Place, error: ValueError) -> Wishes:
    message = f"the spec makes no valid {place.singleton} record: {error}"
    return scene.hold_back(place, TxtData.of(""), Reason.INVALID_RECORD, message)


def _joined(parts: Iterable[Wishes]) -> Wishes:
    gathered = list(parts)
    return Wishes(
        tuple(contribution for part in gathered for contribution in part.contributions),
        tuple(outcome for part in gathered for outcome in part.pending),
        tuple(warning for part in gathered for warning in part.warnings),
    )
