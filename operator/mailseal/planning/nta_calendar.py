"""Which months an NTA 7516 record has now, and which it is to have next.

A record counts by months where the organisation is. Its months are decided once, when it is first published,
and stay until renewal: neither a change of provider nor a lost status moves them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.records.months import Month
from mailseal.records.nta7516 import NtaDates


@dataclass(frozen=True, slots=True)
class KnownDates:
    """All months that bear on a record."""

    published: tuple[NtaDates, ...] = ()
    """Those of the resource's own records that stand."""
    similar: tuple[NtaDates, ...] = ()
    """Those of other records that stand and are equal but for them."""
    remembered: NtaDates | None = None
    """Those in the status."""

    def is_foreign(self, dates: NtaDates) -> bool:
        """True for those of a record that stands and is not the resource's own."""
        return dates in self.similar and dates not in self.published


@dataclass(frozen=True, slots=True)
class Months:
    """The months that a record is to have, and those that it keeps until it may get them."""

    wanted: NtaDates
    kept: NtaDates | None
    """What may stand without anybody's leave, valid or over; None when nothing stands and nothing did."""

    @property
    def are_due(self) -> bool:
        """True when other months than the kept ones are wanted: a first publication or a renewal."""
        return self.wanted != self.kept


def day_in(zone: ZoneInfo, now: datetime) -> date:
    """The calendar day in `zone` at `now`, which must have a time zone."""
    return now.astimezone(zone).date()


def months_of(spec: NtaRecordSpec, known: KnownDates, today: date) -> Months:
    """The months of the record that `spec` wants.

    Kept are, in this order: the dates that are published for the resource, valid or over; the dates of
    similar records and those remembered, both while valid today. Dates earlier than a wanted start month that
    has come, or longer than the wanted validity, are kept only for want of better ones; a shorter validity
    keeps the start month where that still covers today.

    Wanted are other dates when none are kept, when the kept ones no longer fit the spec, or when they are due
    for renewal: from this month on then, and only if they end later than those that are kept. A similar
    record of somebody else's is taken over first, and renewed once it is the resource's.

    Raises `InvalidRecord` for months past the calendar.
    """
    fitting = _best_fitting(spec, known, today)
    if fitting is not None:
        stays = known.is_foreign(fitting) or not is_due(spec, fitting, today)
        return Months(fitting if stays else _renewed(spec, fitting, today), fitting)
    own = max(known.published, key=lambda dates: dates.end, default=None)
    if own is None:
        return Months(_first(spec, today), None)
    moved = NtaDates.starting(max(own.start, spec.first_month or own.start), spec.validity_months)
    if not moved.covers(today):
        return Months(_first(spec, today), own)
    return Months(moved, moved if moved.end <= own.end else own)


def is_due(spec: NtaRecordSpec, dates: NtaDates, today: date) -> bool:
    """True when a record with these dates is to be renewed."""
    return today >= renewal_day(spec, dates)


def renewal_day(spec: NtaRecordSpec, dates: NtaDates) -> date:
    """The first day on which a record with these dates is renewed, not before it is valid."""
    longest = (dates.last_day - dates.first_day).days
    return dates.last_day - timedelta(days=min(spec.renew_before_days, longest))


def _best_fitting(spec: NtaRecordSpec, known: KnownDates, today: date) -> NtaDates | None:
    own = sorted(_fitting(spec, known.published, today), key=lambda dates: dates.end, reverse=True)
    remembered = [known.remembered] if known.remembered else []
    others = _fitting(spec, [*known.similar, *remembered], today)
    valid = [dates for dates in (*own, *others) if dates.covers(today)]
    return next(iter((*valid, *own)), None)


def _fitting(spec: NtaRecordSpec, candidates: Iterable[NtaDates], today: date) -> list[NtaDates]:
    """The candidates that the spec allows. A start month to come takes nothing away before it comes."""
    wanted = spec.first_month
    earliest = wanted if wanted and wanted.first_day <= today else None
    return [
        dates
        for dates in candidates
        if dates.span_months <= spec.validity_months and (earliest is None or dates.start >= earliest)
    ]


def _renewed(spec: NtaRecordSpec, kept: NtaDates, today: date) -> NtaDates:
    """The dates from this month on; those that are kept where they would end no later."""
    dates = NtaDates.starting(Month.of(today), spec.validity_months)
    return dates if dates.end > kept.end else kept


def _first(spec: NtaRecordSpec, today: date) -> NtaDates:
    """From the wanted start month on, or from this month where those would be over."""
    dates = NtaDates.starting(spec.first_month or Month.of(today), spec.validity_months)
    if dates.last_day < today:
        return NtaDates.starting(Month.of(today), spec.validity_months)
    return dates
