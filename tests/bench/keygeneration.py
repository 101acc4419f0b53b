"""How fast signing keys are made, beside openssl in the same run, and whether the event loop stalls."""

from __future__ import annotations

import asyncio
import resource
import shutil
import subprocess
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mailseal.domain.dkimkey import KeyAlgorithm, SigningKey
from mailseal.engine.dkimkeys import generate_key

LOOK_EVERY_SECONDS = 0.001
IDLE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Kind:
    """Keys of one kind, and how many of them are made: RSA keys take a time that varies much."""

    title: str
    wanted: SigningKey
    openssl: tuple[str, ...]
    keys: int


KINDS = (
    *(
        Kind(f"RSA {bits}", SigningKey(algorithm=KeyAlgorithm.RSA, size=bits), ("genrsa", str(bits)), keys)
        for bits, keys in ((2048, 60), (3072, 30), (4096, 24))
    ),
    Kind(
        "Ed25519",
        SigningKey(algorithm=KeyAlgorithm.ED25519),
        ("genpkey", "-algorithm", "ed25519"),
        200,
    ),
)


@dataclass(frozen=True, slots=True)
class KeyCost:
    """Seconds for each key, and the longest that the event loop stood still meanwhile."""

    title: str
    keys: int
    one_thread_seconds: float
    two_threads_seconds: float
    processor_seconds: float
    """Processor time, which does not depend on what else the machine does."""
    openssl_processor_seconds: float
    """The same of a process for each key, less what an openssl that does nothing takes."""
    stall_seconds: float
    """With two threads."""


@dataclass(frozen=True, slots=True)
class KeyCosts:
    """The whole measurement."""

    of_kinds: tuple[KeyCost, ...]
    idle_stall_seconds: float
    """How long the loop stood still with nothing to do."""
    openssl_start_seconds: float
    """Processor time of an openssl that does nothing."""


def measure_key_generation() -> KeyCosts:
    """Make keys in worker threads as the operator does, and with openssl. Raises `FileNotFoundError`."""
    openssl = shutil.which("openssl")
    if openssl is None:
        raise FileNotFoundError("the program openssl, beside which key generation is measured")
    start = _children_seconds(partial(_openssl, openssl, "version"), 50)
    idle, _ = asyncio.run(_longest_stall(asyncio.sleep(IDLE_SECONDS)))
    return KeyCosts(tuple(_cost(kind, openssl, start) for kind in KINDS), idle, start)


def _cost(kind: Kind, openssl: str, start_seconds: float) -> KeyCost:
    began = time.process_time()
    _, one = asyncio.run(_longest_stall(_make(kind, threads=1)))
    stall, two = asyncio.run(_longest_stall(_make(kind, threads=2)))
    ours = (time.process_time() - began) / 2
    theirs = _children_seconds(partial(_openssl, openssl, *kind.openssl), kind.keys) - start_seconds
    return KeyCost(kind.title, kind.keys, one / kind.keys, two / kind.keys, ours / kind.keys, theirs, stall)


async def _make(kind: Kind, threads: int) -> None:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(threads) as executor:
        calls = (
            loop.run_in_executor(executor, generate_key, f"s{number}", kind.wanted)
            for number in range(kind.keys)
        )
        await asyncio.gather(*calls)


async def _longest_stall(work: Awaitable[None]) -> tuple[float, float]:
    """The longest time for which `work` kept the event loop from running, and the whole time, in seconds.

    Time in which the loop's thread waited for a processor is the machine's part and left out: what is left is
    waiting for the interpreter's lock.
    """
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before, queued_before = time.perf_counter(), _queued_seconds()
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            queued = _queued_seconds() - queued_before
            longest = max(longest, time.perf_counter() - before - LOOK_EVERY_SECONDS - queued)

    watching = asyncio.create_task(watch())
    started = time.perf_counter()
    await work
    seconds = time.perf_counter() - started
    watching.cancel()
    return longest, seconds


def _queued_seconds() -> float:
    """How long this thread has waited for a processor, by the kernel's account (proc_schedstat)."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9


def _children_seconds(work: Callable[[], None], times: int) -> float:
    """Processor time of the processes that `work` runs and waits for, on average."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(times):
        work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / times


def _openssl(program: str, *args: str) -> None:
    """Run it and throw away what it makes."""
    subprocess.run([program, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
