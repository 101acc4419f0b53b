"""The life of an NTA 7516 record over years: renewed in time, never shortened, never taken away."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.domain.prerequisites import Prerequisite
from mailseal.planning.nta_calendar import KnownDates, day_in, renewal_day
from mailseal.planning.nta_gate import PrerequisiteFinding, Standing
from mailseal.planning.nta_lifecycle import NtaDecision, NtaFacts, decide
from mailseal.planning.reasons import Reason
from mailseal.records.months import Month
from mailseal.records.nta7516 import NtaDates

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ZONES = ("Europe/Amsterdam", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC")
DAY = timedelta(days=1)


def spec_of(*, signed_on: date = date(2026, 9, 14), **fields: Any) -> NtaRecordSpec:
    return NtaRecordSpec.model_validate(
        {
            "domain": "example.nl",
            "provider_ref": {"name": "dns"},
            "provider": "zorgmail",
            "declaration": {"signed_on": signed_on, "reference": "D"},
            "prerequisites": [{"check": "DNSSEC"}],
            **fields,
        }
    )


def finding(standing: Standing) -> PrerequisiteFinding:
    return PrerequisiteFinding(Prerequisite.DNSSEC, standing, "" if standing is Standing.PASSED else "why")


def dates(start: str, end: str) -> NtaDates:
    return NtaDates(Month.parse(start), Month.parse(end))


OPEN, CLOSED = (finding(Standing.PASSED),), (finding(Standing.FAILED),)


@dataclass
class Record:
    """A record in DNS, with what the status remembers of it."""

    published: NtaDates | None = None
    rests_on: date | None = None
    history: list[NtaDates] = field(default_factory=list)

    def step(self, spec: NtaRecordSpec, facts: NtaFacts) -> NtaDecision:
        """Do what is decided, as the operator does."""
        known = KnownDates((self.published,) if self.published else (), (), self.published)
        decision = decide(spec, replace(facts, dates=known, rests_on=self.rests_on))
        if not decision.is_held_back and decision.dates != self.published:
            self.published = decision.dates
            self.rests_on = spec.declaration.signed_on if spec.declaration else None
            self.history.append(decision.dates)
        return decision


class TestTenYears:
    """One look a day, from 2026-11-24 on."""

    @pytest.mark.parametrize("zone", ZONES)
    @pytest.mark.parametrize("validity_months", [1, 2, 12, 36])
    def test_automatic_renewal_leaves_no_day_without_a_valid_record(self, zone, validity_months) -> None:
        spec = spec_of(time_zone=zone, validity_months=validity_months)
        record = Record()
        for day in range(3660):
            now = START + day * DAY
            record.step(spec, NtaFacts(now, findings=OPEN))
            assert record.published is not None
            assert record.published.covers(day_in(spec.zone_info, now))
        ends = [dates.end for dates in record.history]
        assert ends == sorted(set(ends))

    def test_three_years_are_renewed_ninety_days_before_they_end(self) -> None:
        record, renewed_on = Record(), []
        for day in range(3660):
            before = record.published
            record.step(spec_of(), NtaFacts(START + day * DAY, findings=OPEN))
            if before != record.published:
                renewed_on.append((START + day * DAY).date().isoformat())
        assert renewed_on == ["2026-11-24", "2029-09-01", "2032-07-02", "2035-05-02"]
        assert [f"{dates.start}/{dates.end}" for dates in record.history] == [
            "2026-11/2029-11",
            "2029-09/2032-09",
            "2032-07/2035-07",
            "2035-05/2038-05",
        ]

    def test_manual_renewal_takes_one_newer_declaration_each_time(self) -> None:
        record, asked = Record(), 0
        spec = spec_of(renewal="Manual")
        for day in range(3660):
            now = START + day * DAY
            decision = record.step(spec, NtaFacts(now, findings=OPEN))
            assert record.published is not None
            assert record.published.covers(now.date())
            if decision.obstacle:
                assert decision.obstacle.reason is Reason.DECLARATION_NEEDED
                asked += 1
                spec = spec_of(renewal="Manual", signed_on=now.date())
        assert asked == len(record.history) - 1 == 3


@dataclass(frozen=True)
class Step:
    """Something happens, and the operator looks."""

    days: int
    gate: Standing
    clock_agrees: bool
    wrong_by_days: int
    """How far the operator's clock is from the true one while it does not agree."""
    declares: bool
    loses_status: bool


