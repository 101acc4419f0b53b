"""The circuit breaker: what opens it, what does not, and how it closes again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.providers.base import (
    AuthenticationFailed,
    ProviderError,
    RateLimited,
    Refused,
    Unavailable,
    ZoneNotFound,
    ZoneSurvey,
)
from mailseal.providers.breaker import (
    FAILURES,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    CircuitBreaker,
    CircuitOpen,
    failure_of,
    is_no_answer,
    pause_after,
)
from mailseal.records.names import DnsName

SILENT = Unavailable("no answer")
ONE, OTHER = DnsName("zorg.example"), DnsName("praktijk.example")


class Bench:
    """A breaker with a clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.suspicions = 0
        self.changes: list[bool] = []
        self.breaker = CircuitBreaker(
            on_suspicion=self._suspect,
            on_change=self.changes.append,
            clock=lambda: self.now,
            moment=lambda: datetime(2026, 3, 15, 12, tzinfo=UTC) + timedelta(seconds=self.now),
            jitter=lambda: 0.0,
        )

    def _suspect(self) -> None:
        self.suspicions += 1

    def fail(self, times: int = 1, error: ProviderError = SILENT, *, survey: bool = False) -> None:
        for _ in range(times):
            self.breaker.enter(survey=survey)
            self.breaker.failed(error, survey=survey)

    def open(self) -> None:
        self.fail(FAILURES - 1)
        self.fail(survey=True)
        assert self.breaker.is_open


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_failing_zones_alone_open_nothing_but_raise_a_suspicion(bench: Bench) -> None:
    """One broken zone of a shared backend must not suspend the zones of everybody else."""
    bench.fail(50)
    assert not bench.breaker.is_open
    assert bench.suspicions == 1
    bench.breaker.enter(survey=True)
    bench.breaker.answered(survey=True)
    bench.fail(50)
    assert not bench.breaker.is_open
    bench.now += 31
    bench.fail()
    assert bench.suspicions == 2


def test_a_survey_that_fails_after_many_failures_opens_the_circuit(bench: Bench) -> None:
    bench.fail(FAILURES - 1)
    assert bench.changes == []
    bench.fail(survey=True)
    assert bench.changes == [True]
    with pytest.raises(CircuitOpen, match=r"suspended since 2026-03-15T12:16:40Z: .* \(no answer\)"):
        bench.breaker.enter(survey=False)


def test_surveys_alone_open_it_too(bench: Bench) -> None:
    bench.fail(FAILURES - 1, survey=True)
    assert not bench.breaker.is_open
    bench.fail(survey=True)
    assert bench.breaker.is_open


def test_an_answer_in_between_ends_the_row(bench: Bench) -> None:
    bench.fail(FAILURES - 1)
    bench.breaker.enter(survey=False)
    bench.breaker.answered(survey=False)
    bench.fail(FAILURES - 1, survey=True)
    assert not bench.breaker.is_open


def test_after_a_pause_one_survey_and_nothing_else_may_try(bench: Bench) -> None:
    bench.open()
    bench.now += FIRST_PAUSE.total_seconds() - 0.1
    with pytest.raises(CircuitOpen):
        bench.breaker.enter(survey=True)
    bench.now += 0.2
    with pytest.raises(CircuitOpen):
        bench.breaker.enter(survey=False)
    bench.breaker.enter(survey=True)
    with pytest.raises(CircuitOpen):
        bench.breaker.enter(survey=True)


def test_a_survey_that_is_given_up_leaves_the_next_one_its_turn(bench: Bench) -> None:
    bench.open()
    bench.now += FIRST_PAUSE.total_seconds()
    bench.breaker.enter(survey=True)
    bench.breaker.gave_up()
    bench.breaker.enter(survey=True)


def test_a_survey_that_works_closes_it_and_one_that_fails_makes_the_pause_longer(bench: Bench) -> None:
    bench.open()
    first = bench.breaker.refusal()
    pauses = []
    for _ in range(6):
        began = bench.now
        while True:
            try:
                bench.breaker.enter(survey=True)
            except CircuitOpen:
                bench.now += 1
            else:
                break
        pauses.append(bench.now - began)
        bench.breaker.failed(Unavailable("still nothing"), survey=True)
    assert pauses == [15, 30, 60, 120, 120, 120]
    assert str(bench.breaker.refusal()) == str(first), "a message that changes is a write for each resource"
    bench.now += LONGEST_PAUSE.total_seconds()
    bench.breaker.enter(survey=True)
    bench.breaker.answered(survey=True)
    assert bench.changes == [True, False]
    bench.breaker.enter(survey=False)


def test_a_late_answer_to_an_old_call_closes_nothing(bench: Bench) -> None:
    bench.breaker.enter(survey=False)
    bench.open()
    bench.breaker.answered(survey=False)
    assert bench.breaker.is_open


def test_a_backend_that_comes_and_goes_is_left_alone_for_longer_until_it_works(bench: Bench) -> None:
    bench.open()
    bench.now += FIRST_PAUSE.total_seconds()
    bench.breaker.enter(survey=True)
    bench.breaker.answered(survey=True)
    bench.open()
    assert bench.breaker.circuit.retry_at - bench.now == 2 * FIRST_PAUSE.total_seconds()
    bench.now += 60
    bench.breaker.enter(survey=True)
    bench.breaker.answered(survey=True)
    bench.breaker.enter(survey=False)
    bench.breaker.answered(survey=False)
    bench.open()
    assert bench.breaker.circuit.retry_at - bench.now == FIRST_PAUSE.total_seconds()


def test_one_that_never_opens_lets_everything_through() -> None:
    breaker = CircuitBreaker(opens=False)
    for _ in range(2 * FAILURES):
        breaker.enter(survey=True)
        breaker.failed(SILENT, survey=True)
    assert not breaker.is_open


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (SILENT, True),
        (RateLimited("slow down"), True),
        (Refused("no"), False),
        (ZoneNotFound("no"), False),
        (AuthenticationFailed("no"), False),
    ],
)
def test_only_missing_answers_count(error: ProviderError, counts: bool) -> None:
    assert is_no_answer(error) is counts


def test_a_survey_fails_when_every_zone_is_silent_and_only_then() -> None:
    assert failure_of(ZoneSurvey((), {ONE: SILENT, OTHER: SILENT})) is SILENT
    assert failure_of(ZoneSurvey((OTHER,), {ONE: SILENT})) is None
    assert failure_of(ZoneSurvey((), {ONE: SILENT, OTHER: ZoneNotFound("no")})) is None
    assert failure_of(ZoneSurvey(())) is None


@given(st.integers(0, 10**6), st.floats(0, 1), st.none() | st.timedeltas(timedelta(0), timedelta(days=9)))
def test_pauses_stay_within_bounds_and_heed_what_the_backend_asks_for(
    pauses: int, jitter: float, asked: timedelta | None
) -> None:
    pause = pause_after(pauses, RateLimited("slow down", asked), jitter)
    assert FIRST_PAUSE * 0.74 <= pause <= LONGEST_PAUSE
    assert asked is None or pause >= min(asked, LONGEST_PAUSE)
