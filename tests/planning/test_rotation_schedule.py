"""When keys rotate: jitter that spreads, and windows that daylight saving neither loses nor doubles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailseal.domain.rotation import MaintenanceWindow, RotationSpec, Weekday
from mailseal.planning.keylife.schedule import next_opening, rotation_due, window_is_open

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MINUTE = timedelta(minutes=1)
ZONES = (
    "Europe/Amsterdam",
    "UTC",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Pacific/Apia",
)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
times_of_day = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
quarters = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))


@st.composite
def windows(
    draw: st.DrawFn, zones: tuple[str, ...] = ZONES, times: st.SearchStrategy[str] = times_of_day
) -> MaintenanceWindow:
    opens, closes = draw(st.lists(times, min_size=2, max_size=2, unique=True))
    days = draw(st.lists(st.sampled_from(Weekday), unique=True))
    return window(opens, closes, *days, zone=draw(st.sampled_from(zones)))


def window(opens: str, closes: str, *days: str, zone: str = "Europe/Amsterdam") -> MaintenanceWindow:
    fields = {"from": opens, "to": closes, "days": days, "timeZone": zone}
    return MaintenanceWindow.model_validate(fields)


def rotation(interval: str | None = "180d", jitter_percent: int = 10) -> RotationSpec:
    return RotationSpec(interval=interval, jitter_percent=jitter_percent)


def local(text: str, fold: int = 0) -> datetime:
    """A wall-clock time in Amsterdam."""
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM, fold=fold).astimezone(UTC)


def open_spans(
    given_window: MaintenanceWindow, first: datetime, last: datetime, step: timedelta = MINUTE
) -> list[tuple[str, str]]:
    """What a clock on the wall shows when the window opens and closes, by looking every `step`."""
    spans: list[tuple[str, str]] = []
    opened: datetime | None = None
    moment = first
    while moment <= last:
        is_open = window_is_open(given_window, moment)
        if is_open and opened is None:
            opened = moment
        elif not is_open and opened is not None:
            spans.append((_shown(opened), _shown(moment)))
            opened = None
        moment += step
    return spans


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(AMSTERDAM):%a %H:%M %Z}"


@given(moments, st.integers(0, 50), st.integers(1, 999), st.text(), st.integers(1, 1000))
def test_a_rotation_is_due_after_the_interval_less_at_most_the_jitter(
    confirmed: datetime, percent: int, days: int, seed: str, number: int
) -> None:
    interval = timedelta(days=days)
    due = rotation_due(rotation(f"{days}d", percent), confirmed, seed, number)
    assert due is not None
    assert confirmed + interval - interval * percent / 100 <= due <= confirmed + interval
    assert due == rotation_due(rotation(f"{days}d", percent), confirmed, seed, number)


def test_nothing_is_due_without_an_interval() -> None:
    assert rotation_due(rotation(None), NOW, "mail/a", 1) is None


def test_without_jitter_the_interval_is_exact() -> None:
    assert rotation_due(rotation("36h", 0), NOW, "mail/a", 1) == NOW + timedelta(hours=36)


@pytest.mark.parametrize(
    "drawn",
    [
        pytest.param([(f"mail/key{index}", 1) for index in range(2000)], id="many resources"),
        pytest.param([("mail/key", number) for number in range(1, 2001)], id="many sets of one resource"),
    ],
)
def test_jitter_spreads_rotations_evenly(drawn: list[tuple[str, int]]) -> None:
    """Each tenth of the jitter gets a tenth of the rotations, give or take five standard deviations."""
    tenths = [0] * 10
    for seed, number in drawn:
        due = rotation_due(rotation("100d", 10), NOW, seed, number)
        assert due is not None
        tenths[(NOW + timedelta(days=100) - due) // timedelta(days=1)] += 1
    assert sum(tenths) == 2000
    assert all(133 <= count <= 267 for count in tenths), tenths


@given(moments)
def test_without_a_window_every_moment_is_open(moment: datetime) -> None:
    assert window_is_open(None, moment)
    assert next_opening(None, moment) == moment


@given(windows(), moments)
@example(window("02:00", "03:00", "Sunday"), datetime(2026, 3, 29, 0, 59, tzinfo=UTC))
@example(window("02:00", "03:00", "Sunday"), datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
@example(window("02:00", "03:00", "Friday", zone="Pacific/Apia"), datetime(2011, 12, 30, 9, tzinfo=UTC))
@example(window("23:30", "23:15", "Saturday", zone="America/Sao_Paulo"), datetime(2018, 11, 3, tzinfo=UTC))
def test_the_next_opening_is_open_and_was_not_open_a_moment_before(
    given_window: MaintenanceWindow, moment: datetime
) -> None:
    opening = next_opening(given_window, moment)
    assert opening >= moment
    assert window_is_open(given_window, opening)
    assert opening == moment or not window_is_open(given_window, opening - timedelta(microseconds=1))


@given(windows(), moments)
@settings(max_examples=12)
def test_the_next_opening_is_the_first_open_minute_of_a_fortnight(
    given_window: MaintenanceWindow, moment: datetime
) -> None:
    """By looking at every minute, from one that is whole on any clock that the zones have."""
    moment = moment.replace(second=0, microsecond=0)
    minutes = (moment + MINUTE * count for count in range(14 * 24 * 60))
    assert next_opening(given_window, moment) == next(
        minute for minute in minutes if window_is_open(given_window, minute)
    )


@given(windows(("Europe/Amsterdam",)), moments)
def test_away_from_clock_changes_a_window_is_what_the_clock_on_the_wall_says(
    given_window: MaintenanceWindow, moment: datetime
) -> None:
    shown = moment.astimezone(AMSTERDAM)
    offsets = {(shown + timedelta(days=days)).utcoffset() for days in (-3, -2, -1, 0, 1, 2, 3)}
    if len(offsets) > 1:
        moment += timedelta(days=10)
        shown = moment.astimezone(AMSTERDAM)
    clock = f"{shown:%H:%M}"
    opens, closes = given_window.opens, given_window.closes
    before_midnight = opens <= clock and (clock < closes or closes < opens)
    after_midnight = closes < opens and clock < closes
    weekdays = {day.number for day in given_window.days} or set(range(7))
    expected = (before_midnight and shown.weekday() in weekdays) or (
        after_midnight and (shown.weekday() - 1) % 7 in weekdays
    )
    assert window_is_open(given_window, moment) is expected


@given(windows(("Europe/Amsterdam",), quarters), st.sampled_from(["2026-03-29", "2026-10-25", "2099-10-25"]))
@settings(max_examples=25)
def test_a_clock_change_neither_loses_nor_doubles_a_window(
    given_window: MaintenanceWindow, sunday: str
) -> None:
    """A window that opens on the Sunday of the change, or the evening before, opens once."""
    day = datetime.fromisoformat(sunday)
    for weekday in (Weekday.SATURDAY, Weekday.SUNDAY):
        once = window(given_window.opens, given_window.closes, weekday)
        first, last = (local(f"{day + timedelta(days=days):%Y-%m-%d}T00:00") for days in (-2, 3))
        spans = open_spans(once, first, last, timedelta(minutes=15))
        assert [span[0].split()[0] for span in spans] == [weekday[:3]]


@pytest.mark.parametrize(
    ("opens", "closes", "expected"),
    [
        ("02:00", "03:00", ("Sun 03:00 CEST", "Sun 04:00 CEST")),
        ("02:30", "03:30", ("Sun 03:30 CEST", "Sun 04:30 CEST")),
        ("02:15", "02:45", ("Sun 03:15 CEST", "Sun 03:45 CEST")),
        ("01:00", "02:30", ("Sun 01:00 CET", "Sun 03:30 CEST")),
        ("01:00", "04:00", ("Sun 01:00 CET", "Sun 04:00 CEST")),
        ("03:00", "04:00", ("Sun 03:00 CEST", "Sun 04:00 CEST")),
    ],
)
def test_a_window_on_the_day_when_the_clock_is_put_forward(
    opens: str, closes: str, expected: tuple[str, str]
) -> None:
    day = local("2026-03-29T00:00"), local("2026-03-29T23:59")
    assert open_spans(window(opens, closes, "Sunday"), *day) == [expected]


@pytest.mark.parametrize(
    ("opens", "closes", "expected"),
    [
        ("02:00", "03:00", ("Sun 02:00 CET", "Sun 03:00 CET")),
        ("02:15", "02:45", ("Sun 02:15 CET", "Sun 02:45 CET")),
        ("02:30", "03:30", ("Sun 02:30 CET", "Sun 03:30 CET")),
        ("01:00", "02:30", ("Sun 01:00 CEST", "Sun 02:30 CEST")),
        ("01:00", "04:00", ("Sun 01:00 CEST", "Sun 04:00 CET")),
        ("03:00", "04:00", ("Sun 03:00 CET", "Sun 04:00 CET")),
    ],
)
def test_a_window_on_the_day_when_the_clock_is_put_back(
    opens: str, closes: str, expected: tuple[str, str]
) -> None:
    day = local("2026-10-25T00:00"), local("2026-10-25T23:59")
    assert open_spans(window(opens, closes, "Sunday"), *day) == [expected]


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_opens() -> None:
    night = window("22:00", "04:00", "Saturday")
    week = local("2026-11-23T00:00"), local("2026-11-30T00:00")
    assert open_spans(night, *week) == [("Sat 22:00 CET", "Sun 04:00 CET")]


def test_the_moment_of_closing_is_closed() -> None:
    hour = window("02:00", "03:00")
    assert window_is_open(hour, local("2026-11-24T02:59:59.999999"))
    assert not window_is_open(hour, local("2026-11-24T03:00"))


def test_the_next_opening_may_be_a_week_ahead() -> None:
    weekly = window("02:00", "03:00", "Tuesday")
    assert next_opening(weekly, local("2026-11-24T03:00")) == local("2026-12-01T02:00")
