"""What every test of the engine has: no real waiting between the rounds of a sync."""

from __future__ import annotations

import asyncio

import pytest

from mailseal.engine import sync


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let further rounds follow at once; other tasks still get their turn."""

    async def pass_the_turn(rounds: int) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(sync, "_pause_before", pass_the_turn)
