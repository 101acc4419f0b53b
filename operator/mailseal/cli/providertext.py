"""What a run of the conformance suite found, as text for people and as a JSON value. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.text import Text

from mailseal.cli.exits import CheckExit
from mailseal.cli.printable import printable
from mailseal.cli.providertarget import Target
from mailseal.cli.screen import counted
from mailseal.cli.table import columns
from mailseal.conformance.counting import described
from mailseal.conformance.live import Result, Verdict
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRsetKey

_STYLES: Final = {
    Verdict.PASSED: "green",
    Verdict.NOT_ABLE: "yellow",
    Verdict.INAPPLICABLE: "dim",
    Verdict.FAILED: "bold red",
    Verdict.UNDECIDED: "magenta",
}
_VERDICT_WIDTH: Final = max(map(len, Verdict))
_INDENT: Final = " " * (_VERDICT_WIDTH + 2)


@dataclass(frozen=True, slots=True)
class Report:
    """A run that is over."""

    target: Target
    base: DnsName
    results: tuple[Result, ...]
    left_behind: tuple[RRsetKey, ...]

    @property
    def exit_code(self) -> CheckExit:
        """How the command ends."""
        verdicts = {result.verdict for result in self.results}
        if Verdict.FAILED in verdicts or self.left_behind:
            return CheckExit.FAILED
        return CheckExit.UNDECIDED if Verdict.UNDECIDED in verdicts else CheckExit.PASSED


def result_lines(result: Result) -> Iterator[Text]:
    """One case: its verdict, and why it is another than passed."""
    line = Text(result.verdict.ljust(_VERDICT_WIDTH), _STYLES[result.verdict])
    line.append(f"  {result.case.id.ljust(32)}  {result.case.title}", "")
    yield line
    if result.expected:
        yield Text(f"{_INDENT}expected: {printable(result.expected)}")
    if result.found:
        label = "found: " if result.expected else ""
        yield Text(f"{_INDENT}{label}{printable(result.found)}")


def report_lines(report: Report) -> Iterator[Text]:
    """What all cases together say."""
    if costs := [cost for result in report.results for cost in result.costs]:
        yield Text("")
        rows = [
            (cost.operation, str(cost.stated), str(cost.counted.total()), described(cost.counted))
            for cost in costs
        ]
        yield from columns(("OPERATION", "STATED", "COUNTED", "REQUESTS"), rows)
    yield Text("")
    yield Text(_summary(report.results))


def _summary(results: Sequence[Result]) -> str:
    verdicts = Counter(result.verdict for result in results)
    parts = [f"{verdicts[verdict]} {verdict}" for verdict in Verdict if verdicts[verdict]]
    requests = counted(sum(result.requests for result in results), "request")
    throttled = sum(result.throttled for result in results)
    seconds = sum(result.took.total_seconds() for result in results)
    return f"{', '.join(parts)}; {requests}, {throttled} throttled, {seconds:.0f} s"


def report_value(report: Report) -> dict[str, Any]:
    """The run for programs."""
    return {
        "provider": str(report.target.resource.key),
        "type": report.target.resource.spec.backend_name,
        "zone": report.target.zone,
        "reservedName": report.base,
        "conforms": report.exit_code is CheckExit.PASSED,
        "cases": [_case(result) for result in report.results],
        "leftBehind": [{"name": key.name, "type": key.rtype} for key in report.left_behind],
    }


def _case(result: Result) -> dict[str, Any]:
    return {
        "id": result.case.id,
        "title": result.case.title,
        "verdict": result.verdict,
        "expected": result.expected,
        "found": result.found,
        "seconds": round(result.took.total_seconds(), 3),
        "requests": result.requests,
        "throttled": result.throttled,
        "costs": [
            {
                "operation": cost.operation,
                "stated": cost.stated,
                "requests": dict(sorted(cost.counted.items())),
            }
            for cost in result.costs
        ],
    }
