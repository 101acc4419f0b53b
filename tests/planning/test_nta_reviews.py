"""The reviews of NTA 7516, 6.4.1: when they are due."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.planning.nta_reviews import overdue, reviews_of, years_after


def spec_of(signed_on: date | None = date(2026, 9, 14), **reviews: date) -> NtaRecordSpec:
    fields: dict[str, Any] = {"reviews": reviews}
    if signed_on:
        fields["declaration"] = {"signed_on": signed_on, "reference": "D"}
    return NtaRecordSpec.model_validate(
        {"domain": "example.nl", "provider_ref": {"name": "dns"}, "provider": "zorgmail", **fields}
    )


def due(spec: NtaRecordSpec) -> list[tuple[str, str]]:
    return [(review.field, review.due_on.isoformat()) for review in reviews_of(spec)]


def test_both_count_from_the_declaration_until_they_are_held() -> None:
    assert due(spec_of()) == [("yearlyOn", "2027-09-14"), ("twoYearlyOn", "2028-09-14")]


def test_each_counts_from_the_day_on_which_it_was_last_held() -> None:
    spec = spec_of(yearly_on=date(2028, 2, 29), two_yearly_on=date(2026, 12, 1))
    assert due(spec) == [("twoYearlyOn", "2028-12-01"), ("yearlyOn", "2029-02-28")]


def test_without_declaration_only_what_was_held_counts() -> None:
    assert due(spec_of(None)) == []
    assert due(spec_of(None, yearly_on=date(2026, 1, 31))) == [("yearlyOn", "2027-01-31")]


@pytest.mark.parametrize(("today", "fields"), [("2027-09-14", []), ("2027-09-15", ["yearlyOn"])])
def test_a_review_is_overdue_from_the_day_after(today: str, fields: list[str]) -> None:
    assert [review.field for review in overdue(spec_of(), date.fromisoformat(today))] == fields


@given(st.dates(), st.integers(1, 2))
def test_years_after_is_the_same_day_or_the_one_before_a_missing_one(day: date, years: int) -> None:
    later = years_after(day, years)
    assert later > day or later == date.max
    assert later == date.max or (later.year, later.month) == (day.year + years, day.month)
    assert later == date.max or later.day == day.day or (day.month, day.day, later.day) == (2, 29, 28)
