"""Requests of a provider: repeated when throttled, bounded in time, told of."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from mailseal.providers import calls as module
from mailseal.providers.base import OutcomeUnknown, ProviderError, RateLimited, Refused, Unavailable
from mailseal.providers.budget import Budget, Rate
from mailseal.providers.calls import CallLimits, Calls
from mailseal.providers.surroundings import Surroundings


class Log:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.left: list[float] = []

    def called(self, operation: str, took: timedelta, failure: str) -> None:
        assert operation == "List"
        assert took >= timedelta(0)
        self.failures.append(failure)

    def budget_left(self, requests: float) -> None:
        self.left.append(requests)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What is slept between tries, without sleeping."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(module.asyncio, "sleep", sleep)
    return slept


def failing(*errors: ProviderError) -> Callable[[], Awaitable[str]]:
    """A request that raises each error once and then answers."""
    waiting = list(errors)

    async def request() -> str:
        if waiting:
            raise waiting.pop(0)
        return "answer"

    return request


async def test_a_throttled_request_is_sent_again_after_growing_pauses(log: Log, pauses: list[float]) -> None:
    calls = Calls(Surroundings(log=log))
    assert await calls.read("List", failing(*[RateLimited("slow down")] * 3)) == "answer"
    assert log.failures == ["RateLimited"] * 3 + [""]
    assert all(0 <= pause <= longest for pause, longest in zip(pauses, (1, 2, 4), strict=True))


async def test_the_pause_is_the_one_that_the_backend_asks_for(log: Log, pauses: list[float]) -> None:
    calls = Calls(Surroundings(log=log))
    await calls.write("List", failing(RateLimited("slow down", timedelta(seconds=3))))
    assert pauses == [3]


async def test_a_backend_that_asks_for_a_long_pause_is_left_alone(log: Log, pauses: list[float]) -> None:
    calls = Calls(Surroundings(log=log))
    with pytest.raises(RateLimited):
        await calls.read("List", failing(RateLimited("slow down", timedelta(minutes=5))))
    assert pauses == []


async def test_throttling_without_end_is_given_up_after_four_requests(log: Log, pauses: list[float]) -> None:
    calls = Calls(Surroundings(log=log))
    with pytest.raises(RateLimited):
        await calls.read("List", failing(*[RateLimited("slow down")] * 9))
    assert log.failures == ["RateLimited"] * 4


@pytest.mark.parametrize("error", [Unavailable("down"), OutcomeUnknown("lost"), Refused("no")])
async def test_no_other_error_is_repeated(log: Log, pauses: list[float], error: ProviderError) -> None:
    calls = Calls(Surroundings(log=log))
    with pytest.raises(type(error)):
        await calls.write("List", failing(error))
    assert log.failures == [error.reason]
    assert pauses == []


async def test_a_late_answer_to_a_question_is_unavailable_and_to_a_write_unknown(log: Log) -> None:
    calls = Calls(Surroundings(name="DnsProvider zorg/zone", log=log), limits=CallLimits(timedelta(0)))

    async def never() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Unavailable, match="DnsProvider zorg/zone: List had no answer within 0 s") as caught:
        await calls.read("List", never)
    assert not isinstance(caught.value, OutcomeUnknown)
    with pytest.raises(OutcomeUnknown):
        await calls.write("List", never)
    assert log.failures == ["ProviderUnavailable", "OutcomeUnknown"]


async def test_a_used_up_budget_sends_nothing_and_says_when(log: Log) -> None:
    budget = Budget(Rate(per_second=0.01, burst=1))
    calls = Calls(Surroundings(log=log), budget)
    assert await calls.read("List", failing()) == "answer"
    with pytest.raises(RateLimited, match=r"budget of 0\.01 requests a second is used up") as caught:
        await calls.read("List", failing())
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > timedelta(seconds=90)
    assert log.failures == [""]
    assert log.left == [pytest.approx(0, abs=0.01)]


async def test_a_library_that_hangs_takes_only_the_threads_of_its_own_provider(log: Log) -> None:
    released = threading.Event()
    hanging = Calls(Surroundings(log=log), limits=CallLimits(timedelta(seconds=0.1), threads=2))
    other = Calls(Surroundings(log=log))
    try:
        stuck = [hanging.read("List", lambda: hanging.in_thread(released.wait)) for _ in range(5)]
        results = await asyncio.gather(*stuck, return_exceptions=True)
        assert all(isinstance(result, Unavailable) for result in results)
        assert await other.read("List", lambda: other.in_thread(lambda: "answer")) == "answer"
    finally:
        released.set()
        hanging.close()
        other.close()
