"""A queue of keys to work on: each key once, never two workers on one key, retries with back-off."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)

FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(minutes=5)
SLOW: Final = timedelta(seconds=5)
"""Work that takes longer gives its place among the workers to others."""

logger = logging.getLogger(__name__)


def backoff(attempts: int, first: timedelta = FIRST_RETRY, longest: timedelta = LONGEST_RETRY) -> timedelta:
    """The pause before retry number `attempts` (from 1): doubling from `first`, at most `longest`.

    With jitter of up to a quarter, so that many failing keys spread out.
    """
    pause: timedelta = min(first * 2 ** min(attempts - 1, 30), longest)
    jitter: float = random.uniform(0.75, 1.0)  # noqa: S311 - spreads load, guards nothing
    return pause * jitter


@dataclass(frozen=True, slots=True)
class Lanes(Generic[K]):
    """How many keys that depend on the same thing are worked on at the same time."""

    of: Callable[[K], Hashable]
    """What a key depends on, such as its provider."""
    width: int
    """Keys of one lane; fewer than there are workers, so that one lane never has them all."""
    slow: timedelta = SLOW
    """Work that takes longer counts for its lane only: many slow lanes leave the workers to the others."""


class WorkQueue(Generic[K]):
    """Runs `work(key)` for every key that was added.

    A key that is added while it waits stays queued once, at the earlier of both times; one that is added
    while it is worked on runs again afterwards. A key whose `work` fails is retried, so that one bad key
    never holds up another; an error among `expected` is logged in one line, others with their traceback.
    With `lanes`, slow keys that depend on one thing hold up each other only.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[K], Awaitable[None]],
        workers: int,
        expected: tuple[type[Exception], ...] = (),
        lanes: Lanes[K] | None = None,
    ) -> None:
        self._name = name
        self._expected = expected
        self._work = work
        self._workers = workers
        self._lanes = lanes or Lanes(lambda _: None, workers)
        self._due: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._parked: dict[Hashable, list[tuple[float, int, K]]] = {}
        """Keys that are due and whose lane is full; they come back to the heap one for each that ends."""
        self._order = itertools.count()
        self._running: dict[K, Hashable] = {}
        """The keys that are worked on, each with its lane."""
        self._in_lane: Counter[Hashable] = Counter()
        self._counted: set[K] = set()
        """Those of the running keys that take a worker."""
        self._failures: dict[K, int] = {}
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._due) + len(self._running)

    def add(self, key: K, after: timedelta = timedelta(0)) -> None:
        """Have `key` worked on `after` from now, or earlier if it is queued for earlier."""
        at = asyncio.get_running_loop().time() + after.total_seconds()
        if key in self._due and self._due[key] <= at:
            return
        self._due[key] = at
        self._push(at, key)

    def forget(self, key: K) -> None:
        """Drop `key` where it waits."""
        self._due.pop(key, None)
        self._failures.pop(key, None)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                key = await self._next()
                group.create_task(self._serve(key), name=self._name)

    async def _serve(self, key: K) -> None:
        slow = asyncio.get_running_loop().call_later(self._lanes.slow.total_seconds(), self._yield_place, key)
        try:
            await self._work(key)
            self._failures.pop(key, None)
        except Exception as error:
            self._retry(key, error)
        finally:
            slow.cancel()
            self._end(key)

    def _yield_place(self, key: K) -> None:
        self._counted.discard(key)
        self._changed.set()

    def _end(self, key: K) -> None:
        """Make room for the next key of the lane, and for this one where it was added meanwhile."""
        lane = self._running.pop(key)
        self._counted.discard(key)
        self._in_lane[lane] -= 1
        if not self._in_lane[lane]:
            del self._in_lane[lane]
        if key in self._due:
            self._push(self._due[key], key)
        self._unpark(lane)
        self._changed.set()

    def _push(self, at: float, key: K) -> None:
        heapq.heappush(self._heap, (at, next(self._order), key))
        self._changed.set()

    def _unpark(self, lane: Hashable) -> None:
        """Give the longest waiting key of a lane another try."""
        if lane in self._parked:
            heapq.heappush(self._heap, heapq.heappop(self._parked[lane]))
            if not self._parked[lane]:
                del self._parked[lane]

    def _retry(self, key: K, error: Exception) -> None:
        attempts = self._failures[key] = self._failures.get(key, 0) + 1
        logger.log(
            logging.WARNING if isinstance(error, self._expected) else logging.ERROR,
            "%s: working on %s failed, attempt %d: %s",
            self._name,
            key,
            attempts,
            error,
            exc_info=None if isinstance(error, self._expected) else error,
        )
        self.add(key, backoff(attempts))

    async def _next(self) -> K:
        loop = asyncio.get_running_loop()
        while True:
            key, wait_seconds = self._take(loop.time())
            if key is not None:
                return key
            self._changed.clear()
            try:
                async with asyncio.timeout(wait_seconds):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _take(self, now: float) -> tuple[K | None, float | None]:
        """A key that is due and may be worked on, or else the seconds until one may be."""
        if len(self._counted) >= self._workers:
            return None, None
        while self._heap and self._heap[0][0] <= now:
            at, order, key = heapq.heappop(self._heap)
            lane = self._lanes.of(key)
            if self._due.get(key) != at:
                self._unpark(lane)  # It may have come in the place of one that waits.
            elif key in self._running:
                continue  # It comes back when its work ends.
            elif self._in_lane[lane] >= self._lanes.width:
                heapq.heappush(self._parked.setdefault(lane, []), (at, order, key))
            else:
                self._begin(key, lane)
                return key, None
        return None, self._heap[0][0] - now if self._heap else None

    def _begin(self, key: K, lane: Hashable) -> None:
        del self._due[key]
        self._running[key] = lane
        self._counted.add(key)
        self._in_lane[lane] += 1
