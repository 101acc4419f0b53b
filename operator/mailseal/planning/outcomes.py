"""What each resource is told about its values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailseal.planning.fates import Fate
from mailseal.planning.merge import Verdict, obstacle_of_loser
from mailseal.planning.model import Claim, Contribution, Observed, RecordOutcome, RecordState
from mailseal.planning.obstacles import Obstacle
from mailseal.planning.ownership import Ownership, Stake
from mailseal.planning.places import Place
from mailseal.planning.reasons import Reason
from mailseal.planning.wishes import Wishes

_ORPHANED = "spec.deletionPolicy is Orphan"


@dataclass(frozen=True, slots=True)
class Decisions:
    """All that was decided for a zone."""

    observed: Observed
    ownership: Ownership
    verdicts: dict[Place, Verdict]
    fates: Sequence[Fate]


def outcomes_of(claim: Claim, wishes: Wishes, decided: Decisions) -> tuple[RecordOutcome, ...]:
    """The outcomes for one resource: first what it wants, then what it held until now."""
    wanted = [_of_wish(contribution, decided) for contribution in wishes.contributions]
    told = {(outcome.key, outcome.value.identity) for outcome in wanted}
    stake = Stake.of(claim)
    past = [
        *(_of_fate(fate) for fate in decided.fates if _concerns(fate, stake)),
        *_of_released(stake, decided),
    ]
    return (
        *wanted,
        *wishes.pending,
        *(outcome for outcome in past if (outcome.key, outcome.value.identity) not in told),
    )


def _of_wish(contribution: Contribution, decided: Decisions) -> RecordOutcome:
    verdict = decided.verdicts[Place(contribution.key, contribution.singleton)]
    obstacle = _obstacle(contribution, verdict)
    if obstacle:
        return RecordOutcome(
            contribution.key, contribution.value, RecordState.CONFLICT, obstacle.reason, obstacle.message
        )
    value = verdict.granted or contribution.value
    return RecordOutcome(
        contribution.key, value, RecordState.PUBLISHED, contribution.reason, contribution.message
    )


def _obstacle(contribution: Contribution, verdict: Verdict) -> Obstacle | None:
    if contribution is verdict.winner:
        return verdict.obstacle
    return obstacle_of_loser(verdict, contribution)


def _concerns(fate: Fate, stake: Stake) -> bool:
    """True for a value that the resource held and that it has not let go of in silence."""
    if fate.granted or stake not in fate.holders:
        return False
    return stake in fate.keepers or not fate.stays


def _of_fate(fate: Fate) -> RecordOutcome:
    if not fate.stays:
        return RecordOutcome(fate.key, fate.value, RecordState.REMOVING)
    message = f"not wanted any more, but it stays, since {fate.why}"
    return RecordOutcome(fate.key, fate.value, RecordState.PUBLISHED, Reason.LEFT_IN_PLACE, message)


def _of_released(stake: Stake, decided: Decisions) -> Iterator[RecordOutcome]:
    """The values that a resource leaves behind."""
    for key, rrset in sorted(decided.observed.items()):
        for value in rrset.values:
            if stake in decided.ownership.released(key, value):
                message = f"it stays, since {_ORPHANED}"
                yield RecordOutcome(key, value, RecordState.PUBLISHED, Reason.LEFT_IN_PLACE, message)