steps = st.lists(
    st.builds(
        Step,
        days=st.integers(0, 150),
        gate=st.sampled_from(Standing),
        clock_agrees=st.booleans(),
        wrong_by_days=st.integers(-4000, 4000),
        declares=st.booleans(),
        loses_status=st.booleans(),
    ),
    min_size=1,
    max_size=40,
)
specs = st.builds(
    spec_of,
    validity_months=st.integers(1, 36),
    renew_before=st.integers(1, 1200).map(lambda days: f"{days}d"),
    renewal=st.sampled_from(["Automatic", "Manual"]),
    time_zone=st.sampled_from(ZONES),
)


@given(specs, steps)
def test_whatever_happens_a_record_is_renewed_as_soon_as_it_may_and_never_otherwise(
    spec: NtaRecordSpec, story: list[Step]
) -> None:
    record, true_now = Record(), START
    for step in story:
        true_now += step.days * DAY
        if step.declares and spec.declaration:
            declaration = {"signed_on": true_now.date() - DAY, "reference": "newer"}
            spec = NtaRecordSpec.model_validate({**spec.model_dump(), "declaration": declaration})
        if step.loses_status:
            record.rests_on = None
        now = true_now if step.clock_agrees else true_now + step.wrong_by_days * DAY
        before, rested_on = record.published, record.rests_on
        facts = NtaFacts(now, findings=(finding(step.gate),), clock_agrees=step.clock_agrees)
        record.step(spec, facts)
        assert spec.declaration is not None
        signed_on, today = spec.declaration.signed_on, day_in(spec.zone_info, now)
        may = step.clock_agrees and step.gate is Standing.PASSED and signed_on <= today
        if before is None:
            assert (record.published is not None) == may
        else:
            is_newer = signed_on > (rested_on or min(signed_on, before.start.last_day))
            may = may and (spec.renewal == "Automatic" or is_newer)
            wanted = NtaDates.starting(Month.of(today), spec.validity_months)
            is_due = today >= renewal_day(spec, before) and wanted.end > before.end
            assert record.published == (wanted if may and is_due else before)
        if record.published is not None:
            assert record.published.span_months <= spec.validity_months
        if may and record.published:
            assert record.published.covers(day_in(spec.zone_info, true_now))


@given(specs, st.integers(-13000, 23000), st.sampled_from([OPEN, CLOSED, ()]))
def test_a_clock_that_does_not_agree_publishes_nothing_and_changes_nothing(spec, wrong_by, findings) -> None:
    facts = NtaFacts(START + wrong_by * DAY, findings=findings, clock_agrees=False)
    empty, standing = Record(), Record(NtaDates.starting(Month(2026, 11), spec.validity_months))
    before = standing.published
    empty.step(spec, facts)
    decision = standing.step(spec, facts)
    assert (empty.published, standing.published) == (None, before)
    assert decision.obstacle is None or decision.obstacle.reason is not Reason.EXPIRED


@pytest.mark.parametrize(
    ("signed_on", "is_renewed"),
    [("2026-11-23", True), ("2024-02-01", True), ("2024-01-31", False), ("2023-12-01", False)],
)
def test_without_memory_a_declaration_after_the_first_month_of_the_record_is_newer(
    signed_on: str, is_renewed: bool
) -> None:
    """As on the command line, which has no status."""
    spec = spec_of(renewal="Manual", declaration={"signed_on": signed_on, "reference": "ISMS-1"})
    record = Record(dates("2024-01", "2027-01"))
    decision = record.step(spec, NtaFacts(START, findings=OPEN))
    assert (decision.dates.start == Month(2026, 11)) == is_renewed
    assert (decision.obstacle is None) == is_renewed


