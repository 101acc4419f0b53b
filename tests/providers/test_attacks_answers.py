"""What a hostile backend answers, in order to exhaust the operator, fool its log, or see its credentials."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from yarl import URL

from mailseal.providers.base import Unavailable
from mailseal.providers.http import LARGEST_ANSWER_BYTES, MOST_VALUES, HttpApi
from mailseal.providers.reach import Reach
from mailseal.providers.webhook.settings import WebhookSettings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def hostile(handler: Handler, timeout_seconds: float = 10) -> AsyncIterator[HttpApi]:
    """An API of ours before a server that does what `handler` says."""
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api = HttpApi(URL(f"http://127.0.0.1:{runner.addresses[0][1]}"), Reach(), {}, timeout_seconds)
    try:
        yield api
    finally:
        await api.close()
        await runner.cleanup()


def answering(body: bytes, **headers: str) -> Handler:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=body, headers=headers)

    return handler


async def test_a_gzip_bomb_is_measured_by_what_it_unpacks_to() -> None:
    bomb = gzip.compress(b" " * (LARGEST_ANSWER_BYTES + 1))
    assert len(bomb) < LARGEST_ANSWER_BYTES / 100
    async with hostile(answering(bomb, **{"Content-Encoding": "gzip"})) as api:
        with pytest.raises(Unavailable, match="no usable answer"):
            await api.ask("/")


async def test_an_answer_that_is_small_and_would_be_huge_once_parsed_is_not_parsed() -> None:
    body = b"[" + b"[]," * MOST_VALUES + b"[]]"
    assert len(body) < LARGEST_ANSWER_BYTES
    async with hostile(answering(body)) as api:
        with pytest.raises(Unavailable, match="no usable answer"):
            await api.ask("/")


async def test_an_answer_that_drips_ends_at_the_time_out() -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    async with hostile(drip, timeout_seconds=0.3) as api:
        with pytest.raises(Unavailable):
            await asyncio.wait_for(api.ask("/"), 3)


@pytest.mark.parametrize("trick", ["\n2026-11-24 ERROR forged", "\x1b[2J", "\u202egnorw", "\r", "\x00"])
def test_a_message_cannot_forge_lines_of_the_log(trick: str) -> None:
    shown = str(Unavailable(f"it says: {trick}"))
    assert shown.isprintable()
    assert shown.startswith("it says: ")


def test_a_message_of_a_megabyte_is_cut() -> None:
    assert len(str(Unavailable("x" * 1_000_000))) <= 4000


def test_a_token_is_not_in_the_representation_of_the_settings_that_hold_it() -> None:
    settings = WebhookSettings.parse({"url": "http://a.example"}, {"token": b"s3cret"})
    assert settings.token == "s3cret"
    assert "s3cret" not in repr(settings)
