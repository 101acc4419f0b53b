"""Whether an NTA 7516 record may be published for the first time or renewed, by the checks that it asks for.

What stands is never touched by it. Pure: the findings come from outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mailseal.domain.prerequisites import Prerequisite, PrerequisiteMode, PrerequisiteSpec

NOT_CHECKED = "not checked yet"


class Standing(StrEnum):
    """How a prerequisite stands."""

    PASSED = "Passed"
    FAILED = "Failed"
    UNKNOWN = "Unknown"
    """Nobody answered, or nothing was checked yet."""


_VERBS: Final = {
    Standing.PASSED: ("passes", "pass"),
    Standing.FAILED: ("fails", "fail"),
    Standing.UNKNOWN: ("is not known", "are not known"),
}


@dataclass(frozen=True, slots=True)
class PrerequisiteFinding:
    """What the checks found out about one prerequisite at one domain."""

    prerequisite: Prerequisite
    standing: Standing
    says: str = ""
    """What is the matter and what to do, in words that an administrator understands; empty when it passed."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What the prerequisites say together."""

    failed: tuple[PrerequisiteFinding, ...] = ()
    """Those that are enforced and fail."""
    unknown: tuple[PrerequisiteFinding, ...] = ()
    """Those that are enforced and of which nothing is known."""
    warnings: tuple[str, ...] = ()
    """What is told and holds up nothing."""

    @property
    def is_open(self) -> bool:
        """True when nothing that is enforced is in the way."""
        return not self.failed and not self.unknown

    @property
    def message(self) -> str:
        """What is in the way and what to do; empty when the gate is open."""
        return "; ".join(_told_together((*self.failed, *self.unknown)))


def gate(wanted: Sequence[PrerequisiteSpec], findings: Iterable[PrerequisiteFinding]) -> Gate:
    """What `findings` mean for the prerequisites that are `wanted`; one without a finding is unknown."""
    known = {finding.prerequisite: finding for finding in findings}
    failed: list[PrerequisiteFinding] = []
    unknown: list[PrerequisiteFinding] = []
    warnings: list[str] = []
    for entry in wanted:
        finding = known.get(entry.check)
        if finding is not None and finding.standing is Standing.PASSED:
            continue
        if entry.mode is PrerequisiteMode.ENFORCE:
            finding = finding or PrerequisiteFinding(entry.check, Standing.UNKNOWN, NOT_CHECKED)
            (failed if finding.standing is Standing.FAILED else unknown).append(finding)
        elif finding is not None:
            warnings += _told_together([finding])
    return Gate(tuple(failed), tuple(unknown), tuple(warnings))


def _told_together(findings: Iterable[PrerequisiteFinding]) -> Iterator[str]:
    """Each cause once, with all prerequisites that it is the cause of."""
    causes: dict[tuple[Standing, str], list[Prerequisite]] = {}
    for finding in findings:
        causes.setdefault((finding.standing, finding.says), []).append(finding.prerequisite)
    for (standing, says), prerequisites in causes.items():
        *others, last = prerequisites
        names = f"{', '.join(others)} and {last}" if others else str(last)
        singular, plural = _VERBS[standing]
        yield f"{names} {plural if others else singular}" + (f": {says}" if says else "")
