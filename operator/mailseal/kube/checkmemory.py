"""What the operator remembers of the live checks: what is not in order, per domain and subject.

Only that, since whole findings of ten thousand domains would not fit into the memory of a Pod.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from mailseal.checks.model import DomainResult, Examined, Finding, Outcome, Subject, worst
from mailseal.engine.prerequisites import findings_in, told_of, unknown_findings
from mailseal.kube.examined import looks_at_the_same
from mailseal.planning.nta_gate import PrerequisiteFinding
from mailseal.records.names import DnsName

MAX_MESSAGE: Final = 500
CHECKS_ARE_OFF: Final = (
    "the operator runs without live checks (--no-checks, operator.checks.enabled of the chart). Turn them "
    "on, or set the mode of the prerequisite to Warn"
)
NOT_AFTER: Final = "not_after"
"""The value of findings about certificates that says, as ISO 8601, when the certificate ends."""
_IN_ORDER: Final = frozenset({Outcome.PASS, Outcome.SKIP})


@dataclass(frozen=True, slots=True)
class Trouble:
    """One finding that is not in order, as a status shows it."""

    check: str
    outcome: Outcome
    domain: DnsName
    target: str
    message: str

    @property
    def subject(self) -> str:
        """The subject of the check."""
        return subject_of(self.check)

    @property
    def place(self) -> tuple[str, str]:
        """The check and what it looked at."""
        return (self.check, self.target)

    @property
    def rank(self) -> tuple[int, str, str, str, str]:
        """The worst first, and always in the same order."""
        return (-self.outcome.severity, self.domain, self.check, self.target, self.message)


@dataclass(frozen=True, slots=True)
class SubjectReport:
    """What the checks of one subject said."""

    outcome: Outcome
    """The worst one."""
    troubles: tuple[Trouble, ...] = ()
    decided: frozenset[tuple[str, str]] = frozenset()
    """The checks that were decided, well or not, each with its target."""

    def completed(self, known: tuple[Trouble, ...]) -> SubjectReport:
        """This with what was `known` of the checks that it could not decide."""
        fresh = [each for each in self.troubles if each.outcome is not Outcome.UNKNOWN]
        kept = [each for each in known if each.place not in self.decided]
        ordered = tuple(sorted({*fresh, *kept}, key=lambda trouble: trouble.rank))
        outcome = max((each.outcome for each in ordered), key=_severity, default=Outcome.PASS)
        return SubjectReport(outcome, ordered, self.decided)

    @property
    def is_conclusive(self) -> bool:
        """True when everything could be decided."""
        return all(trouble.outcome is not Outcome.UNKNOWN for trouble in self.troubles)

    @property
    def fails(self) -> bool:
        """True when a check fails, whatever is unknown besides."""
        return self.outcome is Outcome.FAIL


@dataclass(frozen=True, slots=True)
class Report:
    """One run of the checks of a domain, in short."""

    subjects: Mapping[Subject, SubjectReport]
    prerequisites: tuple[PrerequisiteFinding, ...] = ()
    certificates: Mapping[str, datetime] = field(default_factory=dict)
    """When the certificate of each mail server ends."""
    examined: Examined | None = None
    """What was looked at."""

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """All that is not in order."""
        return tuple(trouble for report in self.subjects.values() for trouble in report.troubles)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that was known can not be decided any more."""

    since: datetime
    runs: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What is held to be true of a domain."""

    report: Report
    at: datetime
    """When the last run ended."""
    doubts: Mapping[Subject, Doubt] = field(default_factory=dict)
    """The subjects that the last run could not decide."""
    prerequisite_doubt: Doubt | None = None
    """The same for what prerequisites rest on."""
    withheld: frozenset[Subject] = frozenset()
    """Those among the doubts of which nothing was known before, for now: another run may tell."""


class CheckMemory:
    """The last results of all domains."""

    def __init__(self, *, enabled: bool = True) -> None:
        self._known: dict[DnsName, Checked] = {}
        self._unknown = () if enabled else unknown_findings(CHECKS_ARE_OFF)

    def get(self, domain: DnsName) -> Checked | None:
        """What is known of the domain."""
        return self._known.get(domain)

    def put(self, domain: DnsName, checked: Checked) -> bool:
        """Remember it; True when a prerequisite stands otherwise than before, or says something else.

        What was said of other hosts does not count.
        """
        before = self.prerequisites(domain, checked.report.examined)
        self._known[domain] = checked
        return before != checked.report.prerequisites

    def forget(self, domain: DnsName) -> None:
        """Drop what is known of the domain."""
        self._known.pop(domain, None)

    def prerequisites(self, domain: DnsName, examined: Examined | None) -> tuple[PrerequisiteFinding, ...]:
        """How the prerequisites of its NTA 7516 record stand; one that is missing is unknown.

        Nothing is known while the relay or the hosts are others than those in `examined`.
        """
        known = self._known.get(domain)
        if known is None or not looks_at_the_same(known.report.examined, examined):
            return self._unknown
        return known.report.prerequisites

    def domains(self) -> Iterator[tuple[DnsName, Checked]]:
        """All that is known."""
        yield from self._known.items()


def _severity(outcome: Outcome) -> int:
    return outcome.severity


def subject_of(check: str) -> str:
    """The subject in the id of a check."""
    return check.partition(".")[0]


def condensed(result: DomainResult) -> Report:
    """What is kept of a run."""
    subjects = {
        subject: _subject_report(result.domain, result.about(subject))
        for subject in Subject
        if result.about(subject)
    }
    return Report(subjects, findings_in(result), _certificates(result.findings), result.examined)


def _subject_report(domain: DnsName, findings: tuple[Finding, ...]) -> SubjectReport:
    troubles = {_trouble(domain, finding) for finding in findings if finding.outcome not in _IN_ORDER}
    decided = frozenset(
        (each.check.id, each.target) for each in findings if each.outcome is not Outcome.UNKNOWN
    )
    ordered = tuple(sorted(troubles, key=lambda trouble: trouble.rank))
    return SubjectReport(worst(findings), ordered, decided)


def _trouble(domain: DnsName, finding: Finding) -> Trouble:
    message = told_of(finding)
    if len(message) > MAX_MESSAGE:
        message = f"{message[: MAX_MESSAGE - 2]} …"
    return Trouble(finding.check.id, finding.outcome, domain, finding.target, message)


def _certificates(findings: Iterable[Finding]) -> Mapping[str, datetime]:
    """When the first certificate of each host ends, as the findings about certificates say."""
    ends: dict[str, datetime] = {}
    for finding in findings:
        if finding.check.subject in {Subject.MX, Subject.NTAMX}:
            with suppress(KeyError, ValueError):
                end = datetime.fromisoformat(finding.values[NOT_AFTER])
                ends[finding.target] = min(end, ends.get(finding.target, end))
    return ends
