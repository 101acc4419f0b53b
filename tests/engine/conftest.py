"""What every test of the engine has: no real waiting between the rounds of a sync, and vendors on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from mailseal.engine import sync
from mailseal.providers import calls
from support.backends.running import RunningBackends


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let further rounds follow at once; other tasks still get their turn."""

    async def pass_the_turn(rounds: int) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(sync, "_pause_before", pass_the_turn)


@pytest.fixture(scope="module")
def vendors() -> Iterator[RunningBackends]:
    """Backends whose throttling makes nobody wait, each started when a test of the file wants it."""
    running = RunningBackends()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calls, "FIRST_PAUSE", timedelta(milliseconds=1))
        yield running
    running.close()
