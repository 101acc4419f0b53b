"""Conditions from outcomes: pure, so that the same outcome always reads the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailseal.domain.status import ConditionStatus
from mailseal.planning.model import RecordOutcome, RecordState
from mailseal.planning.reasons import Reason

READY = "Ready"
STALLED = "Stalled"
"""True when waiting will not help: somebody has to change something (kstatus)."""
MAX_MESSAGE = 2000


@dataclass(frozen=True, slots=True)
class Statement:
    """What a condition beside Ready shall say."""

    type: str
    status: ConditionStatus
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Ready shall say."""

    ready: bool
    reason: str
    message: str
    stalled: bool = False
    """Nothing will happen until a person acts."""
    others: tuple[Statement, ...] = ()
    """Further conditions; one of a type that is not among them stays as the status has it."""


_WORST_FIRST = (
    RecordState.CONFLICT,
    RecordState.REFUSED,
    RecordState.PENDING,
    RecordState.PROPAGATING,
    RecordState.REMOVING,
)
_DEFAULT_REASONS = {
    RecordState.CONFLICT: "Conflict",
    RecordState.REFUSED: "RecordRefused",
    RecordState.PENDING: "Pending",
    RecordState.PROPAGATING: "Propagating",
    RecordState.REMOVING: "Removing",
}
_STALLING = frozenset({RecordState.CONFLICT, RecordState.REFUSED})
_STALLING_REASONS = frozenset(
    {"DeclarationMissing", "DeclarationNeeded", "PrerequisitesFailed", "PlanRefused", "DryRun"}
)
UNREADY = frozenset({Reason.WAITING_FOR_DKIM, Reason.EXPIRED})
"""Reasons for which a record that stands is not what is wanted."""


def verdict_on(records: Sequence[RecordOutcome], warnings: Iterable[str] = ()) -> Verdict:
    """Ready when every wanted record is Published and nothing is left to remove; else the worst of them.

    A DMARC record that is milder than what is asked for, since DKIM does not work, is not what is wanted, and
    neither is an NTA 7516 record whose months are over.
    """
    for state in _WORST_FIRST:
        found = [record for record in records if record.state is state]
        if found:
            return _verdict_of(state, found)
    unready = [record for record in records if record.reason in UNREADY]
    if unready:
        return _verdict_of(RecordState.PUBLISHED, unready)
    count = len(records)
    noun = "record is" if count == 1 else "records are"
    texts = [f"{count} {noun} answered by all authoritative servers", *warnings]
    return Verdict(True, "Published", "; ".join(texts))


def _verdict_of(state: RecordState, found: Sequence[RecordOutcome]) -> Verdict:
    reason = found[0].reason or _DEFAULT_REASONS[state]
    texts = dict.fromkeys(f"{record.key}: {record.message or state}" for record in found)
    stalled = state in _STALLING or reason in _STALLING_REASONS
    return Verdict(False, reason, _shortened("; ".join(texts)), stalled)


def conditions(
    verdict: Verdict, previous: Sequence[Mapping[str, Any]], generation: int, now: datetime
) -> list[dict[str, Any]]:
    """The conditions to store. A transition time moves only when the condition's status changes."""
    status = ConditionStatus.TRUE if verdict.ready else ConditionStatus.FALSE
    decided = [Statement(READY, status, verdict.reason, verdict.message)]
    if verdict.stalled:
        decided.append(Statement(STALLED, ConditionStatus.TRUE, verdict.reason, verdict.message))
    known = {str(condition.get("type")): condition for condition in previous}
    first = [_condition(statement, known.get(statement.type), generation, now) for statement in decided]
    beside = amended(previous, verdict.others, (), generation, now)
    return [*first, *(condition for condition in beside if condition["type"] not in {READY, STALLED})]


def amended(
    previous: Sequence[Mapping[str, Any]],
    others: Iterable[Statement],
    without: Collection[str],
    generation: int,
    now: datetime,
) -> list[dict[str, Any]]:
    """The conditions with `others` set and those of the types in `without` taken out; Ready comes first."""
    kept = {str(condition.get("type")): dict(condition) for condition in previous}
    for statement in others:
        kept[statement.type] = _condition(statement, kept.get(statement.type), generation, now)
    first = {READY: 0, STALLED: 1}
    ordered = sorted(kept, key=lambda kind: (first.get(kind, len(first)), kind))
    return [kept[kind] for kind in ordered if kind not in without]


def _condition(
    statement: Statement, known: Mapping[str, Any] | None, generation: int, now: datetime
) -> dict[str, Any]:
    status = str(statement.status)
    moved = known is None or known.get("status") != status or not known.get("lastTransitionTime")
    return {
        "type": statement.type,
        "status": status,
        "reason": statement.reason,
        "message": _shortened(statement.message),
        "observedGeneration": generation,
        "lastTransitionTime": timestamp(now) if moved or known is None else known["lastTransitionTime"],
    }


def is_current(status: Mapping[str, Any], generation: int) -> bool:
    """True when a stored status says Ready=True of this very generation of the spec."""
    return is_ready(status) and status.get("observedGeneration") == generation


def is_ready(status: Mapping[str, Any]) -> bool:
    """True when a stored status says Ready=True."""
    return ready_condition(status).get("status") == "True"


def ready_condition(status: Mapping[str, Any]) -> Mapping[str, Any]:
    """The condition Ready of a stored status; empty where it has none."""
    conditions: Sequence[Mapping[str, Any]] = status.get("conditions", ())
    return next((condition for condition in conditions if condition.get("type") == READY), {})


def timestamp(moment: datetime) -> str:
    """The moment as Kubernetes writes it, in whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_MESSAGE else f"{text[: MAX_MESSAGE - 2]} …"
