"""Conditions from outcomes: pure, so that the same outcome always reads the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailseal.planning.model import RecordOutcome, RecordState

READY = "Ready"
STALLED = "Stalled"
"""True when waiting will not help: somebody has to change something (kstatus)."""
MAX_MESSAGE = 2000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Ready shall say."""

    ready: bool
    reason: str
    message: str
    stalled: bool = False
    """Nothing will happen until a person acts."""


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
_STALLING_REASONS = frozenset({"DeclarationMissing", "PlanRefused", "DryRun"})


def verdict_on(records: Sequence[RecordOutcome], warnings: Iterable[str] = ()) -> Verdict:
    """Ready when every wanted record is Published and nothing is left to remove; else the worst of them."""
    for state in _WORST_FIRST:
        found = [record for record in records if record.state is state]
        if found:
            return _verdict_of(state, found)
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
    known = {condition.get("type"): condition for condition in previous}
    wanted = [(READY, "True" if verdict.ready else "False")]
    if verdict.stalled:
        wanted.append((STALLED, "True"))
    return [_condition(kind, status, verdict, known.get(kind), generation, now) for kind, status in wanted]


def _condition(
    kind: str, status: str, verdict: Verdict, known: Mapping[str, Any] | None, generation: int, now: datetime
) -> dict[str, Any]:
    moved = known is None or known.get("status") != status or not known.get("lastTransitionTime")
    return {
        "type": kind,
        "status": status,
        "reason": verdict.reason,
        "message": _shortened(verdict.message),
        "observedGeneration": generation,
        "lastTransitionTime": timestamp(now) if moved or known is None else known["lastTransitionTime"],
    }


def is_current(status: Mapping[str, Any], generation: int) -> bool:
    """True when a stored status says Ready=True of this very generation of the spec."""
    return is_ready(status) and status.get("observedGeneration") == generation


def is_ready(status: Mapping[str, Any]) -> bool:
    """True when a stored status says Ready=True."""
    return any(
        condition.get("type") == READY and condition.get("status") == "True"
        for condition in status.get("conditions", ())
    )


def timestamp(moment: datetime) -> str:
    """The moment as Kubernetes writes it, in whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_MESSAGE else f"{text[: MAX_MESSAGE - 2]} …"