class TestObstacles:
    def decided(self, record: Record, now: datetime, **fields: Any) -> NtaDecision:
        facts = {"findings": OPEN, **fields}
        return record.step(spec_of(), NtaFacts(now, **facts))

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"findings": CLOSED}, Reason.PREREQUISITES_FAILED),
            ({"findings": (finding(Standing.UNKNOWN),)}, Reason.PREREQUISITES_UNKNOWN),
            ({"findings": ()}, Reason.PREREQUISITES_UNKNOWN),
            ({"clock_agrees": False}, Reason.CLOCK_UNCERTAIN),
            ({"findings": CLOSED, "clock_agrees": False}, Reason.PREREQUISITES_FAILED),
        ],
    )
    def test_hold_back_the_first_publication_and_leave_a_record_that_is_due(self, fields, reason) -> None:
        first = self.decided(Record(), START, **fields)
        assert (first.is_held_back, first.obstacle and first.obstacle.reason) == (True, reason)
        standing = Record(dates("2024-01", "2027-01"))
        due = self.decided(standing, START, **fields)
        assert (due.is_held_back, due.obstacle and due.obstacle.reason) == (False, reason)
        assert standing.published == dates("2024-01", "2027-01")

    @pytest.mark.parametrize("fields", [{"findings": CLOSED}, {"findings": ()}, {"clock_agrees": False}])
    def test_leave_a_record_that_is_not_due_alone(self, fields) -> None:
        assert self.decided(Record(dates("2026-01", "2029-01")), START, **fields).obstacle is None

    def test_of_an_expired_record_say_so_and_what_it_waits_for(self) -> None:
        decision = self.decided(Record(dates("2023-10", "2026-10")), START, findings=CLOSED)
        assert decision.obstacle is not None
        assert decision.obstacle.reason is Reason.EXPIRED
        assert "2026-10" in decision.obstacle.message
        assert "DNSSEC fails: why" in decision.obstacle.message

    def test_a_declaration_that_is_still_to_be_signed_counts_for_nothing(self) -> None:
        spec = spec_of(signed_on=date(2026, 11, 25))
        decision = Record().step(spec, NtaFacts(START, findings=OPEN))
        assert decision.is_held_back
        assert decision.obstacle is not None
        assert decision.obstacle.reason is Reason.DECLARATION_MISSING
        assert "2026-11-25, which is yet to come" in decision.obstacle.message

    def test_a_warning_holds_up_nothing_and_is_told(self) -> None:
        spec = spec_of(prerequisites=[{"check": "DNSSEC", "mode": "Warn"}])
        decision = Record().step(spec, NtaFacts(START, findings=CLOSED))
        assert (decision.is_held_back, decision.obstacle) == (False, None)
        assert decision.warnings == ("DNSSEC fails: why",)

    def test_a_prerequisite_that_only_warns_and_was_not_checked_is_not_told(self) -> None:
        spec = spec_of(prerequisites=[{"check": "DNSSEC", "mode": "Warn"}])
        assert Record().step(spec, NtaFacts(START)).warnings == ()

    def test_without_prerequisites_nothing_has_to_be_known(self) -> None:
        assert not Record().step(spec_of(prerequisites=[]), NtaFacts(START)).is_held_back


class TestCalendar:
    @pytest.mark.parametrize(
        ("end", "renew_before", "due_on"),
        [
            ("2028-02", "1d", "2028-02-28"),
            ("2028-02", "30d", "2028-01-30"),
            ("2027-02", "1w", "2027-02-21"),
            ("2028-02", "36h", "2028-02-27"),
            ("2028-02", "90d", "2027-12-01"),
            ("2028-02", "99999w", "2026-11-01"),
        ],
    )
    def test_the_renewal_day_counts_whole_days_back_from_the_last_one(
        self, end, renew_before, due_on
    ) -> None:
        found = renewal_day(spec_of(renew_before=renew_before), dates("2026-11", end))
        assert found.isoformat() == due_on

    @pytest.mark.parametrize(
        ("moment", "renews"),
        [
            (datetime(2029, 3, 1, 22, 59, tzinfo=UTC), False),
            (datetime(2029, 3, 1, 23, 0, tzinfo=UTC), True),
        ],
    )
    def test_the_day_begins_where_the_organisation_is(self, moment, renews) -> None:
        record = Record(dates("2026-05", "2029-05"))
        record.step(spec_of(renew_before="90d"), NtaFacts(moment, findings=OPEN))
        assert (record.published == dates("2029-03", "2032-03")) is renews

    def test_a_start_month_that_has_come_is_published_when_the_checks_pass(self) -> None:
        spec, record = spec_of(start_month="2027-01"), Record(dates("2026-05", "2029-05"))
        now = datetime(2027, 1, 2, tzinfo=UTC)
        blocked = record.step(spec, NtaFacts(now, findings=CLOSED))
        assert (blocked.obstacle and blocked.obstacle.reason) == Reason.PREREQUISITES_FAILED
        assert record.published == dates("2026-05", "2029-05")
        record.step(spec, NtaFacts(now, findings=OPEN))
        assert record.published == dates("2027-01", "2030-01")

    def test_a_shorter_validity_that_is_over_already_is_renewed_as_far_as_it_may(self) -> None:
        spec, record = spec_of(validity_months=1), Record(dates("2026-05", "2029-05"))
        record.step(spec, NtaFacts(START, findings=CLOSED))
        assert record.published == dates("2026-05", "2029-05")
        record.step(spec, NtaFacts(START, findings=OPEN))
        assert record.published == dates("2026-11", "2026-12")
