"""A queue of keys to work on: each key once, never two workers on one key, retries with back-off."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import random
from collections.abc import Awaitable, Callable, Hashable
from datetime import timedelta
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(minutes=5)

logger = logging.getLogger(__name__)


def backoff(attempts: int, first: timedelta = FIRST_RETRY, longest: timedelta = LONGEST_RETRY) -> timedelta:
    """The pause before retry number `attempts` (from 1): doubling from `first`, at most `longest`.

    With jitter of up to a quarter, so that many failing keys spread out.
    """
    pause: timedelta = min(first * 2 ** min(attempts - 1, 30), longest)
    jitter: float = random.uniform(0.75, 1.0)  # noqa: S311 - spreads load, guards nothing
    return pause * jitter


class WorkQueue(Generic[K]):
    """Runs `work(key)` for every key that was added.

    A key that is added while it waits stays queued once, at the earlier of both times; one that is added
    while it is worked on runs again afterwards. A key whose `work` fails is retried, so that one bad key
    never holds up another; an error among `expected` is logged in one line, others with their traceback.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[K], Awaitable[None]],
        workers: int,
        expected: tuple[type[Exception], ...] = (),
    ) -> None:
        self._name = name
        self._expected = expected
        self._work = work
        self._workers = workers
        self._due: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._order = itertools.count()
        self._running: set[K] = set()
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
        heapq.heappush(self._heap, (at, next(self._order), key))
        self._changed.set()

    def forget(self, key: K) -> None:
        """Drop `key` where it waits."""
        self._due.pop(key, None)
        self._failures.pop(key, None)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(self._serve(), name=self._name)

    async def _serve(self) -> None:
        while True:
            key = await self._next()
            try:
                await self._work(key)
                self._failures.pop(key, None)
            except Exception as error:
                self._retry(key, error)
            finally:
                self._running.discard(key)
                self._changed.set()

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
        """A key that is due and not being worked on, or else the seconds until one may be."""
        busy: list[tuple[float, int, K]] = []
        found: K | None = None
        while self._heap and self._heap[0][0] <= now and found is None:
            at, order, key = heapq.heappop(self._heap)
            if self._due.get(key) != at:
                continue
            if key in self._running:
                busy.append((at, order, key))
                continue
            del self._due[key]
            self._running.add(key)
            found = key
        next_at = self._heap[0][0] if self._heap else None
        for item in busy:  # The end of their work wakes the workers, whatever else is due before.
            heapq.heappush(self._heap, item)
        return found, None if found is not None or next_at is None else next_at - now
