"""Which months an NTA 7516 record names: those that stand already, else new ones.

A record counts by months in the Netherlands. Its dates are decided once, when it is first published, and stay
while they are valid: neither a change of provider nor a lost status moves them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.records.months import Month
from mailseal.records.nta7516 import NtaDates

DUTCH_TIME = ZoneInfo("Europe/Amsterdam")


def dutch_day(now: datetime) -> date:
    """The calendar day in the Netherlands at `now`, which must have a time zone."""
    return now.astimezone(DUTCH_TIME).date()


def dates_to_publish(
    spec: NtaRecordSpec,
    published: Iterable[NtaDates],
    similar: Iterable[NtaDates],
    remembered: NtaDates | None,
    now: datetime,
) -> NtaDates:
    """The months of the record that `spec` wants.

    In this order: the dates that are `published` for the resource, valid or over, since renewal is a decision
    of its own; the dates of `similar` records, equal but for them, and those `remembered` in the status, both
    while valid today; else from the wanted start month, or this one, for the wanted validity. Dates earlier
    than a wanted start month that has come, or longer than the wanted validity, are not taken; a shorter
    validity keeps the start month where that covers today. So a longer validity takes effect with the next
    record, and a start month to come once it is there.

    Raises `InvalidRecord` for months past the calendar.
    """
    today = dutch_day(now)
    own = sorted(_fitting(spec, published, today), key=lambda dates: dates.end, reverse=True)
    others = [*_fitting(spec, similar, today), *_fitting(spec, [remembered] if remembered else [], today)]
    valid = [dates for dates in (*own, *others) if dates.covers(today)]
    if valid or own:
        return (valid or own)[0]
    shortened = (_shortened(spec, dates) for dates in published)
    covering = [dates for dates in shortened if dates.covers(today)]
    return covering[0] if covering else _new_dates(spec, today)


def is_over(dates: NtaDates, now: datetime) -> bool:
    """True when the last month is over in the Netherlands."""
    return dates.last_day < dutch_day(now)


def _fitting(spec: NtaRecordSpec, candidates: Iterable[NtaDates], today: date) -> list[NtaDates]:
    """The candidates that the spec allows. A start month to come takes nothing away before it comes."""
    wanted = spec.first_month
    earliest = wanted if wanted and wanted.first_day <= today else None
    return [
        dates
        for dates in candidates
        if dates.span_months <= spec.validity_months and (earliest is None or dates.start >= earliest)
    ]


def _shortened(spec: NtaRecordSpec, dates: NtaDates) -> NtaDates:
    start = max(dates.start, spec.first_month or dates.start)
    return NtaDates.starting(start, spec.validity_months)


def _new_dates(spec: NtaRecordSpec, today: date) -> NtaDates:
    return NtaDates.starting(spec.first_month or Month.of(today), spec.validity_months)
