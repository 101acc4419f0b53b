"""From results and resources to the report. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from mailseal.checks.model import DomainResult, Finding, Outcome, Subject, worst
from mailseal.checks.serialize import CheckedDomain
from mailseal.records.names import DnsName
from mailseal.reporting.actions import actions_of
from mailseal.reporting.criteria import MEASURED, REVIEWED
from mailseal.reporting.model import DomainSection, Report, ReportHead, SeenSelector
from mailseal.reporting.resources import Resources
from mailseal.reporting.spans import spans_of

NO_RESOURCES: Final = Resources()
_OPEN: Final = frozenset({Outcome.FAIL, Outcome.UNKNOWN, Outcome.WARN})
_KEY_LABEL: Final = "._domainkey."


def build_report(
    checked: Iterable[CheckedDomain], head: ReportHead, resources: Resources = NO_RESOURCES
) -> Report:
    """The report of `head.made_at`. Domains stand in the order of their names, whatever order they come in.

    Of two results of one domain the later one counts. A domain that only a resource names has a section,
    too, and is unknown.
    """
    latest = _latest(checked)
    results = [one.result for one in latest]
    today = head.made_at.date()
    sections = tuple(_sections(latest, resources, today))
    return Report(
        head=head,
        sections=sections,
        counts=_counts(sections),
        actions=actions_of(results, resources.records, today),
        spans=spans_of(results, resources.records, head.made_at),
        keys=resources.keys,
        selectors=tuple(selector for result in results for selector in _selectors(result)),
        records=resources.records,
        unread=resources.unread,
    )


def _latest(checked: Iterable[CheckedDomain]) -> list[CheckedDomain]:
    latest: dict[DnsName, CheckedDomain] = {}
    for one in checked:
        known = latest.get(one.result.domain)
        if known is None or known.checked_at <= one.checked_at:
            latest[one.result.domain] = one
    return [latest[domain] for domain in sorted(latest)]


def _sections(checked: Sequence[CheckedDomain], resources: Resources, today: date) -> Iterator[DomainSection]:
    results = {one.result.domain: one for one in checked}
    kept: dict[DnsName, list[Outcome]] = {entry.domain: [] for entry in resources.keys}
    for record in resources.records:
        kept.setdefault(record.domain, []).append(record.outcome_on(today))
    for number, domain in enumerate(sorted(results.keys() | kept.keys()), start=1):
        yield _section(domain, f"domain-{number}", results.get(domain), kept.get(domain, ()))


def _section(
    domain: DnsName, anchor: str, one: CheckedDomain | None, kept: Sequence[Outcome]
) -> DomainSection:
    """`kept` is how the NtaRecords of the domain stand."""
    findings = one.result.findings if one else ()
    cells = {criterion.number: _cell(findings, criterion.number) for criterion in MEASURED}
    cells[REVIEWED] = _worst(*kept, cells[REVIEWED])
    seen = worst(findings) if one else Outcome.UNKNOWN
    return DomainSection(
        domain=domain,
        anchor=anchor,
        checked_at=one.checked_at if one else None,
        outcome=_outcome(_worst(seen, *kept) or seen),
        cells=cells,
        open=_ordered(finding for finding in findings if finding.outcome in _OPEN),
        settled=_ordered(finding for finding in findings if finding.outcome not in _OPEN),
    )


def _cell(findings: Iterable[Finding], criterion: str) -> Outcome | None:
    measured = tuple(finding for finding in findings if criterion in finding.check.criteria)
    return _outcome(worst(measured)) if measured else None


def _worst(*outcomes: Outcome | None) -> Outcome | None:
    known = (outcome for outcome in outcomes if outcome is not None)
    return max(known, key=lambda outcome: outcome.severity, default=None)


def _outcome(outcome: Outcome) -> Outcome:
    """Nothing that applies is nothing that is wrong."""
    return Outcome.PASS if outcome is Outcome.SKIP else outcome


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    order = tuple(Subject)
    return tuple(
        sorted(findings, key=lambda found: (-found.outcome.severity, order.index(found.check.subject)))
    )


def _counts(sections: Sequence[DomainSection]) -> dict[Outcome, int]:
    kinds = (Outcome.PASS, Outcome.WARN, Outcome.UNKNOWN, Outcome.FAIL)
    return {kind: sum(section.outcome is kind for section in sections) for kind in kinds}


def _selectors(result: DomainResult) -> Iterator[SeenSelector]:
    """The selectors that findings name, with the worst that was said of each."""
    seen: dict[str, list[Finding]] = {selector: [] for selector in result.examined.selectors}
    for finding in result.about(Subject.DKIM):
        selector, label, _ = finding.values.get("name", "").partition(_KEY_LABEL)
        if label:
            seen.setdefault(selector, []).append(finding)
    for selector, findings in seen.items():
        outcome = worst(tuple(findings)) if findings else Outcome.UNKNOWN
        yield SeenSelector(result.domain, selector, outcome)
