"""Mail servers that are made to hold up the checks of other domains."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from mailseal.checks.hosts import examine_mx
from mailseal.checks.model import Subject
from mailseal.checks.run import check_domain
from mailseal.checks.settings import CheckSettings
from mailseal.checks.smtp import prober
from mailseal.checks.tools import Tools
from support.answers import ZoneResolver
from support.examining import NOW, GivenPolicies, codes, examined

HOSTILE, HOSTS, PLACES = 8, 20, 4


@asynccontextmanager
async def servers() -> AsyncIterator[int]:
    """One at 127.0.0.1 that never says anything, and a good one at 127.0.0.2; their port."""
    waiting: set[asyncio.Task[None]] = set()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        waiting.add(task)
        try:
            await reader.read()
        finally:
            writer.close()
            waiting.discard(task)

    async def good(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in (b"220 mx ESMTP\r\n", b"250 mx\r\n"):
            writer.write(reply)
            await reader.readline()
        writer.close()

    first = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = int(first.sockets[0].getsockname()[1])
    second = await asyncio.start_server(good, "127.0.0.2", port)
    try:
        yield port
    finally:
        first.close()
        second.close()
        for task in tuple(waiting):
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def zone() -> str:
    hostile = (
        f"evil{domain}.example. MX 10 mx{host}.evil{domain}.example.\n"
        f"mx{host}.evil{domain}.example. A 127.0.0.1"
        for domain in range(HOSTILE)
        for host in range(HOSTS)
    )
    return "\n".join((*hostile, "good.example. MX 10 mx.good.example.", "mx.good.example. A 127.0.0.2"))


async def test_silent_servers_of_some_domains_do_not_take_the_time_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Together they would hold all places for longer than a domain may take."""
    monkeypatch.setattr(prober, "SLOW_SECONDS", 0.1)
    async with servers() as port:
        settings = CheckSettings(
            smtp_port=port,
            allow_private=True,
            hosts_at_once=PLACES,
            connect_within=timedelta(seconds=20),
            domain_within=timedelta(seconds=40),
        )
        resolver = ZoneResolver(zone())
        async with prober.open_prober(settings, resolver) as opened:
            tools = Tools(resolver, opened, GivenPolicies({}), NOW)
            look = {Subject.MX: examine_mx}
            hostile = [
                asyncio.create_task(check_domain(examined(f"evil{number}.example"), tools, settings, look))
                for number in range(HOSTILE)
            ]
            await asyncio.sleep(0)
            result = await check_domain(examined("good.example"), tools, settings, look)
            for task in hostile:
                task.cancel()
            await asyncio.gather(*hostile, return_exceptions=True)
    assert "mx.reachable/answers" in codes(result.findings)
