"""A JSON API over HTTP: what is sent, what is refused, and what becomes of every fault."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from yarl import URL

from mailseal.providers import http
from mailseal.providers.base import InvalidConfiguration, OutcomeUnknown, ProviderError, Unavailable
from mailseal.providers.http import HttpApi, api_url
from mailseal.providers.reach import METADATA, AddressForbidden, Reach

LOOPBACK_CLOSED = Reach(closed=(ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")))
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(
    handler: Handler, reach: Reach | None = None, timeout_seconds: float = 5, host: str = "127.0.0.1"
) -> AsyncIterator[HttpApi]:
    """An API of ours before a server that does what `handler` says."""
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    api = HttpApi(URL(f"http://{host}:{port}/base"), reach or Reach(), {"X-API-Key": "k"}, timeout_seconds)
    try:
        yield api
    finally:
        await api.close()
        await runner.cleanup()


async def echo(request: web.Request) -> web.Response:
    return web.json_response(
        {
            "method": request.method,
            "path": request.raw_path,
            "key": request.headers["X-API-Key"],
            "body": await request.text(),
        }
    )


async def test_paths_are_sent_as_they_are_written_and_bodies_as_json() -> None:
    async with served(echo) as api:
        asked = await api.ask("/zones/a=2Fb.example.", {"q": "x y"})
        changed = await api.change("PATCH", "/zones", {"name": "é"})
    assert asked.json()["path"] == "/base/zones/a=2Fb.example.?q=x+y"
    assert asked.json()["key"] == "k"
    assert changed.json() == {
        "method": "PATCH",
        "path": "/base/zones",
        "key": "k",
        "body": '{"name": "\\u00e9"}',
    }


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_closed_address_is_not_connected_to_however_it_is_named(host: str) -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({})

    async with served(handler, LOOPBACK_CLOSED, host=host) as api:
        with pytest.raises(AddressForbidden, match=r"127\.0\.0\.1"):
            await api.ask("/zones")
        with pytest.raises(AddressForbidden):
            await api.change("POST", "/zones", {})
    assert asked == []


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://169.254.169.254/"})

    async with served(handler) as api:
        assert (await api.ask("/")).status == 302


async def test_a_lost_answer_is_unavailable_for_a_question_and_unknown_for_a_change() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with served(handler) as api:
        assert await fault(api.ask("/")) is Unavailable
        assert await fault(api.change("PUT", "/")) is OutcomeUnknown


async def test_a_slow_answer_ends_at_the_time_out() -> None:
    async def handler(request: web.Request) -> web.Response:
        await asyncio.sleep(3)
        return web.Response()

    async with served(handler, timeout_seconds=0.2) as api:
        assert await fault(api.ask("/")) is Unavailable
        assert await fault(api.change("PUT", "/")) is OutcomeUnknown


async def test_a_change_that_found_no_server_was_certainly_not_made() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        api = HttpApi(URL(f"http://127.0.0.1:{unused.getsockname()[1]}"), Reach(), {}, 5)
        assert await fault(api.change("PUT", "/")) is Unavailable
        await api.close()


async def test_an_answer_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER_BYTES", 1000)

    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 100_000)

    async with served(handler) as api:
        assert await fault(api.ask("/")) is Unavailable


@pytest.mark.parametrize(
    "body", ["", "<html>", '{"a":', "[" * 100_000, "\ud800".encode("utf-8", "surrogatepass")]
)
async def test_an_answer_that_is_no_json_is_no_traceback(body: str | bytes) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=body if isinstance(body, bytes) else body.encode())

    async with served(handler) as api:
        with pytest.raises(Unavailable, match="not JSON"):
            (await api.ask("/")).json()


async def test_tls_to_a_port_without_it_says_what_to_write() -> None:
    async with served(echo) as plain:
        api = HttpApi(URL(str(plain._base).replace("http:", "https:")), Reach(), {}, 5)
        with pytest.raises(Unavailable, match="speaks no TLS at this port, write http://"):
            await api.change("PUT", "/")
        await api.close()


@pytest.mark.parametrize(("value", "seconds"), [("7", 7), ("", None), ("soon", None), ("9" * 9, None)])
async def test_what_retry_after_asks_for(value: str, seconds: int | None) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": value})

    async with served(handler) as api:
        found = (await api.ask("/")).retry_after()
    assert (found.total_seconds() if found else None) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dns.example.nl",
        "ftp://a",
        "file:///etc/passwd",
        "http://",
        "http://u:p@a",
        "http://a?b",
        "http://a#b",
        7,
        "http://[::1",
    ],
)
def test_a_base_url_is_one_or_is_refused_with_the_field_named(text: object) -> None:
    with pytest.raises(InvalidConfiguration, match=r"^url must be"):
        api_url(text, "url")


def test_a_final_slash_of_a_base_url_does_not_count() -> None:
    assert str(api_url("https://dns.example.nl:8081/pdns/", "url")) == "https://dns.example.nl:8081/pdns"


async def fault(call: Awaitable[object]) -> type[ProviderError]:
    with pytest.raises(ProviderError) as caught:
        await call
    return type(caught.value)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",  # 127.0.0.1 as one number
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[::1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "localhost",
    ],
)
async def test_no_way_of_writing_a_closed_address_leads_there(host: str) -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({})

    async with served(handler, LOOPBACK_CLOSED, host=host) as api:
        error = await fault(api.ask("/zones"))
    assert issubclass(error, AddressForbidden | Unavailable)
    assert asked == []


async def test_a_name_is_looked_up_anew_for_each_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: a name that was harmless when it was checked leads to the metadata service now."""
    answers = ["127.0.0.1", "169.254.169.254"]

    async def rebinding(host: str, port: int, family: int = 0) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    async def handler(request: web.Request) -> web.Response:
        return web.json_response({}, headers={"Connection": "close"})

    monkeypatch.setattr(http, "address_infos", rebinding)
    async with served(handler, Reach(closed=METADATA), host="rebinding.example") as api:
        assert (await api.ask("/")).status == 200
        with pytest.raises(AddressForbidden, match=r"169\.254\.169\.254"):
            await api.ask("/")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_write_is_sent_only_once_although_its_connection_breaks(method: str) -> None:
    sent: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        sent.append(request.method)
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with served(handler) as api:
        with pytest.raises(OutcomeUnknown):
            await api.change(method, "/zones", {})
    assert sent == [method]


async def test_headers_of_an_answer_are_found_in_any_case() -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(headers={"x-rate-LIMIT-reset": "7"})

    async with served(handler) as api:
        assert (await api.ask("/zones")).headers["X-Rate-Limit-Reset"] == "7"
