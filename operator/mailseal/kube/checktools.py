"""The ways to the outside that checks share: kept for some minutes, so that each host is seen once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from mailseal.checks.settings import CheckSettings
from mailseal.checks.tools import Tools

LIFETIME: Final = timedelta(minutes=5)
"""For so long an answer or a look at a mail server serves all domains that need it."""

OpenTools: TypeAlias = Callable[[CheckSettings, datetime], AbstractAsyncContextManager[Tools]]


@dataclass(eq=False, slots=True)
class _Opened:
    """Tools in a task of their own, in which they are closed again as well."""

    at: float
    tools: asyncio.Future[Tools]
    over: asyncio.Event = field(default_factory=asyncio.Event)
    users: int = 0
    task: asyncio.Task[None] | None = None


class SharedTools:
    """Lends the tools that were opened last, and opens others when those are too old."""

    def __init__(self, settings: CheckSettings, clock: Callable[[], datetime], open_tools: OpenTools) -> None:
        self._settings = settings
        self._clock = clock
        self._open = open_tools
        self._latest: _Opened | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def lent(self, opened_after: float) -> AsyncIterator[Tools]:
        """Tools that remember nothing from before `opened_after`, in seconds of the event loop.

        Raises `InvalidSettings`.
        """
        opened = self._fresh(opened_after)
        opened.users += 1
        try:
            yield await asyncio.shield(opened.tools)
        finally:
            opened.users -= 1
            self._close_unless_used(opened)

    async def close(self) -> None:
        """Close all, also what is still lent."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _fresh(self, opened_after: float) -> _Opened:
        loop = asyncio.get_running_loop()
        now, latest = loop.time(), self._latest
        if (
            latest
            and latest.at >= max(opened_after, now - LIFETIME.total_seconds())
            and not _has_failed(latest)
        ):
            return latest
        opened = self._latest = _Opened(now, loop.create_future())
        opened.task = loop.create_task(self._keep(opened), name="check tools")
        self._tasks.add(opened.task)
        opened.task.add_done_callback(self._tasks.discard)
        if latest:
            self._close_unless_used(latest)
        return opened

    def _close_unless_used(self, opened: _Opened) -> None:
        if opened is not self._latest and not opened.users:
            opened.over.set()

    async def _keep(self, opened: _Opened) -> None:
        """Hold the tools open until they are over; a failure to open them is told to those who wait."""
        try:
            async with self._open(self._settings, self._clock()) as tools:
                opened.tools.set_result(tools)
                await opened.over.wait()
        except Exception as error:
            if opened.tools.done():
                raise
            opened.tools.set_exception(error)
        finally:
            opened.tools.cancel()


def _has_failed(opened: _Opened) -> bool:
    return opened.tools.done() and (opened.tools.cancelled() or opened.tools.exception() is not None)
