"""What ends when: NTA records as the cluster keeps them or as the checks saw them, and certificates. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Final

from mailseal.checks.model import DomainResult, Finding, Subject
from mailseal.records.errors import InvalidRecord
from mailseal.records.months import Month
from mailseal.records.names import DnsName
from mailseal.reporting.model import NtaEntry, Span, SpanKind, Urgency

_NTA_DATES: Final = "nta7516.dates"
_CERTIFICATES: Final = frozenset({f"{Subject.MX}.certificate", f"{Subject.NTAMX}.certificate"})
_END: Final = "not_after"
"""The value of findings on certificates that says in ISO 8601 when they end."""


def spans_of(results: Iterable[DomainResult], records: Iterable[NtaEntry], now: datetime) -> tuple[Span, ...]:
    """All spans, the first to end first; days are those of the time zone of `now`.

    What the cluster says of a record goes before what was seen. Of several certificates of a host that which
    ends first counts.
    """
    found: dict[tuple[SpanKind, str], Span] = {}
    for record in records:
        if record.expires_on:
            start = record.start.first_day if record.start else None
            span = _record(record.domain, start, record.expires_on, now.date())
            found.setdefault((span.kind, span.name), span)
    for span in _seen(results, now):
        known = found.setdefault((span.kind, span.name), span)
        if span.kind is SpanKind.CERTIFICATE and span.last_day < known.last_day:
            found[span.kind, span.name] = span
    return tuple(sorted(found.values(), key=lambda span: (span.last_day, span.kind, span.name)))


def urgency_of(days_left: int) -> Urgency:
    """How near the end is, when so many days are left; the last day itself has 0."""
    if days_left < 0:
        return Urgency.OVER
    if days_left <= 30:
        return Urgency.WITHIN_30_DAYS
    return Urgency.WITHIN_90_DAYS if days_left <= 90 else Urgency.LATER


def _record(domain: DnsName, start: date | None, last_day: date, today: date) -> Span:
    days_left = (last_day - today).days
    return Span(SpanKind.NTA_RECORD, domain, start, last_day, days_left, urgency_of(days_left), domain)


def _certificate(host: str, domain: DnsName, last_day: date, today: date) -> Span:
    days_left = (last_day - today).days
    return Span(SpanKind.CERTIFICATE, host, None, last_day, days_left, urgency_of(days_left), domain)


def _seen(results: Iterable[DomainResult], now: datetime) -> Iterator[Span]:
    for result in results:
        for finding in result.findings:
            if finding.check.id == _NTA_DATES and (months := _months(finding)):
                yield _record(result.domain, months[0].first_day, months[1].last_day, now.date())
            elif finding.check.id in _CERTIFICATES and (last_day := _last_day(finding, now)):
                yield _certificate(finding.target, result.domain, last_day, now.date())


def _months(finding: Finding) -> tuple[Month, Month] | None:
    """The first and the last month that a finding tells; None where they are no months."""
    try:
        return Month.parse(finding.values["start"]), Month.parse(finding.values["end"])
    except (KeyError, InvalidRecord):
        return None


def _last_day(finding: Finding, now: datetime) -> date | None:
    """The day on which the certificate ends; None where the finding does not tell."""
    try:
        return datetime.fromisoformat(finding.values[_END]).astimezone(now.tzinfo).date()
    except (KeyError, ValueError, OverflowError):
        return None
