"""Every request of a provider to its backend: within the account's budget, bounded in time, counted."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Final, TypeVar

from mailseal.providers.base import OutcomeUnknown, ProviderError, RateLimited, Unavailable
from mailseal.providers.budget import Budget
from mailseal.providers.surroundings import Surroundings

Result = TypeVar("Result")

ATTEMPTS: Final = 4
"""How often a request is sent that the backend throttles."""
FIRST_PAUSE: Final = timedelta(milliseconds=500)
LONGEST_PAUSE: Final = timedelta(seconds=8)
LONGEST_QUEUE: Final = timedelta(seconds=30)
"""A request that would wait longer for its turn is not sent: the caller comes back later."""


@dataclass(frozen=True, slots=True)
class CallLimits:
    """The bounds of one provider's requests."""

    timeout: timedelta = timedelta(seconds=20)
    """For one request, from its turn to its answer."""
    threads: int = 4
    """Requests of a library that blocks which are under way at the same time."""


class Calls:
    """The requests of one provider.

    A request that the backend throttles (`RateLimited`) is sent again, up to four times, after a pause of
    exponential back-off with full jitter or what the backend asks for. Nothing else is repeated.
    """

    def __init__(
        self, surroundings: Surroundings, budget: Budget | None = None, limits: CallLimits | None = None
    ) -> None:
        self._log = surroundings.log
        self._name = surroundings.name
        self._budget = budget
        self._limits = limits or CallLimits()
        self._threads: ThreadPoolExecutor | None = None

    async def read(self, operation: str, request: Callable[[], Awaitable[Result]]) -> Result:
        """The answer to a request that changes nothing; `operation` is its name in the backend's API.

        `request` raises `ProviderError`s of its own. Raises `Unavailable` after the time-out.
        """
        return await self._repeated(operation, request, Unavailable)

    async def write(self, operation: str, request: Callable[[], Awaitable[Result]]) -> Result:
        """The answer to a request that changes something. Raises `OutcomeUnknown` after the time-out."""
        return await self._repeated(operation, request, OutcomeUnknown)

    async def in_thread(self, request: Callable[[], Result]) -> Result:
        """Run a blocking request in a thread of this provider alone: for the `request` of `read` and `write`.

        A thread cannot be ended: give the library time-outs of its own.
        """
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._limits.threads, "mailseal-provider")
        return await asyncio.get_running_loop().run_in_executor(self._threads, request)

    def close(self) -> None:
        """Start nothing any more. What is under way ends by its own time-outs."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _repeated(
        self, operation: str, request: Callable[[], Awaitable[Result]], late: type[ProviderError]
    ) -> Result:
        for attempt in range(1, ATTEMPTS):
            try:
                return await self._once(operation, request, late)
            except RateLimited as error:
                pause = _pause(attempt, error.retry_after)
                if pause > LONGEST_PAUSE:
                    raise
            await asyncio.sleep(pause.total_seconds())
        return await self._once(operation, request, late)

    async def _once(
        self, operation: str, request: Callable[[], Awaitable[Result]], late: type[ProviderError]
    ) -> Result:
        await self._turn(operation)
        started, failure = monotonic(), "Cancelled"
        try:
            async with asyncio.timeout(self._limits.timeout.total_seconds()):
                result = await request()
            failure = ""
        except TimeoutError:
            failure = late.reason
            limit = self._limits.timeout.total_seconds()
            raise late(f"{self._name}: {operation} had no answer within {limit:g} s") from None
        except ProviderError as error:
            failure = error.reason
            raise
        finally:
            self._log.called(operation, timedelta(seconds=monotonic() - started), failure)
        return result

    async def _turn(self, operation: str) -> None:
        if self._budget is None:
            return
        queue = self._budget.wait()
        if queue > LONGEST_QUEUE:
            raise RateLimited(
                f"{self._name}: {operation} waits, since the account's budget of "
                f"{self._budget.rate.per_second:g} requests a second is used up for the next "
                f"{queue.total_seconds():.0f} s",
                queue,
            )
        await self._budget.take()
        self._log.budget_left(self._budget.left())


def _pause(attempt: int, asked: timedelta | None) -> timedelta:
    """Full jitter over an exponentially growing time; what the backend asks for counts instead."""
    if asked is not None:
        return asked
    longest = min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE)
    return timedelta(seconds=random.uniform(0, longest.total_seconds()))  # noqa: S311 - keeps no secret
