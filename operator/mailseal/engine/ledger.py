"""The running account of one sync: what each resource's values have come to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from mailseal.engine.apply import Applied
from mailseal.engine.zone import PlanRefusal, ZoneOutcome
from mailseal.observing.verification import ExpectedValue, Lag
from mailseal.planning.model import Claim, Owner, PlannedChange, RecordOutcome, RecordState, ZonePlan
from mailseal.providers.base import ProviderError, Raced
from mailseal.records.rrset import RRsetKey

Change = Callable[[RecordOutcome], RecordOutcome]


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
        self.failure: ProviderError | None = None

    @property
    def deletes(self) -> int:
        """Values deleted so far."""
        return sum(planned.deletes for planned in self._written)

    def record_plan(self, plan: ZonePlan, scope: Sequence[Claim], refusal: PlanRefusal | None) -> None:
        """Take over what `plan` says of the owners in `scope`."""
        owners = {claim.owner for claim in scope}
        held = refusal.owners if refusal else frozenset()
        self._records |= {
            owner: records for owner, records in plan.outcomes.items() if owner in owners | held
        }
        self._warnings |= {owner: texts for owner, texts in plan.warnings.items() if owner in owners}
        self._orphans |= {orphan for orphan in plan.orphans if not held}
        if refusal:
            self._refusal = refusal
            self._unsettled = True

    def block(self, owner: Owner, problem: str) -> None:
        """Leave `owner` out: a name that it needs is not the zone's own."""
        self._blocked[owner] = problem
        self._unsettled = True

    def record_dry_run(self, plan: ZonePlan) -> None:
        """Say of each value that would be written or removed that policy DryRun kept it from it."""
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
        for planned, error in applied.refused:
            self._mark(planned, RecordState.REFUSED, error.reason, str(error))
        if applied.failure:
            for planned in applied.untried:
                self._mark(planned, RecordState.PENDING, applied.failure.reason, str(applied.failure))
            self.fail(applied.failure)
        self._unsettled |= bool(applied.refused)

    def give_up(self, scope: Sequence[Claim]) -> None:
        """Leave `scope` to a later sync: it lost too many races."""
        message = "another writer keeps changing this RRset; trying again later"
        for claim in scope:
            self._rewrite(claim.owner, lambda record: _unless_settled(record, Raced.reason, message))
        self._unsettled = True

    def fail(self, error: ProviderError) -> None:
        """The backend failed as a whole."""
        self.failure = error
        self._unsettled = True

    def expected(self) -> tuple[list[ExpectedValue], list[ExpectedValue]]:
        """The values that all servers shall answer, and those that none shall."""
        present = self._values_in(RecordState.PUBLISHED)
        held = set(present)
        absent = [value for value in self._values_in(RecordState.REMOVING) if value not in held]
        return present, absent

    def record_lags(self, lags: Sequence[Lag]) -> None:
        """Turn what some server does not answer as expected from Published into Propagating."""
        problems: dict[RRsetKey, list[str]] = {}
        for lag in lags:
            problems.setdefault(lag.key, []).append(f"{lag.server} {lag.problem}")
        self._unsettled |= bool(problems)
        for owner in self._records:
            self._rewrite(owner, lambda record: _propagating(record, problems.get(record.key, [])))

    def record_removed(self) -> None:
        """Drop the values that no server answers any more."""
        for owner, records in self._records.items():
            self._records[owner] = tuple(
                record for record in records if record.state is not RecordState.REMOVING or record.reason
            )

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
            settled=not self._unsettled,
        )

    def _values_in(self, state: RecordState) -> list[ExpectedValue]:
        return [
            (record.key, record.value.identity)
            for records in self._records.values()
            for record in records
            if record.state is state
        ]

    def _mark(self, planned: PlannedChange, state: RecordState, reason: str, message: str) -> None:
        """Set the state of every value that `planned` would have added or removed."""
        before = planned.change.before.identities if planned.change.before else frozenset()
        after = planned.change.after.identities if planned.change.after else frozenset()
        for owner in planned.owners:
            self._rewrite(
                owner,
                lambda record: (
                    replace(record, state=state, reason=reason, message=message)
                    if record.key == planned.change.key and record.value.identity in before ^ after
                    else record
                ),
            )

    def _rewrite(self, owner: Owner, change: Change) -> None:
        self._records[owner] = tuple(change(record) for record in self._records.get(owner, ()))


def _unless_settled(record: RecordOutcome, reason: str, message: str) -> RecordOutcome:
    if record.state is not RecordState.PUBLISHED:
        return record
    return replace(record, state=RecordState.PENDING, reason=reason, message=message)


def _propagating(record: RecordOutcome, problems: Sequence[str]) -> RecordOutcome:
    if not problems or record.state not in {RecordState.PUBLISHED, RecordState.REMOVING}:
        return record
    state = RecordState.PROPAGATING if record.state is RecordState.PUBLISHED else record.state
    return replace(record, state=state, reason="NotYetAnswered", message="; ".join(problems))
