"""The yearly and the two-yearly review of NTA 7516 (criterion 6.4.1): when the next ones are due. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, date

from mailseal.domain.ntarecord import NtaRecordSpec, Reviews


@dataclass(frozen=True, slots=True)
class Review:
    """One of the reviews and the last day on which it is in time."""

    name: str
    field: str
    """Where in the spec its day is filled in."""
    due_on: date


def reviews_of(spec: NtaRecordSpec) -> tuple[Review, ...]:
    """The next reviews, the one that is due first at the front; none that nothing is known of."""
    return tuple(sorted(_reviews(spec), key=lambda review: review.due_on))


def overdue(spec: NtaRecordSpec, today: date) -> tuple[Review, ...]:
    """The reviews that should have been held before `today`."""
    return tuple(review for review in reviews_of(spec) if review.due_on < today)


def years_after(day: date, years: int) -> date:
    """The same day so many years later; 28 February where there is no 29 February then.

    The last day of the calendar where that is past its end.
    """
    year = day.year + years
    if year > MAXYEAR:
        return date.max
    return date(year, day.month, min(day.day, calendar.monthrange(year, day.month)[1]))


def _reviews(spec: NtaRecordSpec) -> Iterator[Review]:
    told = spec.reviews or Reviews()
    declared = spec.declaration.signed_on if spec.declaration else None
    if (last := told.yearly_on or declared) is not None:
        yield Review("yearly", "yearlyOn", years_after(last, 1))
    if (last := told.two_yearly_on or declared) is not None:
        yield Review("two-yearly", "twoYearlyOn", years_after(last, 2))
