"""Where things stand in the drawing of what ends when. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from mailseal.records.months import Month
from mailseal.reporting.model import Span, SpanKind, Urgency

WIDTH: Final = 960
LABEL_WIDTH: Final = 300
"""To the left of the time axis."""
END_WIDTH: Final = 130
"""To the right of it, for the last day."""
ROW_HEIGHT: Final = 30
HEAD_HEIGHT: Final = 34
MAX_ROWS: Final = 30
"""More are told in the table only."""
_PAST: Final = timedelta(days=184)
_MAX_FUTURE: Final = timedelta(days=5 * 366)
_MAX_TICKS: Final = 10


@dataclass(frozen=True, slots=True)
class Bar:
    """All spans that begin and end on the same days."""

    kind: SpanKind
    names: tuple[str, ...]
    last_day: date
    urgency: Urgency
    x: float
    width: float
    y: float


@dataclass(frozen=True, slots=True)
class Tick:
    """The first day of a month on the axis."""

    month: Month
    x: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """The drawing, in units of its view box."""

    height: float
    today_x: float
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]
    hidden: int
    """How many spans have no bar, since there are too many."""


def draw(spans: Sequence[Span], today: date) -> Timeline:
    """The drawing of `spans`, which are ordered by their last day."""
    groups = [tuple(group) for _, group in groupby(sorted(spans, key=_group), key=_group)]
    axis = _Axis.of(spans, today)
    bars = tuple(_bar(axis, row, group) for row, group in enumerate(groups[:MAX_ROWS]))
    return Timeline(
        height=HEAD_HEIGHT + ROW_HEIGHT * len(bars) + 6,
        today_x=axis.at(today),
        ticks=tuple(axis.ticks()),
        bars=bars,
        hidden=sum(len(group) for group in groups[MAX_ROWS:]),
    )


def _group(span: Span) -> tuple[date, SpanKind, date]:
    return span.last_day, span.kind, span.start or date.min


def _bar(axis: _Axis, row: int, group: Sequence[Span]) -> Bar:
    first = group[0]
    end = axis.at(first.last_day)
    start = min(axis.at(first.start or axis.start), end - 3)
    names = tuple(span.name for span in group)
    y = HEAD_HEIGHT + ROW_HEIGHT * row
    return Bar(first.kind, names, first.last_day, first.urgency, start, round(end - start, 1), y)


@dataclass(frozen=True, slots=True)
class _Axis:
    start: date
    end: date

    @classmethod
    def of(cls, spans: Sequence[Span], today: date) -> _Axis:
        """From half a year ago to the last end; what lies beyond is cut off."""
        last = max((span.last_day for span in spans), default=today)
        latest = min(max(last, today + _PAST), today + _MAX_FUTURE)
        return cls(today - _PAST, latest)

    def at(self, day: date) -> float:
        """The x of a day, cut to the axis."""
        part = (min(max(day, self.start), self.end) - self.start) / (self.end - self.start)
        return round(LABEL_WIDTH + part * (WIDTH - LABEL_WIDTH - END_WIDTH), 1)

    def ticks(self) -> Iterator[Tick]:
        """First days of months, at most `_MAX_TICKS`, evenly spread over whole quarters or years."""
        first, last = Month.of(self.start).plus(1), Month.of(self.end)
        count = first.months_until(last) + 1
        step = next(step for step in (1, 3, 6, 12) if count <= step * _MAX_TICKS or step == 12)
        for number in range(count):
            month = first.plus(number)
            if (month.month - 1) % step == 0:
                yield Tick(month, self.at(month.first_day))
