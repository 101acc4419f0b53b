"""Checks share their ways to the outside, and none sees what is older than it asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import pytest

from mailseal.checks.opening import InvalidSettings
from mailseal.checks.settings import CheckSettings
from mailseal.checks.tools import Tools
from mailseal.kube import checktools
from mailseal.kube.checktools import SharedTools
from support.answers import ZoneResolver
from support.checkresults import NOW
from support.examining import tools_with


class Openings:
    """Opens tools and counts."""

    def __init__(self) -> None:
        self.opened = 0
        self.closed = 0
        self.fault: Exception | None = None

    @asynccontextmanager
    async def open(self, settings: CheckSettings, now: datetime) -> AsyncIterator[Tools]:
        self.opened += 1
        if self.fault:
            raise self.fault
        async with asyncio.TaskGroup():  # It must be left in the task that entered it.
            try:
                yield tools_with(ZoneResolver(""), now=now)
            finally:
                self.closed += 1

    def shared(self) -> SharedTools:
        return SharedTools(CheckSettings(), lambda: NOW, self.open)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_tools_serve_all_that_do_not_ask_for_newer_ones() -> None:
    openings = Openings()
    shared = openings.shared()
    async with shared.lent(0) as first, shared.lent(0) as second:
        assert first is second
    async with shared.lent(0) as later:
        assert later is first
    await shared.close()
    assert (openings.opened, openings.closed) == (1, 1)


async def test_who_asks_for_newer_ones_gets_them_and_the_old_ones_close_when_nobody_has_them() -> None:
    openings = Openings()
    shared = openings.shared()
    async with shared.lent(0) as first:
        async with shared.lent(asyncio.get_running_loop().time()) as second:
            assert second is not first
        await settle()
        assert openings.closed == 0
    await settle()
    assert (openings.opened, openings.closed) == (2, 1)
    await shared.close()
    assert openings.closed == 2


async def test_tools_that_nobody_uses_close_when_others_are_opened() -> None:
    openings = Openings()
    shared = openings.shared()
    async with shared.lent(0):
        pass
    async with shared.lent(asyncio.get_running_loop().time()):
        await settle()
        assert openings.closed == 1
    await shared.close()


async def test_tools_do_not_serve_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    openings = Openings()
    shared = openings.shared()
    async with shared.lent(0):
        pass
    monkeypatch.setattr(checktools, "LIFETIME", -checktools.LIFETIME)
    async with shared.lent(0):
        assert openings.opened == 2
    await shared.close()


async def test_a_failure_to_open_is_told_and_the_next_one_tries_again() -> None:
    openings = Openings()
    openings.fault = InvalidSettings("no such file")
    shared = openings.shared()
    with pytest.raises(InvalidSettings, match="no such file"):
        async with shared.lent(0):
            pytest.fail("nothing was opened")
    openings.fault = None
    async with shared.lent(0) as tools:
        assert tools.now == NOW
    await shared.close()
    assert openings.opened == 2


async def test_one_who_gives_up_waiting_takes_nothing_from_the_others() -> None:
    openings = Openings()
    shared = openings.shared()

    async def borrow() -> None:
        async with shared.lent(0):
            await asyncio.Event().wait()

    leaving = asyncio.create_task(borrow())
    leaving_too = asyncio.create_task(borrow())
    await asyncio.sleep(0)
    leaving.cancel()
    async with shared.lent(0) as tools:
        assert tools.now == NOW
    leaving_too.cancel()
    await asyncio.gather(leaving, leaving_too, return_exceptions=True)
    await shared.close()
    assert (openings.opened, openings.closed) == (1, 1)
