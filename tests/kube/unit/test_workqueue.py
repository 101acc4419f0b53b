"""The queue: each key once, never two workers on one key, and no key holds up another."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.kube import workqueue
from mailseal.kube.workqueue import Lanes, WorkQueue, backoff

PATIENCE_SECONDS = 20


class Bench:
    """A running queue whose work is recorded and can be held."""

    def __init__(self, expected: tuple[type[Exception], ...] = ()) -> None:
        self.queue: WorkQueue[str] = WorkQueue("bench", self._work, 4, expected)
        self.done: list[str] = []
        self.failing: Counter[str] = Counter()
        self.held: dict[str, asyncio.Event] = {}
        self.running: Counter[str] = Counter()
        self.most_at_once: Counter[str] = Counter()

    async def _work(self, key: str) -> None:
        self.running[key] += 1
        self.most_at_once[key] = max(self.most_at_once[key], self.running[key])
        try:
            if key in self.held:
                await self.held[key].wait()
            if self.failing[key]:
                self.failing[key] -= 1
                raise ValueError(f"{key} is broken")
            self.done.append(key)
        finally:
            self.running[key] -= 1

    async def until(self, holds) -> None:
        """Wait until `holds`."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():
                await asyncio.sleep(0.001)


@pytest.fixture
async def bench():
    made = Bench()
    serving = asyncio.create_task(made.queue.run())
    yield made
    serving.cancel()
    await asyncio.wait({serving})


async def test_a_key_that_is_added_many_times_is_worked_on_once(bench) -> None:
    for _ in range(5):
        bench.queue.add("a")
    assert len(bench.queue) == 1
    await bench.until(lambda: len(bench.queue) == 0)
    assert bench.done == ["a"]


async def test_a_key_that_is_added_while_it_is_worked_on_runs_again_afterwards(bench) -> None:
    bench.held["a"] = asyncio.Event()
    bench.queue.add("a")
    await bench.until(lambda: bench.running["a"] == 1)
    bench.queue.add("a")
    bench.queue.add("b")
    await bench.until(lambda: bench.done == ["b"])
    bench.held["a"].set()
    await bench.until(lambda: len(bench.queue) == 0)
    assert bench.done == ["b", "a", "a"]
    assert bench.most_at_once["a"] == 1


async def test_the_earlier_of_two_times_counts(bench) -> None:
    bench.queue.add("a", timedelta(hours=1))
    bench.queue.add("a", timedelta(0))
    bench.queue.add("a", timedelta(hours=2))
    await bench.until(lambda: bench.done == ["a"])
    assert len(bench.queue) == 0


async def test_a_key_that_is_due_later_does_not_hold_up_one_that_is_due_now(bench) -> None:
    bench.queue.add("later", timedelta(hours=1))
    bench.queue.add("now")
    await bench.until(lambda: bench.done == ["now"])
    assert len(bench.queue) == 1


async def test_a_forgotten_key_is_not_worked_on(bench) -> None:
    bench.queue.add("gone", timedelta(milliseconds=20))
    bench.queue.forget("gone")
    bench.queue.add("marker", timedelta(milliseconds=40))
    await bench.until(lambda: bench.done != [])
    assert bench.done == ["marker"]


async def test_a_failure_is_logged_and_tried_again_and_nobody_else_waits(bench, caplog, monkeypatch) -> None:
    monkeypatch.setattr(workqueue, "backoff", lambda attempts: timedelta(milliseconds=20 * attempts))
    bench.failing["bad"] = 2
    bench.queue.add("bad")
    bench.queue.add("good")
    with caplog.at_level(logging.ERROR):
        await bench.until(lambda: "bad" in bench.done)
    assert bench.done == ["good", "bad"]
    assert [record.getMessage() for record in caplog.records] == [
        f"bench: working on bad failed, attempt {attempt}: bad is broken" for attempt in (1, 2)
    ]
    assert all(record.exc_info for record in caplog.records)


async def test_an_expected_failure_is_one_line_in_the_log(caplog, monkeypatch) -> None:
    monkeypatch.setattr(workqueue, "backoff", lambda attempts: timedelta(milliseconds=20 * attempts))
    bench = Bench(expected=(ValueError,))
    serving = asyncio.create_task(bench.queue.run())
    bench.failing["bad"] = 1
    bench.queue.add("bad")
    with caplog.at_level(logging.WARNING):
        await bench.until(lambda: "bad" in bench.done)
    serving.cancel()
    await asyncio.wait({serving})
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "bad is broken" in record.getMessage()
    assert not record.exc_info


