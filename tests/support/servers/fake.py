"""A name server of a few lines that misbehaves as a test wants it to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias, cast

import dns.message
import dns.rcode
import dns.rrset

from support.servers.process import free_port

Answer: TypeAlias = Callable[[bytes], list[bytes] | None]
"""What to send for a message received: datagrams or TCP messages, none to stay silent, None to hang up."""


@dataclass
class FakeDns:
    """Where the fake listens, and what it has received."""

    address: str
    port: int
    udp_messages: list[bytes] = field(default_factory=list)
    tcp_messages: list[bytes] = field(default_factory=list)
    connections: int = 0
    """All that were made over TCP, or over TLS where it is served."""
    open_connections: list[asyncio.StreamWriter] = field(default_factory=list)

    def hang_up(self) -> None:
        """Close all connections."""
        for writer in self.open_connections:
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, fake: FakeDns, answer: Answer) -> None:
        self._fake = fake
        self._answer = answer
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._fake.udp_messages.append(data)
        for reply in self._answer(data) or []:
            if self._transport is not None:
                self._transport.sendto(reply, addr)


@asynccontextmanager
async def fake_dns(
    udp: Answer,
    tcp: Answer | None = None,
    address: str = "127.0.0.1",
    port: int | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[FakeDns]:
    """Listen for both transports, on a free port unless one is given; over TCP `tcp` answers, or else `udp`.

    With `tls` a connection begins with a TLS handshake.
    """
    fake = FakeDns(address, port or free_port(address))
    over_tcp = tcp or udp

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fake.connections += 1
        fake.open_connections.append(writer)
        try:
            while length := await reader.read(2):
                message = await reader.readexactly(int.from_bytes(length, "big"))
                fake.tcp_messages.append(message)
                replies = over_tcp(message)
                if replies is None:
                    break
                for reply in replies:
                    writer.write(len(reply).to_bytes(2, "big") + reply)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            fake.open_connections.remove(writer)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Datagrams(fake, udp), local_addr=(address, fake.port)
    )
    server = await asyncio.start_server(serve, address, fake.port, ssl=tls)
    try:
        yield fake
    finally:
        transport.close()
        server.close()


def reply_to(wire: bytes, *records: str, flags: int = 0, rcode: int = 0, authority: str = "") -> bytes:
    """An answer to the query in `wire`: RRsets in presentation form, flags, a code, an authority RRset."""
    query = dns.message.from_wire(wire, keyring=False)
    response = dns.message.make_response(query)
    response.flags |= flags
    response.set_rcode(dns.rcode.Rcode(rcode))
    for section, texts in (
        (response.answer, records),
        (response.authority, (authority,) if authority else ()),
    ):
        for text in texts:
            owner, ttl, rtype, value = text.split(" ", 3)
            section.append(dns.rrset.from_text(owner, int(ttl), "IN", rtype, value))
    response.tsig = None
    return response.to_wire()
