"""What came of each resource. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mailseal.cli.keys import KeyRing
from mailseal.cli.keytext import AGAIN, deleting_text
from mailseal.cli.notes import refusal_message
from mailseal.cli.resources import RecordResource
from mailseal.cli.zones import Unplaced, Zone
from mailseal.engine.objectkey import ObjectKey
from mailseal.engine.safety import REFUSAL_REASON
from mailseal.engine.zone import PlanRefusal, ZoneOutcome
from mailseal.planning.keylife.wanted import wanted_records
from mailseal.planning.model import RecordOutcome, RecordState
from mailseal.planning.reasons import Reason

REMOVED = "Removed"
BLOCKED = "Blocked"
FAILED = "Failed"
_GOOD = frozenset({str(RecordState.PUBLISHED), REMOVED, str(Reason.LEFT_IN_PLACE)})
_WORST_FIRST = (
    RecordState.CONFLICT,
    RecordState.REFUSED,
    RecordState.PENDING,
    RecordState.PROPAGATING,
    RecordState.REMOVING,
    RecordState.PUBLISHED,
)


@dataclass(frozen=True, slots=True)
class ResourceOutcome:
    """One resource after a sync."""

    resource: RecordResource
    state: str
    """The worst state of its records, or Removed, LeftInPlace, Blocked or Failed."""
    records: tuple[RecordOutcome, ...] = ()
    problems: tuple[str, ...] = ()
    key_ring: KeyRing | None = None
    """The keys of a DkimKey."""

    @property
    def is_good(self) -> bool:
        """True when everything that was asked for is done."""
        return self.state in _GOOD


@dataclass(frozen=True, slots=True)
class AppliedZone:
    """One zone after a sync."""

    zone: Zone
    outcome: ZoneOutcome
    resources: tuple[ResourceOutcome, ...]

    @property
    def is_done(self) -> bool:
        """True when nothing is left to do."""
        return self.outcome.settled and all(resource.is_good for resource in self.resources)


def applied_zone(
    zone: Zone, outcome: ZoneOutcome, rings: Mapping[ObjectKey, KeyRing], *, deleting: bool
) -> AppliedZone:
    """What came of the resources of one zone, and of the keys of its DkimKeys."""
    resources = tuple(
        _with_keys(_resource(resource, outcome, deleting), rings.get(resource.key))
        for resource in zone.records
    )
    return AppliedZone(zone, outcome, resources)


def failed_resources(unplaced: Iterable[Unplaced]) -> tuple[ResourceOutcome, ...]:
    """The outcomes of resources whose zone was not found."""
    return tuple(ResourceOutcome(found.resource, FAILED, (), (str(found.error),)) for found in unplaced)


def worst_state(records: Iterable[RecordOutcome]) -> RecordState:
    """The state that says most about what is left to do."""
    return min((record.state for record in records), key=_WORST_FIRST.index)


def _resource(resource: RecordResource, outcome: ZoneOutcome, deleting: bool) -> ResourceOutcome:
    owner = resource.owner
    if owner in outcome.blocked:
        return ResourceOutcome(resource, BLOCKED, (), (outcome.blocked[owner],))
    records = outcome.records.get(owner)
    if records is None:
        return ResourceOutcome(resource, FAILED, (), (str(outcome.failure or "it was not planned for"),))
    warnings = outcome.warnings.get(owner, ())
    problems = dict.fromkeys((*_problems(records, warnings, outcome.refusal), *warnings))
    return ResourceOutcome(resource, _state(records, deleting), records, tuple(problems))


def _with_keys(found: ResourceOutcome, ring: KeyRing | None) -> ResourceOutcome:
    """What the keys still wait for is said; a DkimKey that goes is not done until its keys have retired."""
    if ring is None:
        return found
    found = replace(found, key_ring=ring)
    if ring.fault:
        return replace(found, state=FAILED, problems=(*found.problems, ring.fault))
    if ring.deleting and wanted_records(ring.life, ring.spec):
        problems = (*found.problems, deleting_text(ring))
        return replace(found, state=str(RecordState.REMOVING), problems=problems)
    waiting = ring.decision().waiting_for
    text = f"the next step of its keys waits for {waiting}; {AGAIN} later"
    return replace(found, problems=(*found.problems, text)) if waiting else found


def _state(records: Sequence[RecordOutcome], deleting: bool) -> str:
    if not records:
        return REMOVED if deleting else str(RecordState.PENDING)
    state = worst_state(records)
    return str(Reason.LEFT_IN_PLACE) if deleting and state is RecordState.PUBLISHED else str(state)


def _problems(
    records: Sequence[RecordOutcome], warnings: Collection[str], refusal: PlanRefusal | None
) -> Iterator[str]:
    """What is said of single records and not among the warnings as well."""
    for record in records:
        if refusal and record.reason == REFUSAL_REASON:
            names = ", ".join(sorted(str(owner) for owner in refusal.owners))
            yield refusal_message(refusal.deletes, refusal.owned_values, refusal.digest, names)
        elif record.message and record.message not in warnings:
            yield f"{record.key}: {record.message}"
