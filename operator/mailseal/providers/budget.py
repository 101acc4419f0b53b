"""A budget of requests for each account, shared by all providers that use it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic


@dataclass(frozen=True, slots=True)
class Rate:
    """How many requests an account may send."""

    per_second: float
    burst: int
    """Requests that may be sent at once after a quiet time."""


class Budget:
    """A token bucket. Requests are served in the order in which they asked."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = monotonic) -> None:
        self.rate = rate
        self._clock = clock
        self._full_at = clock()
        """When the bucket is full again; everything follows from it."""

    def left(self) -> float:
        """Requests that may be sent now; negative while some wait."""
        missing = max(0.0, self._full_at - self._clock()) * self.rate.per_second
        return self.rate.burst - missing

    def wait(self) -> timedelta:
        """How long a request that asks now has to wait. Takes nothing."""
        return timedelta(seconds=max(0.0, (1 - self.left()) / self.rate.per_second))

    async def take(self) -> None:
        """Take one request out of the budget, once it is its turn."""
        delay = self.wait()
        self._full_at = max(self._full_at, self._clock()) + 1 / self.rate.per_second
        if delay:
            await asyncio.sleep(delay.total_seconds())


class Budgets:
    """The budgets of a process by account."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._budgets: dict[str, Budget] = {}

    def of(self, account: str, rate: Rate) -> Budget:
        """The one budget of `account`, such as `route53:AKIA…`; made with `rate` at the first call."""
        if account not in self._budgets:
            self._budgets[account] = Budget(rate, self._clock)
        return self._budgets[account]
