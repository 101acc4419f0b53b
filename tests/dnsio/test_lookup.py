"""Name resolution: shared by those who ask for one name, and never in the way of anything else."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from mailseal.dnsio import lookup
from mailseal.dnsio.endpoint import Endpoint
from mailseal.dnsio.faults import Unreachable
from mailseal.dnsio.lookup import address_infos


class SlowSystem:
    """A system's resolver that answers when a test lets it."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.asked: list[str] = []

    def getaddrinfo(self, host: str, port: int, *_: object) -> list[Any]:
        self.asked.append(host)
        self.release.wait(30)
        if host.startswith("absent"):
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", port))]


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowSystem]:
    made = SlowSystem()
    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
    yield made
    made.release.set()


async def test_names_that_hang_leave_the_shared_threads_to_others(system: SlowSystem) -> None:
    waiting = [asyncio.create_task(address_infos(f"host{number}.example", 53)) for number in range(100)]
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        assert await asyncio.to_thread(lambda: "planned") == "planned"
    system.release.set()
    found = await asyncio.gather(*waiting)
    assert {infos[0][4][0] for infos in found} == {"192.0.2.1"}


async def test_those_who_ask_for_one_name_share_the_look_up(system: SlowSystem) -> None:
    waiting = [asyncio.create_task(address_infos("host.example", 53)) for _ in range(20)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    system.release.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert found[1:] == [found[1]] * 19
    assert system.asked == ["host.example"]


async def test_too_many_names_at_once_are_refused(
    system: SlowSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "LOOKUPS", 2)
    waiting = [asyncio.create_task(address_infos(f"host{number}.example", 53)) for number in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="2 other names"):
        await address_infos("host9.example", 53)
    system.release.set()
    await asyncio.gather(*waiting)
    assert await address_infos("host9.example", 53)


async def test_a_name_that_does_not_exist_is_told_as_that(system: SlowSystem) -> None:
    system.release.set()
    with pytest.raises(Unreachable, match="no such name"):
        await Endpoint("absent.example").addresses(5)


async def test_a_look_up_that_takes_too_long_is_given_up(system: SlowSystem) -> None:
    with pytest.raises(Unreachable, match=r"within 0\.05 s"):
        await Endpoint("host.example").addresses(0.05)
    assert system.asked == ["host.example"]


def test_a_look_up_that_ends_after_the_loop_harms_nobody(system: SlowSystem) -> None:
    async def give_up() -> None:
        with pytest.raises(Unreachable):
            await Endpoint("host.example").addresses(0.01)

    asyncio.run(give_up())
    (thread,) = (one for one in threading.enumerate() if one.name == "look-up of host.example")
    system.release.set()
    thread.join(10)
    assert not thread.is_alive()
