"""The gate between plan and write: deletions beyond the zone's limit wait for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mailseal.engine.ledger import held_back
from mailseal.engine.zone import PlanRefusal, ZoneAccess, ZoneHistory
from mailseal.planning.model import (
    Claim,
    Observed,
    Owner,
    PlannedChange,
    RecordOutcome,
    RecordState,
    ZonePlan,
)
from mailseal.planning.places import Singleton, singleton_of
from mailseal.planning.plan import plan_zone
from mailseal.planning.safety import deletes_over_limit, plan_digest
from mailseal.records.rrset import RRsetKey

CONFIRM_ANNOTATION = "mailseal.dev/confirm-plan"
"""Set on the provider to the digest of a refused plan, it lets that plan's deletions through."""
REFUSAL_REASON = "PlanRefused"
"""The reason of a record that such a plan would change."""


def gate_deletions(
    access: ZoneAccess,
    scope: Sequence[Claim],
    observed: Observed,
    now: datetime,
    history: ZoneHistory,
    deleted: int,
) -> tuple[ZonePlan, PlanRefusal | None]:
    """The plan for `scope`, without the resources that would delete when deletions are over the limit.

    Leaving a resource out of a plan leaves its values as they are, so the others are not held up.
    `deleted` counts what this sync has deleted already.
    """
    plan = _plan(access, scope, observed, now)
    settings = access.settings
    deletions = [planned for planned in plan.changes if planned.deletes]
    digest = plan_digest(deletions)
    over = deletes_over_limit(
        plan.deletes + deleted + history.recent_deletes,
        max(plan.owned_values, history.owned_values) + history.recent_deletes,
        settings.delete_limit_percent,
        settings.delete_limit_from_values,
    )
    if not plan.deletes or not over or digest in settings.confirmed_plans:
        return plan, None
    held = _deleting(plan, deletions)
    owned = max(plan.owned_values, history.owned_values)
    refusal = PlanRefusal(plan.deletes, owned, deleted + history.recent_deletes, digest, held)
    rest = _plan(access, [claim for claim in scope if claim.owner not in held], observed, now)
    outcomes = {**rest.outcomes, **_held_outcomes(plan.outcomes, observed, refusal)}
    return replace(rest, outcomes=outcomes), refusal


def _deleting(plan: ZonePlan, deletions: Sequence[PlannedChange]) -> frozenset[Owner]:
    """Whose values go with nothing in their place: others may have values in the same RRsets."""
    records = [(owner, record) for owner, found in plan.outcomes.items() for record in found]
    filled = {_place(record) for _, record in records if record.state is RecordState.PUBLISHED}
    emptied = {planned.change.key for planned in deletions}
    return frozenset(
        owner
        for owner, record in records
        if record.state is RecordState.REMOVING and record.key in emptied and _place(record) not in filled
    )


def _place(record: RecordOutcome) -> tuple[RRsetKey, Singleton | None]:
    return record.key, singleton_of(record.value)


def _plan(access: ZoneAccess, scope: Sequence[Claim], observed: Observed, now: datetime) -> ZonePlan:
    settings = access.settings
    return plan_zone(
        access.zone,
        scope,
        observed,
        operator_id=settings.operator_id,
        heritage=settings.heritage,
        policy=settings.policy,
        now=now,
    )


def _held_outcomes(
    outcomes: Mapping[Owner, tuple[RecordOutcome, ...]], observed: Observed, refusal: PlanRefusal
) -> dict[Owner, tuple[RecordOutcome, ...]]:
    """What the held owners are told: what stands is Published still, the rest waits."""
    message = (
        f"the plan would delete {refusal.deletes} of {refusal.owned_values} values in the zone, over its "
        f"delete limit{refusal.recently}; to let it, set the annotation "
        f"{CONFIRM_ANNOTATION}={refusal.digest} on the provider"
    )
    return {
        owner: tuple(
            held_back(record, RecordState.PENDING, REFUSAL_REASON, message)
            if _would_change(record, observed)
            else record
            for record in outcomes.get(owner, ())
        )
        for owner in refusal.owners
    }


def _would_change(record: RecordOutcome, observed: Observed) -> bool:
    if record.state is not RecordState.PUBLISHED:
        return record.state is RecordState.REMOVING
    rrset = observed.get(record.key)
    return rrset is None or not rrset.holds(record.value)
