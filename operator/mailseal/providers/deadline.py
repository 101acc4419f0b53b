"""A hard end to a call of somebody else's code: the caller goes on even if the call does not."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, Final, TypeVar

Result = TypeVar("Result")

CLEAN_UP: Final = timedelta(seconds=2)
"""How long a call that is cancelled may take to put its things away."""


async def within(limit: timedelta, call: Coroutine[Any, Any, Result]) -> Result:
    """What `call` returns or raises. Raises `TimeoutError` after `limit`, whatever the call does then.

    `asyncio.timeout` waits for the cancelled call, for ever where that ignores it; this does not.
    """
    task = asyncio.create_task(call)
    try:
        await asyncio.wait({task}, timeout=limit.total_seconds())
    except asyncio.CancelledError:
        await _cancelled(task)
        raise
    if task.done():
        return task.result()
    await _cancelled(task)
    raise TimeoutError


async def _cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    task.add_done_callback(_noticed)
    await asyncio.wait({task}, timeout=CLEAN_UP.total_seconds())


def _noticed(task: asyncio.Task[Any]) -> None:
    """Take the outcome of a call that nobody waits for, so that nothing is logged of it."""
    if not task.cancelled():
        task.exception()
