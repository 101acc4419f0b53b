"""Many jobs at once, but not too many, and what they bring as it comes; slow ones do not hold up others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from itertools import islice
from types import TracebackType
from typing import Any, TypeVar

Done = TypeVar("Done")
Item = TypeVar("Item")


class Turn:
    """A place among those that `places` lets in, given up early by who takes longer than `slow_seconds`."""

    def __init__(self, places: asyncio.Semaphore, slow_seconds: float) -> None:
        self._places = places
        self._slow_seconds = slow_seconds
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        await self._places.acquire()
        self._timer = asyncio.get_running_loop().call_later(self._slow_seconds, self._give_up)

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._give_up()

    def _give_up(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._places.release()


async def of_each(
    do: Callable[[Item], Awaitable[Done]], items: Iterable[Item], at_once: int
) -> Sequence[Done]:
    """What `do` brings of each of `items`, in their order; it is under way for `at_once` of them at most."""
    places = asyncio.Semaphore(at_once)

    async def in_turn(item: Item) -> Done:
        async with places:
            return await do(item)

    return await asyncio.gather(*map(in_turn, items))


async def as_completed(jobs: Iterator[Coroutine[Any, Any, Done]], at_once: int) -> AsyncGenerator[Done]:
    """What the jobs bring, as they end; never more than `at_once` of them are running or not yet taken.

    The first error of a job is raised. However this ends, no job runs on: close the generator
    (`contextlib.aclosing`) when it is left early.
    """
    running: set[asyncio.Task[Done]] = set()
    try:
        while True:
            running |= {asyncio.create_task(job) for job in islice(jobs, at_once - len(running))}
            if not running:
                return
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
