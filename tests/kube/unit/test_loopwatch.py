"""Code that blocks the event loop is named; a loop that turns is not complained about."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta

import pytest

from mailseal.kube.loopwatch import watched_loop

PATIENCE = timedelta(seconds=0.2)


def a_plug_in_that_blocks(caplog: pytest.LogCaptureFixture) -> None:
    """Blocks until that was noticed."""
    deadline = time.monotonic() + 20
    while not caplog.records and time.monotonic() < deadline:
        time.sleep(0.01)


async def test_code_that_blocks_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), watched_loop(PATIENCE):
        a_plug_in_that_blocks(caplog)
    (record,) = caplog.records
    assert "test_loopwatch.py" in record.getMessage()
    assert "a_plug_in_that_blocks" in record.getMessage()


async def test_it_is_told_anew_when_it_happens_again(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), watched_loop(PATIENCE):
        a_plug_in_that_blocks(caplog)
        await asyncio.sleep(0.2)
        caplog.clear()
        a_plug_in_that_blocks(caplog)
    assert len(caplog.records) == 1


async def test_a_loop_that_waits_is_no_loop_that_is_blocked(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), watched_loop(timedelta(seconds=0.5)):
        await asyncio.sleep(1.5)
    assert caplog.records == []
