"""What one resource wants, and everything that its wishes depend on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mailseal.domain.common import Adoption
from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.planning.model import Claim, Contribution, Observed, RecordOutcome, RecordState
from mailseal.planning.ownership import Ownership, Stake
from mailseal.planning.places import Place, Singleton, singleton_of
from mailseal.planning.reasons import Reason
from mailseal.records.rrset import Rdata


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
        """The wish for `value` at `place`. What leads verifiers to a key never takes the place of another."""
        leads_to_key = place.singleton is Singleton.DKIM or isinstance(self.claim.spec, DkimKeySpec)
        return Contribution(
            owner=self.claim.owner,
            key=place.key,
            value=value,
            ttl_seconds=self.claim.spec.ttl_seconds,
            singleton=place.singleton,
            replace_foreign=self.claim.spec.adoption is Adoption.REPLACE and not leads_to_key,
            replace_own=not leads_to_key,
            reason=reason,
            message=message,
        )

    def hold_back(self, place: Place, would_be: Rdata, reason: Reason, message: str) -> Wishes:
        """Keep what is published for the resource as it stands; publish nothing where nothing is.

        Of several values the last one stays, which is the NTA 7516 record that begins last.
        """
        standing = self.own_values(place)
        if standing:
            return Wishes(contributions=(self.contribute(place, standing[-1], reason, message),))
        return Wishes(pending=(RecordOutcome(place.key, would_be, RecordState.PENDING, reason, message),))


def joined(parts: Iterable[Wishes]) -> Wishes:
    """All wishes of one resource."""
    gathered = list(parts)
    return Wishes(
        tuple(contribution for part in gathered for contribution in part.contributions),
        tuple(outcome for part in gathered for outcome in part.pending),
        tuple(warning for part in gathered for warning in part.warnings),
    )
