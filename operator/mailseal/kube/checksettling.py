"""What to hold true after a run of the checks: one time-out is no news. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from mailseal.checks.model import Subject
from mailseal.kube.checkmemory import Checked, Doubt, Report, SubjectReport
from mailseal.kube.examined import looks_at_the_same
from mailseal.planning.nta_gate import PrerequisiteFinding, Standing

RUNS_BEFORE_BELIEF: Final = 2
"""So many runs in a row must fail to decide something before that is told."""


def settle(before: Checked | None, report: Report, now: datetime, patience: timedelta) -> Checked:
    """What to hold true of a domain after `report`.

    A check that cannot be decided any more keeps what was known of it until two runs in a row and `patience`
    have passed. A subject of which nothing was known is withheld as long, unless something of it fails.
    """
    weighed = {
        subject: _weigh(subject, fresh, before, now, patience) for subject, fresh in report.subjects.items()
    }
    prerequisites, doubt = _prerequisites(before, report, now, patience)
    subjects = {subject: found.report for subject, found in weighed.items()}
    return Checked(
        report=replace(report, subjects=subjects, prerequisites=prerequisites),
        at=now,
        doubts={subject: found.doubt for subject, found in weighed.items() if found.doubt},
        prerequisite_doubt=doubt,
        withheld=frozenset(subject for subject, found in weighed.items() if found.is_withheld),
    )


@dataclass(frozen=True, slots=True)
class _Weighed:
    report: SubjectReport
    doubt: Doubt | None = None
    is_withheld: bool = False


def _weigh(
    subject: Subject, fresh: SubjectReport, before: Checked | None, now: datetime, patience: timedelta
) -> _Weighed:
    if fresh.is_conclusive:
        return _Weighed(fresh)
    doubt = _doubted(before.doubts.get(subject) if before else None, now)
    if _is_believed(doubt, now, patience):
        return _Weighed(fresh, doubt)
    known = before.report.subjects.get(subject) if before and subject not in before.withheld else None
    if known is None:
        return _Weighed(fresh, doubt, is_withheld=not fresh.fails)
    return _Weighed(fresh.completed(known.troubles), doubt)


def _prerequisites(
    before: Checked | None, report: Report, now: datetime, patience: timedelta
) -> tuple[tuple[PrerequisiteFinding, ...], Doubt | None]:
    """Those of `report`, but for now those of `before` where only knowledge was lost.

    What was known of other hosts says nothing of these.
    """
    fresh = report.prerequisites
    if before and not looks_at_the_same(before.report.examined, report.examined):
        before = None
    if all(finding.standing is not Standing.UNKNOWN for finding in fresh):
        return fresh, None
    doubt = _doubted(before.prerequisite_doubt if before else None, now)
    if before is None or _is_believed(doubt, now, patience):
        return fresh, doubt
    known = {finding.prerequisite: finding for finding in before.report.prerequisites}
    kept = (
        known.get(finding.prerequisite, finding) if finding.standing is Standing.UNKNOWN else finding
        for finding in fresh
    )
    return tuple(kept), doubt


def _doubted(before: Doubt | None, now: datetime) -> Doubt:
    return Doubt(before.since, before.runs + 1) if before else Doubt(now, 1)


def _is_believed(doubt: Doubt, now: datetime, patience: timedelta) -> bool:
    return doubt.runs >= RUNS_BEFORE_BELIEF and now - doubt.since >= patience
