"""NTA 7516 records: their months, the declaration, and what stays as published."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailseal.domain.prerequisites import Prerequisite
from mailseal.planning import Claim, Reason, RecordState
from mailseal.planning.model import RememberedValue
from mailseal.planning.nta_calendar import day_in
from mailseal.planning.nta_gate import PrerequisiteFinding, Standing
from mailseal.records.months import Month
from mailseal.records.nta7516 import DUTCH_TIME, NtaDates
from mailseal.records.txt import TxtData
from support.planning_world import APEX, Settings, SimulatedZone, nta_record, outcome, settle, sync, told


def record(start: str, end: str, provider: str = "zorgmail") -> str:
    return f"v=NTA7516-1;startdate={start};enddate={end};provider={provider};ntamx=10 relay.zorgmail.nl"


def at(year: int, month: int, day: int = 15, hour: int = 12) -> Settings:
    return Settings(now=datetime(year, month, day, hour, tzinfo=UTC))


def dates(start: str, end: str) -> NtaDates:
    return NtaDates(Month.parse(start), Month.parse(end))


@pytest.mark.parametrize(
    ("spec", "now", "expected"),
    [
        ({}, at(2026, 3), record("2026-03", "2029-03")),
        ({"validity_months": 12}, at(2026, 3), record("2026-03", "2027-03")),
        ({"start_month": "2025-11"}, at(2026, 3), record("2025-11", "2028-11")),
        ({"start_month": "2026-06"}, at(2026, 3), record("2026-06", "2029-06")),
        ({}, at(2026, 12, 31, 22), record("2026-12", "2029-12")),
        ({}, at(2026, 12, 31, 23), record("2027-01", "2030-01")),
        ({}, at(2026, 6, 30, 22), record("2026-07", "2029-07")),
    ],
)
def test_a_new_record_starts_in_the_wanted_month_or_in_this_one_in_the_netherlands(
    spec: dict[str, object], now: Settings, expected: str
) -> None:
    zone = SimulatedZone()
    settle(zone, nta_record(**spec), settings=now)
    assert zone.texts() == {expected}


def test_published_dates_stay_when_time_passes_and_status_is_lost() -> None:
    zone = SimulatedZone()
    settle(zone, nta_record(), settings=at(2026, 3))
    plan = settle(zone, nta_record(), settings=at(2028, 12))
    assert zone.texts() == {record("2026-03", "2029-03")}
    assert plan.warnings == {}


def test_another_provider_keeps_the_dates() -> None:
    zone = SimulatedZone()
    settle(zone, nta_record(), settings=at(2026, 3))
    settle(zone, nta_record(provider="other"), settings=at(2027, 3))
    assert zone.texts() == {record("2026-03", "2029-03", "other")}


@pytest.mark.parametrize(
    ("found", "spec"),
    [
        (record("2024-05", "2027-05"), {}),
        (record("2024-05", "2026-06"), {}),
        (record("2025-05", "2026-06"), {"start_month": "2025-01"}),
    ],
)
def test_a_valid_foreign_record_that_differs_in_dates_only_is_adopted(
    found: str, spec: dict[str, object]
) -> None:
    zone = SimulatedZone()
    zone.put(APEX, found)
    wanted = nta_record(**spec)
    plan = settle(zone, wanted, settings=at(2026, 3))
    assert told(plan, wanted) == [(found, RecordState.PUBLISHED, "")]


def test_a_foreign_record_that_is_due_for_renewal_is_adopted_first_and_then_renewed() -> None:
    zone, found = SimulatedZone(), record("2024-05", "2026-05")
    zone.put(APEX, found)
    wanted = nta_record()
    plan = sync(zone, wanted, settings=at(2026, 3))
    assert told(plan, wanted) == [(found, RecordState.PUBLISHED, "")]
    settle(zone, wanted, settings=at(2026, 3))
    assert zone.texts() == {record("2026-03", "2029-03")}


@pytest.mark.parametrize(
    "found",
    [
        record("2022-05", "2025-05"),
        record("2026-04", "2029-04"),
        record("2024-05", "2028-05"),
        record("2024-05", "2027-05", "other"),
        "v=NTA7516;version:2019-06;expire:2019-10;provider:smartlockr;ntamx:mx.mail.de",
        "v=NTA7516-1;startdate=nonsense",
    ],
)
def test_any_other_foreign_record_is_a_conflict(found: str) -> None:
    zone = SimulatedZone()
    zone.put(APEX, found)
    wanted = nta_record()
    plan = settle(zone, wanted, settings=at(2026, 3))
    assert zone.texts() == {found}
    assert outcome(plan, wanted).reason == Reason.FOREIGN_VALUE


@pytest.mark.parametrize(
    ("remembered", "expected"),
    [
        (dates("2025-01", "2028-01"), record("2025-01", "2028-01")),
        (dates("2022-01", "2025-01"), record("2026-03", "2029-03")),
        (dates("2025-01", "2029-01"), record("2026-03", "2029-03")),
        (None, record("2026-03", "2029-03")),
    ],
)
def test_a_record_that_somebody_removed_comes_back_with_the_remembered_dates_while_they_are_valid(
    remembered: NtaDates | None, expected: str
) -> None:
    zone = SimulatedZone()
    settle(zone, replace(nta_record(), nta_dates=remembered), settings=at(2026, 3))
    assert zone.texts() == {expected}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"validity_months": 24}, record("2026-03", "2028-03")),
        ({"validity_months": 3}, record("2026-12", "2027-03")),
        ({"start_month": "2026-09"}, record("2026-09", "2029-09")),
        ({"start_month": "2026-01"}, record("2026-03", "2029-03")),
    ],
)
def test_a_changed_wish_for_months(spec: dict[str, object], expected: str) -> None:
    """A shorter validity keeps the start where it can; a later start moves it, an earlier one does not."""
    zone = SimulatedZone()
    settle(zone, nta_record(), settings=at(2026, 3))
    settle(zone, nta_record(**spec), settings=at(2026, 12))
    assert zone.texts() == {expected}


def test_a_longer_validity_waits_for_the_next_record() -> None:
    zone = SimulatedZone()
    settle(zone, nta_record(validity_months=12), settings=at(2026, 3))
    settle(zone, nta_record(validity_months=36), settings=at(2026, 4))
    assert zone.texts() == {record("2026-03", "2027-03")}


class TestDeclaration:
    def test_nothing_is_published_without_it_and_the_user_is_told_what_would_be(self) -> None:
        zone = SimulatedZone()
        wanted = nta_record(declared=False)
        plan = settle(zone, wanted)
        assert zone.rrsets == {}
        assert told(plan, wanted) == [
            (record("2026-03", "2029-03"), RecordState.PENDING, Reason.DECLARATION_MISSING)
        ]
        assert "spec.declaration" in outcome(plan, wanted).message

    def test_a_published_record_stays_as_it_is_when_it_is_taken_back(self) -> None:
        zone = SimulatedZone()
        settle(zone, nta_record())
        wanted = nta_record(declared=False, provider="other")
        plan = settle(zone, wanted)
        assert told(plan, wanted) == [
            (record("2026-03", "2029-03"), RecordState.PUBLISHED, Reason.DECLARATION_MISSING)
        ]
        assert "spec.declaration" in plan.warnings[wanted.owner][0]
        zone.put(APEX)
        settle(zone, wanted)
        assert zone.texts() == set()

    def test_of_two_records_of_ours_the_one_that_is_over_gives_way_when_it_is_taken_back(self) -> None:
        zone, over, valid = SimulatedZone(), record("2022-01", "2025-01"), record("2025-01", "2028-01")
        zone.put(APEX, over, valid)
        ours = tuple(RememberedValue(APEX, TxtData.of(text).identity) for text in (over, valid))
        settle(zone, replace(nta_record(declared=False), remembered=ours), settings=at(2026, 3))
        assert zone.texts() == {valid}

    def test_a_foreign_record_is_not_adopted_without_it(self) -> None:
        zone = SimulatedZone()
        zone.put(APEX, record("2026-03", "2029-03"))
        wanted = nta_record(declared=False)
        plan = settle(zone, wanted)
        assert outcome(plan, wanted).state is RecordState.PENDING
        assert plan.held[wanted.owner] == ()


class TestPrerequisites:
    def claimed(self, dnssec: Standing, dane: Standing = Standing.PASSED) -> Claim:
        standings = {Prerequisite.DNSSEC: dnssec, Prerequisite.DANE: dane}
        findings = tuple(PrerequisiteFinding(name, found, "do it") for name, found in standings.items())
        claimed = nta_record(prerequisites=[{"check": "DNSSEC"}, {"check": "DANE", "mode": "Warn"}])
        return replace(claimed, nta_prerequisites=findings)

    @pytest.mark.parametrize(
        ("standing", "reason"),
        [
            (Standing.FAILED, Reason.PREREQUISITES_FAILED),
            (Standing.UNKNOWN, Reason.PREREQUISITES_UNKNOWN),
        ],
    )
    def test_nothing_is_published_before_they_pass_and_the_user_is_told_which(self, standing, reason) -> None:
        zone, wanted = SimulatedZone(), self.claimed(standing)
        plan = settle(zone, wanted)
        assert zone.rrsets == {}
        assert told(plan, wanted) == [(record("2026-03", "2029-03"), RecordState.PENDING, reason)]
        assert "DNSSEC" in outcome(plan, wanted).message
        assert "do it" in outcome(plan, wanted).message

    def test_what_stands_is_kept_changed_and_repaired_whatever_they_say(self) -> None:
        zone, failing = SimulatedZone(), self.claimed(Standing.FAILED)
        settle(zone, self.claimed(Standing.PASSED), settings=at(2026, 3))
        assert told(settle(zone, failing, settings=at(2027, 3)), failing)[0][1:] == (
            RecordState.PUBLISHED,
            "",
        )
        moved = replace(failing, spec=failing.spec.model_copy(update={"provider": "other"}))
        settle(zone, moved, settings=at(2027, 3))
        assert zone.texts() == {record("2026-03", "2029-03", "other")}
        zone.put(APEX)
        settle(zone, replace(moved, nta_dates=dates("2026-03", "2029-03")), settings=at(2027, 3))
        assert zone.texts() == {record("2026-03", "2029-03", "other")}

    def test_a_foreign_record_is_adopted_whatever_they_say(self) -> None:
        zone, failing = SimulatedZone(), self.claimed(Standing.FAILED)
        zone.put(APEX, record("2025-05", "2028-05"))
        plan = settle(zone, failing)
        assert told(plan, failing) == [(record("2025-05", "2028-05"), RecordState.PUBLISHED, "")]

    def test_one_that_only_warns_is_told_beside_the_published_record(self) -> None:
        zone, wanted = SimulatedZone(), self.claimed(Standing.PASSED, Standing.FAILED)
        plan = settle(zone, wanted)
        assert zone.texts() == {record("2026-03", "2029-03")}
        assert plan.warnings[wanted.owner] == ("DANE fails: do it",)


class TestExpiry:
    def test_the_record_is_valid_through_the_last_day_of_its_last_month(self) -> None:
        zone = SimulatedZone()
        settle(zone, nta_record(), settings=at(2026, 3))
        assert settle(zone, nta_record(), settings=at(2029, 3, 31, 21)).warnings == {}

    def test_an_expired_record_that_may_not_be_renewed_stays_with_a_warning(self) -> None:
        zone = SimulatedZone()
        wanted = nta_record(renewal="Manual")
        settle(zone, wanted, settings=at(2026, 3))
        plan = settle(zone, wanted, settings=at(2029, 3, 31, 22))
        assert told(plan, wanted) == [(record("2026-03", "2029-03"), RecordState.PUBLISHED, Reason.EXPIRED)]
        assert "sign the NTA 7516 self-declaration anew" in plan.warnings[wanted.owner][0]

    def test_an_expired_record_is_renewed_at_once_when_that_is_allowed(self) -> None:
        zone = SimulatedZone()
        settle(zone, nta_record(), settings=at(2026, 3))
        settle(zone, nta_record(), settings=at(2031, 8))
        assert zone.texts() == {record("2031-08", "2034-08")}

    def test_a_later_start_month_renews_it(self) -> None:
        zone = SimulatedZone()
        settle(zone, nta_record(), settings=at(2026, 3))
        settle(zone, nta_record(start_month="2029-04"), settings=at(2029, 4))
        assert zone.texts() == {record("2029-04", "2032-04")}

    def test_a_start_month_whose_record_would_be_over_gives_way_to_this_month(self) -> None:
        zone = SimulatedZone()
        settle(zone, nta_record(start_month="2020-01"))
        assert zone.texts() == {record("2026-03", "2029-03")}

    def test_with_manual_renewal_it_waits_for_another_start_month(self) -> None:
        zone = SimulatedZone()
        wanted = nta_record(start_month="2020-01", renewal="Manual")
        plan = settle(zone, wanted)
        assert zone.rrsets == {}
        assert outcome(plan, wanted).reason == Reason.EXPIRED
        assert "spec.startMonth" in outcome(plan, wanted).message


def test_months_past_the_calendar_are_told_as_an_invalid_record() -> None:
    zone = SimulatedZone()
    wanted: Claim = nta_record(start_month="9999-12")
    plan = settle(zone, wanted)
    assert outcome(plan, wanted).state is RecordState.PENDING
    assert outcome(plan, wanted).reason == Reason.INVALID_RECORD


def test_a_start_month_to_come_leaves_what_is_published_until_it_comes() -> None:
    zone = SimulatedZone()
    settle(zone, nta_record())
    wanted = nta_record(start_month="9999-12")
    plan = settle(zone, wanted)
    assert told(plan, wanted) == [(record("2026-03", "2029-03"), RecordState.PUBLISHED, "")]


def test_the_day_is_that_of_the_netherlands() -> None:
    assert day_in(DUTCH_TIME, datetime(2026, 7, 31, 22, 30, tzinfo=UTC)).isoformat() == "2026-08-01"
