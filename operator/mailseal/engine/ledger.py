"""The running account of one sync: what each resource's values have come to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from mailseal.engine.apply import Applied
from mailseal.engine.zone import PlanRefusal, ZoneOutcome
from mailseal.observing.verification import ExpectedValue, Lag
from mailseal.planning.model import (
    Claim,
    Observed,
    Owner,
    PlannedChange,
    RecordOutcome,
    RecordState,
    RememberedValue,
    ZonePlan,
)
from mailseal.providers.base import ProviderError, Raced
from mailseal.records.rrset import RRsetKey

Change = Callable[[RecordOutcome], RecordOutcome]
NOT_YET_ANSWERED = "NotYetAnswered"
"""The reason of a record that some server does not answer as expected."""
_RACED = "another writer keeps changing this RRset; trying again later"


class Ledger:
    """Collects plans, writes and verification of one sync, round after round, into one outcome."""

    def __init__(self) -> None:
        self._records: dict[Owner, tuple[RecordOutcome, ...]] = {}
        self._warnings: dict[Owner, tuple[str, ...]] = {}
        self._written: list[PlannedChange] = []
        self._orphans: set[tuple[RRsetKey, str]] = set()
        self._blocked: dict[Owner, str] = {}
        self._refusal: PlanRefusal | None = None
        self._unsettled = False
        self._dry_run = False
        self._negative_caching: timedelta | None = None
        self.failure: ProviderError | None = None

    @property
    def deletes(self) -> int:
        """Values deleted so far."""
        return sum(planned.deletes for planned in self._written)

    def record_plan(self, plan: ZonePlan, scope: Sequence[Claim], refusal: PlanRefusal | None) -> None:
        """Take over what `plan` says of the owners in `scope`."""
        owners = {claim.owner for claim in scope}
        held = refusal.owners if refusal else frozenset()
        for owner, records in plan.outcomes.items():
            if owner in owners | held:
                self._records[owner] = (*records, *self._removed_besides(owner, records))
        self._warnings |= {owner: texts for owner, texts in plan.warnings.items() if owner in owners}
        self._orphans |= {orphan for orphan in plan.orphans if not held}
        if refusal:
            self._refusal = refusal
            self._unsettled = True

    def record_vanished(self, scope: Sequence[Claim], observed: Observed) -> None:
        """Take up what a status says was published and is neither wanted nor there any more.

        The sync that removed it may have ended before all servers followed.
        """
        for claim in scope:
            records = self._records.get(claim.owner, ())
            told = {(record.key, record.value.identity) for record in records}
            vanished = (
                RecordOutcome(found.key, value, RecordState.REMOVING)
                for found in claim.remembered
                if (found.key, found.identity) not in told and not _stands(found, observed)
                for value in (found.value,)
                if value is not None
            )
            self._records[claim.owner] = (*records, *vanished)

    def block(self, owner: Owner, problem: str) -> None:
        """Leave `owner` out: a name that it needs is not the zone's own."""
        self._blocked[owner] = problem
        self._unsettled = True

    def record_dry_run(self, plan: ZonePlan) -> None:
        """Say of each value that would be written or removed that policy DryRun kept it from it."""
        self._dry_run = True
        for planned in plan.changes:
            self._mark(
                planned,
                RecordState.PENDING,
                "DryRun",
                "would be changed, but the provider's policy is DryRun",
            )

    def record_applied(self, applied: Applied) -> None:
        """Take over what became of each change of a plan."""
        self._written.extend(applied.written)
        for planned in applied.raced:
            self._mark(planned, RecordState.PENDING, Raced.reason, _RACED)
        for planned, error in applied.refused:
            self._mark(planned, RecordState.REFUSED, error.reason, str(error))
        if applied.failure:
            for planned in applied.untried:
                self._mark(planned, RecordState.PENDING, applied.failure.reason, str(applied.failure))
            self.fail(applied.failure)
        self._unsettled |= bool(applied.refused)

    def give_up(self) -> None:
        """A scope lost too many races: leave it to a later sync."""
        self._unsettled = True

    def fail(self, error: ProviderError) -> None:
        """The backend failed as a whole."""
        self.failure = error
        self._unsettled = True

    def expected(self) -> tuple[list[ExpectedValue], list[ExpectedValue]]:
        """The values that all servers shall answer, and those that none shall: what was written."""
        present = self._values_in(lambda record: record.state is RecordState.PUBLISHED)
        held = set(present)
        absent = [value for value in self._values_in(_is_removed) if value not in held]
        return present, absent

    def record_lags(self, lags: Sequence[Lag]) -> None:
        """Turn what some server does not answer as expected from Published into Propagating."""
        by_value: dict[ExpectedValue, list[Lag]] = {}
        for lag in lags:
            by_value.setdefault(lag.value, []).append(lag)
        self._unsettled |= bool(by_value)
        for owner in self._records:
            self._rewrite(owner, lambda record: _propagating(record, by_value.get(_value(record), [])))

    def record_negative_caching(self, time: timedelta | None) -> None:
        """Take over what the zone's servers say of it."""
        self._negative_caching = time

    def record_removed(self) -> None:
        """Drop the values that no server answers any more."""
        for owner, records in self._records.items():
            self._records[owner] = tuple(record for record in records if not _is_removed(record))

    def outcome(self) -> ZoneOutcome:
        """The account closed."""
        return ZoneOutcome(
            records=self._records,
            warnings=self._warnings,
            written=tuple(self._written),
            orphans=tuple(sorted(self._orphans)),
            blocked=self._blocked,
            refusal=self._refusal,
            failure=self.failure,
            dry_run=self._dry_run,
            negative_caching=self._negative_caching,
            settled=not self._unsettled,
        )

    def _removed_besides(self, owner: Owner, records: Sequence[RecordOutcome]) -> tuple[RecordOutcome, ...]:
        """What an earlier round removed: the plan of a later one no longer knows of it."""
        told = {(record.key, record.value.identity) for record in records}
        return tuple(
            record
            for record in self._records.get(owner, ())
            if _is_removed(record) and (record.key, record.value.identity) not in told
        )

    def _values_in(self, chosen: Callable[[RecordOutcome], bool]) -> list[ExpectedValue]:
        return [
            (record.key, record.value.identity)
            for records in self._records.values()
            for record in records
            if chosen(record)
        ]

    def _mark(self, planned: PlannedChange, state: RecordState, reason: str, message: str) -> None:
        """Set the state of every value that `planned` would have added or removed."""
        before = planned.change.before.identities if planned.change.before else frozenset()
        after = planned.change.after.identities if planned.change.after else frozenset()
        for owner in planned.owners:
            self._rewrite(
                owner,
                lambda record: (
                    held_back(record, state, reason, message)
                    if record.key == planned.change.key and record.value.identity in before ^ after
                    else record
                ),
            )

    def _rewrite(self, owner: Owner, change: Change) -> None:
        self._records[owner] = tuple(change(record) for record in self._records.get(owner, ()))


