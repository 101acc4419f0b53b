"""Many jobs at once, but not too many, and what they bring as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Iterator
from itertools import islice
from typing import Any, TypeVar

Done = TypeVar("Done")


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
