"""The phases of one run and what each cost."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.counts import CountingBind, api_writes, cpu_seconds_of, memory_of
from bench.workload import Api
from support.cluster import Cluster
from support.operators import OperatorProcess

GIVE_UP_SECONDS = 600
LOOK_EVERY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Cost:
    """What one phase took."""

    phase: str
    seconds: float
    api_writes: Counter[str]
    dns_messages: Counter[str]
    cpu_seconds: float
    memory_bytes: int
    peak_memory_bytes: int


@dataclass(frozen=True, slots=True)
class Meter:
    """Takes the readings around a phase."""

    cluster: Cluster
    bind: CountingBind
    operator: OperatorProcess

    async def measure(self, phase: str, work: Callable[[], Awaitable[None]], own_writes: int = 0) -> Cost:
        """Run `work` and account for it; `own_writes` are the benchmark's own, left out of the account."""
        assert self.operator.process is not None
        pid = self.operator.process.pid
        before = (api_writes(self.cluster), self.bind.messages(), cpu_seconds_of(pid))
        started = time.monotonic()
        await work()
        seconds = time.monotonic() - started
        writes = api_writes(self.cluster) - before[0]
        writes["(the benchmark's own)"] = -own_writes
        memory = memory_of(pid)
        return Cost(
            phase,
            seconds,
            writes,
            self.bind.messages() - before[1],
            cpu_seconds_of(pid) - before[2],
            memory.now_bytes,
            memory.peak_bytes,
        )


async def until(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    """Return when `holds` is true. Raises `TimeoutError` that says what did not come."""
    try:
        async with asyncio.timeout(GIVE_UP_SECONDS):
            while not await holds():
                await asyncio.sleep(LOOK_EVERY_SECONDS)
    except TimeoutError:
        raise TimeoutError(f"not within {GIVE_UP_SECONDS} s: {what}") from None


async def until_ready(api: Api, wanted: int) -> None:
    """Return when so many resources exist and all are Ready. Raises `TimeoutError`."""
    async with asyncio.timeout(GIVE_UP_SECONDS):
        while await api.counts() != (wanted, wanted):
            await asyncio.sleep(LOOK_EVERY_SECONDS)


async def until_gone(api: Api) -> None:
    """Return when no resource exists. Raises `TimeoutError`."""
    async with asyncio.timeout(GIVE_UP_SECONDS):
        while (await api.counts())[0]:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