def held_back(record: RecordOutcome, state: RecordState, reason: str, message: str) -> RecordOutcome:
    """The record with `state`, since what was to be written for it was not.

    One that is to go stays Removing: its value still stands, and that it is ours must not be forgotten.
    """
    if record.state is RecordState.REMOVING:
        return replace(record, reason=reason, message=message)
    return replace(record, state=state, reason=reason, message=message)


def _is_removed(record: RecordOutcome) -> bool:
    """True for a value whose removal was written and is not known to lag."""
    return record.state is RecordState.REMOVING and not record.reason


def _stands(value: RememberedValue, observed: Observed) -> bool:
    rrset = observed.get(value.key)
    return rrset is not None and value.identity in rrset.identities


def _value(record: RecordOutcome) -> ExpectedValue:
    return record.key, record.value.identity


def _propagating(record: RecordOutcome, lags: Sequence[Lag]) -> RecordOutcome:
    if not lags or not (record.state is RecordState.PUBLISHED or _is_removed(record)):
        return record
    problems = dict.fromkeys(f"{lag.server} {lag.problem}" for lag in lags)
    late = held_back(record, RecordState.PROPAGATING, NOT_YET_ANSWERED, "; ".join(problems))
    return replace(late, only_silence=all(lag.silent for lag in lags))
