"""Budgets of requests: how long a request waits, and who shares."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.providers.budget import Budget, Budgets, Rate

FIVE = Rate(per_second=5, burst=5)


class Clock:
    """A clock that somebody else moves, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class SleepingClock(Clock):
    """Moves by what is slept."""

    def sleep_instead(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def sleep(seconds: float) -> None:
            self.now += seconds

        monkeypatch.setattr("mailseal.providers.budget.asyncio.sleep", sleep)


async def test_a_quiet_account_sends_its_burst_at_once_and_then_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SleepingClock()
    clock.sleep_instead(monkeypatch)
    budget = Budget(FIVE, clock)
    times = []
    for _ in range(8):
        await budget.take()
        times.append(round(clock.now - 1000.0, 6))
    assert times == [0, 0, 0, 0, 0, 0.2, 0.4, 0.6]


async def test_what_is_left_tells_of_those_who_wait() -> None:
    clock = Clock()
    budget = Budget(FIVE, clock)
    assert budget.left() == 5
    waiting = [asyncio.create_task(budget.take()) for _ in range(8)]
    await asyncio.sleep(0)
    assert budget.left() == pytest.approx(-3)
    assert budget.wait() == timedelta(seconds=0.8)
    clock.now += 10
    assert budget.left() == 5
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


@given(
    st.lists(st.floats(0, 3), max_size=80),
    st.floats(0.1, 50),
    st.integers(1, 20),
)
async def test_no_second_sees_more_than_the_burst_and_the_rate(
    pauses: list[float], per_second: float, burst: int
) -> None:
    """Whatever the pauses: between any two requests no more are sent than the bucket holds and gains."""
    clock, sent = Clock(), list[float]()
    budget = Budget(Rate(per_second, burst), clock)
    for pause in pauses:
        clock.now += pause
        sent.append(clock.now + budget.wait().total_seconds())
        budget._full_at = max(budget._full_at, clock.now) + 1 / per_second
    for first in range(len(sent)):
        for last in range(first, len(sent)):
            allowed = burst + (sent[last] - sent[first]) * per_second
            assert last - first + 1 <= allowed + 1e-3


def test_an_account_has_one_budget_whoever_asks() -> None:
    budgets = Budgets()
    assert budgets.of("route53:AKIA1", FIVE) is budgets.of("route53:AKIA1", FIVE)
    assert budgets.of("route53:AKIA1", FIVE) is not budgets.of("route53:AKIA2", FIVE)
