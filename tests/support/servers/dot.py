"""Name servers over TLS that are right or wrong in one way, and providers that talk to them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mailseal.providers.rfc2136 import Rfc2136Provider
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings
from support.mailcertificates import Issued

NAME = "ns-hidden.zorg.example"


def serving(issued: Issued, directory: Path) -> ssl.SSLContext:
    """What a server with this certificate needs."""
    path = directory / "server.pem"
    path.write_bytes(issued.chain_pem + issued.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def provider_over_tls(
    port: int,
    authority: bytes | None,
    surroundings: Surroundings = UNRESTRICTED,
    **settings: Any,
) -> Rfc2136Provider:
    """The provider of 127.0.0.1, where `NAME` is expected unless `settings` say otherwise."""
    chosen = {
        "server": "127.0.0.1",
        "port": port,
        "transport": "tls",
        "tlsServerName": NAME,
        "timeoutSeconds": 1,
        **settings,
    }
    credentials = {} if authority is None else {"ca.crt": authority}
    return Rfc2136Provider.from_settings(chosen, credentials, surroundings)


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


@asynccontextmanager
async def listening(serve: Serve) -> AsyncIterator[int]:
    """The port of a server that does with each connection what `serve` does, then closes it."""

    async def serve_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve_and_close, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def tls_in_front_of(address: str, port: int, tls: ssl.SSLContext) -> AsyncIterator[int]:
    """The port of a proxy that speaks TLS with clients and plain TCP with the server behind it."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while content := await reader.read(65536):
                writer.write(content)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_connection(address, port)
        await asyncio.gather(pump(reader, behind_writer), pump(behind_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
