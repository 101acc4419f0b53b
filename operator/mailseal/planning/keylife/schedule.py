"""When keys rotate: the interval with its jitter, and the hours in which a rotation may happen.

A maintenance window is a wall-clock affair, and the wall clock is put forward and back. Each day on which a
window opens gives exactly one span of time:

- A time of day that comes twice (the clock is put back) opens the window the second time, and closes it as
  soon as it can after that: the window is never open at an hour that its spec does not name.
- A time of day that is skipped (the clock is put forward) is as much later as the clock was put forward, and
  a window whose opening is skipped is as long as on any other day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from mailseal.domain.rotation import MaintenanceWindow, RotationSpec

_DAY: Final = timedelta(days=1)
_LOOK_BACK: Final = 3
"""Days. A window spans two, and islands that crossed the date line skipped one."""
_LOOK_AHEAD: Final = 9
"""Days. A window opens at least once a week."""


def rotation_due(spec: RotationSpec, confirmed_at: datetime, seed: str, number: int) -> datetime | None:
    """When the set `number`, whose switch was confirmed at `confirmed_at`, is to be replaced.

    That is after the interval, less a part of it between nothing and `jitterPercent`. The part depends on
    `seed` and `number` only: the same after every restart, spread evenly over many seeds. None without an
    interval.
    """
    if spec.interval_span is None:
        return None
    return confirmed_at + spec.interval_span - _jitter(spec, spec.interval_span, f"{seed}\0{number}")


def window_is_open(window: MaintenanceWindow | None, moment: datetime) -> bool:
    """True when a rotation may happen at `moment`; without a window always."""
    if window is None:
        return True
    return any(span.opens <= moment < span.closes for span in _spans(window, moment))


def next_opening(window: MaintenanceWindow | None, moment: datetime) -> datetime:
    """The first moment from `moment` on at which the window is open: `moment` itself when it is."""
    if window is None or window_is_open(window, moment):
        return moment
    return min(span.opens for span in _spans(window, moment) if span.opens > moment)


@dataclass(frozen=True, slots=True)
class _Span:
    """One opening of a window, in UTC; `closes` is the first moment after it."""

    opens: datetime
    closes: datetime


def _jitter(spec: RotationSpec, interval: timedelta, key: str) -> timedelta:
    drawn = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])
    microseconds = interval // timedelta(microseconds=1) * spec.jitter_percent
    return timedelta(microseconds=microseconds * drawn // (100 << 64))


def _spans(window: MaintenanceWindow, moment: datetime) -> Iterator[_Span]:
    """The openings around `moment`: all that may hold it, and those of more than a week after it."""
    zone = ZoneInfo(window.time_zone)
    today = moment.astimezone(zone).date()
    weekdays = {day.number for day in window.days} or set(range(7))
    around = (today + _DAY * offset for offset in range(-_LOOK_BACK, _LOOK_AHEAD + 1))
    return (_span(window, zone, day) for day in around if day.weekday() in weekdays)


def _span(window: MaintenanceWindow, zone: ZoneInfo, day: date) -> _Span:
    opening = datetime.combine(day, time.fromisoformat(window.opens))
    closing = datetime.combine(day, time.fromisoformat(window.closes))
    if closing < opening:
        closing += _DAY
    opens = max(_readings(opening, zone))
    if _is_skipped(opening, zone):
        return _Span(opens, opens + (closing - opening))
    if _is_skipped(closing, zone):
        return _Span(opens, max(_readings(closing, zone)))
    return _Span(opens, min(reading for reading in _readings(closing, zone) if reading > opens))


def _readings(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The two moments in UTC that a wall-clock time may mean (PEP 495); they are the same on most days."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second


def _is_skipped(wall: datetime, zone: ZoneInfo) -> bool:
    """True for a time that no clock shows, since it is put forward: PEP 495 reads it later for fold 0."""
    first, second = _readings(wall, zone)
    return first > second
