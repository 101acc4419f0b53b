"""How rotations are written: spans of time, windows, and what stands when nothing is written."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.durations import parse_duration
from mailseal.domain.rotation import Confirmation, RevocationMethod, Weekday
from mailseal.domain.specs import InvalidSpec, parse_spec
from support.manifests import spec_of


def dkim_key(**changes: object) -> DkimKeySpec:
    spec = parse_spec("DkimKey", spec_of("DkimKey", changes))
    assert isinstance(spec, DkimKeySpec)
    return spec


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0s", timedelta(0)),
        ("90s", timedelta(seconds=90)),
        ("10m", timedelta(minutes=10)),
        ("36h", timedelta(hours=36)),
        ("180d", timedelta(days=180)),
        ("99999w", timedelta(weeks=99999)),
    ],
)
def test_reads_a_span_of_time(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span


@given(text=st.text(st.sampled_from("0123456789smhdwyWM -.+٣"), max_size=7))
def test_every_span_that_a_spec_takes_can_be_read(text: str) -> None:
    """The pattern of the CRD and the reader agree on what is a span."""
    try:
        spec = dkim_key(rotation={"retireAfter": text})
    except InvalidSpec:
        digits, unit = text[:-1], text[-1:]
        is_number = digits.isascii() and digits.isdigit() and len(digits) <= 5
        assert not is_number or digits.startswith("0") or unit not in set("smhdw")
    else:
        assert spec.rotation.retirement == parse_duration(text)


@pytest.mark.parametrize("text", ["", "d", "10", "1.5h", "-1d", "1d ", "100000s", "1y"])
def test_says_what_is_no_span_of_time(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number and a unit"):
        parse_duration(text)


def test_replaces_keys_only_when_asked_unless_told_otherwise() -> None:
    rotation = dkim_key().rotation
    assert (rotation.interval_span, rotation.window) == (None, None)
    assert (rotation.retirement, rotation.propagation) == (timedelta(days=7), timedelta(minutes=10))
    assert rotation.confirmation is Confirmation.PROPAGATION


def test_revokes_with_an_empty_key_and_shows_no_private_key_unless_told_otherwise() -> None:
    revocation = dkim_key().revocation
    assert (revocation.method, revocation.keep_span) == (RevocationMethod.EMPTY_KEY, timedelta(days=30))
    assert not revocation.publish_private_key


def test_reads_a_window() -> None:
    written = {"days": ["Saturday", "Sunday"], "from": "22:00", "to": "04:00", "timeZone": "UTC"}
    window = dkim_key(rotation={"window": written}).rotation.window
    assert window is not None
    assert (window.days, window.time_zone) == ((Weekday.SATURDAY, Weekday.SUNDAY), "UTC")
    assert (window.opens, window.closes) == ("22:00", "04:00")


def test_a_window_is_written_by_the_names_that_it_is_read_by() -> None:
    window = dkim_key(rotation={"window": {"from": "22:00", "to": "04:00"}}).rotation.window
    assert window is not None
    assert window.model_dump(by_alias=True) == {
        "days": (),
        "from": "22:00",
        "to": "04:00",
        "timeZone": "Europe/Amsterdam",
    }


@pytest.mark.parametrize("zone", ["Europe/Amstrdam", "Mars/Olympus", "Europe/", "America/Indiana"])
def test_refuses_a_time_zone_that_only_the_database_tells_from_a_good_one(zone: str) -> None:
    window = {"from": "22:00", "to": "04:00", "timeZone": zone}
    with pytest.raises(InvalidSpec, match=r"spec\.rotation\.window\.timeZone: write a time zone of the IANA"):
        dkim_key(rotation={"window": window})


@pytest.mark.parametrize("day", Weekday)
def test_days_are_numbered_as_dates_number_them(day: Weekday) -> None:
    monday = date(2026, 11, 23)
    assert (monday + timedelta(days=day.number)).strftime("%A") == day
