"""Results as text for people: one domain in full, many as a table of domains by subjects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rich.text import Text

from mailseal.checks.model import DomainResult, Finding, Language, Outcome, Subject, worst
from mailseal.checks.model import Text as Words
from mailseal.checks.serialize import CheckedDomain
from mailseal.cli.printable import printable

_MARKS: Final = {
    Outcome.PASS: Words("ok", "ok"),
    Outcome.SKIP: Words("-", "-"),
    Outcome.WARN: Words("warn", "let op"),
    Outcome.UNKNOWN: Words("?", "?"),
    Outcome.FAIL: Words("FAIL", "FOUT"),
}
_STYLES: Final = {
    Outcome.PASS: "green",
    Outcome.SKIP: "dim",
    Outcome.WARN: "yellow",
    Outcome.UNKNOWN: "magenta",
    Outcome.FAIL: "bold red",
}
_COUNTS: Final = {
    Outcome.PASS: Words("{count} in order", "{count} in orde"),
    Outcome.SKIP: Words("{count} to which nothing applies", "{count} waarvoor niets geldt"),
    Outcome.WARN: Words("{count} with warnings", "{count} met aandachtspunten"),
    Outcome.UNKNOWN: Words("{count} undecided", "{count} onbeslist"),
    Outcome.FAIL: Words("{count} that fail", "{count} met fouten"),
}
_CHECKED: Final = Words("Checked domains: {count}", "Gecontroleerde domeinen: {count}")
_DOMAIN: Final = Words("DOMAIN", "DOMEIN")
_MARK_WIDTH: Final = 6
_NOTHING_TO_DO: Final = frozenset({Outcome.PASS, Outcome.SKIP})

Print = Callable[[Iterable[Text]], None]


@dataclass(frozen=True, slots=True)
class Looks:
    """How results are shown."""

    language: Language
    subjects: tuple[Subject, ...]
    """The columns of the table."""
    domain_width: int
    """Of its first column."""
    details: bool
    """Show every finding instead of the table."""
    only_open: bool = False
    """Leave out what is in order."""


class TextWriter:
    """Prints each result as soon as it is there, and a summary at the end of several."""

    def __init__(self, show: Print, looks: Looks) -> None:
        self._show = show
        self._looks = looks
        self._outcomes: Counter[Outcome] = Counter()

    def begin(self) -> None:
        """See `ResultWriter`."""
        if not self._looks.details:
            self._show([_header(self._looks)])

    def add(self, checked: CheckedDomain) -> None:
        """See `ResultWriter`."""
        result = checked.result
        self._outcomes[result.outcome] += 1
        if self._looks.only_open and result.outcome in _NOTHING_TO_DO:
            return
        self._show(_details(result, self._looks) if self._looks.details else [_row(result, self._looks)])

    def end(self) -> None:
        """See `ResultWriter`."""
        if self._outcomes.total() != 1:
            self._show([_summary(self._outcomes, self._looks.language)])


def _header(looks: Looks) -> Text:
    cells = [
        _DOMAIN.told(looks.language).ljust(looks.domain_width),
        *(_padded(one, one) for one in looks.subjects),
    ]
    return Text("  ".join(cells).rstrip(), style="bold")


def _row(result: DomainResult, looks: Looks) -> Text:
    line = Text(printable(result.domain).ljust(looks.domain_width))
    for subject in looks.subjects:
        outcome = worst(result.about(subject))
        line.append("  ")
        line.append(_padded(_MARKS[outcome].told(looks.language), subject), _STYLES[outcome])
    line.rstrip()
    return line


def _padded(text: str, subject: Subject) -> str:
    return text.ljust(max(len(subject), _MARK_WIDTH))


def _details(result: DomainResult, looks: Looks) -> Iterator[Text]:
    mark = _MARKS[result.outcome].told(looks.language)
    yield Text.assemble((printable(result.domain), "bold cyan"), ": ", (mark, _STYLES[result.outcome]))
    for subject in looks.subjects:
        findings = [finding for finding in result.about(subject) if _is_shown(finding, looks)]
        if findings:
            yield Text(f"  {subject}", style="bold")
        for finding in findings:
            yield from _finding_lines(finding, looks.language)
    yield Text("")


def _is_shown(finding: Finding, looks: Looks) -> bool:
    return not (looks.only_open and finding.outcome in _NOTHING_TO_DO)


def _finding_lines(finding: Finding, language: Language) -> Iterator[Text]:
    """What was found, what to do, and what was seen; a finding that is in order shows no evidence."""
    mark = _MARKS[finding.outcome].told(language).ljust(_MARK_WIDTH)
    indent = " " * (len(mark) + 6)
    says = printable(finding.says(language))
    yield Text.assemble(
        "    ", (mark, _STYLES[finding.outcome]), f"  {says} ", (f"({finding.check.id})", "dim")
    )
    if finding.outcome in _NOTHING_TO_DO:
        return
    advice = printable(finding.advice(language))
    if advice:
        yield Text(f"{indent}> {advice}")
    for line in finding.evidence:
        yield Text(f"{indent}| {printable(line)}", style="dim")


def _summary(outcomes: Counter[Outcome], language: Language) -> Text:
    counts = [
        words.told(language, {"count": str(outcomes[outcome])})
        for outcome, words in _COUNTS.items()
        if outcomes[outcome]
    ]
    total = _CHECKED.told(language, {"count": str(outcomes.total())})
    return Text("; ".join((total, *counts)), style="bold")


def looks_for(
    domains: Collection[str],
    subjects: tuple[Subject, ...],
    language: Language,
    *,
    details: bool,
    only_open: bool,
) -> Looks:
    """One domain is shown in full, several as a table unless `details` says otherwise."""
    width = max((len(domain) for domain in domains), default=0)
    heading = len(_DOMAIN.told(language))
    return Looks(language, subjects, max(width, heading), details or len(domains) == 1, only_open)