async def test_a_slow_key_leaves_the_other_workers_to_the_others(bench) -> None:
    bench.held["slow"] = asyncio.Event()
    for key in ("slow", *"abcdefgh"):
        bench.queue.add(key)
    await bench.until(lambda: len(bench.done) == 8)
    assert "slow" not in bench.done
    bench.held["slow"].set()
    await bench.until(lambda: "slow" in bench.done)


@given(st.integers(1, 500))
def test_the_pause_grows_up_to_the_longest(attempts) -> None:
    longest, first = timedelta(minutes=1), timedelta(seconds=1)
    pause = backoff(attempts, first, longest)
    assert 0.75 * min(2 ** (attempts - 1), 60) <= pause.total_seconds() <= min(2 ** (attempts - 1), 60)


class Lane(Bench):
    """A bench whose keys wait for what their first letter names, two at a time."""

    def __init__(self, slow: timedelta) -> None:
        super().__init__()
        lanes: Lanes[str] = Lanes(of=lambda key: key[0], width=2, slow=slow)
        self.queue = WorkQueue("bench", self._work, 4, lanes=lanes)


@pytest.fixture
async def lane():
    made = Lane(slow=timedelta(hours=1))
    serving = asyncio.create_task(made.queue.run())
    yield made
    serving.cancel()
    await asyncio.wait({serving})


def hold(bench: Bench, *keys: str) -> None:
    for key in keys:
        bench.held[key] = asyncio.Event()
        bench.queue.add(key)


async def test_a_slow_lane_leaves_room_for_the_others(lane) -> None:
    hold(lane, *(f"a{number}" for number in range(20)))
    for key in ("b0", "c0", "b1"):
        lane.queue.add(key)
    await lane.until(lambda: len(lane.done) == 3)
    assert sum(lane.running.values()) == 2
    for number in range(20):
        lane.held[f"a{number}"].set()
    await lane.until(lambda: len(lane.queue) == 0)
    assert len(lane.done) == 23
    assert max(lane.most_at_once.values()) == 1


async def test_a_key_that_waits_for_its_lane_is_worked_on_once_and_may_be_forgotten(lane) -> None:
    hold(lane, "a0", "a1")
    await lane.until(lambda: sum(lane.running.values()) == 2)
    for key in ("a2", "a3", "a2", "a4"):
        lane.queue.add(key)
    lane.queue.add("b0")
    await lane.until(lambda: lane.done == ["b0"])
    lane.queue.forget("a2")
    lane.held["a0"].set()
    await lane.until(lambda: len(lane.done) == 4)
    lane.held["a1"].set()
    await lane.until(lambda: len(lane.queue) == 0)
    assert lane.done == ["b0", "a0", "a3", "a4", "a1"]


async def test_many_slow_lanes_leave_the_workers_to_the_others() -> None:
    lane = Lane(slow=timedelta(milliseconds=20))
    serving = asyncio.create_task(lane.queue.run())
    hold(lane, *(f"{letter}{number}" for letter in "abcdef" for number in range(5)))
    await lane.until(lambda: sum(lane.running.values()) == 12)
    lane.queue.add("z")
    await lane.until(lambda: lane.done == ["z"])
    serving.cancel()
    await asyncio.wait({serving})


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.booleans()), max_size=40))
def test_every_key_is_worked_on_in_the_end(added: list[tuple[str, int, bool]]) -> None:
    """However keys are added, forgotten and added again while lanes are full."""

    async def play() -> None:
        lane = Lane(slow=timedelta(hours=1))
        serving = asyncio.create_task(lane.queue.run())
        wanted = set()
        for letter, number, forgotten in added:
            key = f"{letter}{number}"
            lane.queue.add(key)
            wanted.add(key)
            if forgotten:
                lane.queue.forget(key)
                lane.queue.add(key)
            await asyncio.sleep(0)
        await lane.until(lambda: len(lane.queue) == 0)
        serving.cancel()
        await asyncio.wait({serving})
        assert set(lane.done) == wanted
        assert max(lane.most_at_once.values(), default=1) == 1

    asyncio.run(play())
