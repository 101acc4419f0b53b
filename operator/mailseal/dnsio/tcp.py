"""One question at a time over a TCP connection that stays open for the next one (RFC 7766)."""

from __future__ import annotations

import asyncio

import dns.message

from mailseal.dnsio.faults import AnswerLost, Unreachable
from mailseal.dnsio.messages import read_response


class TcpConnection:
    """A connection to one server; after any fault it is good for nothing but `close`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: str) -> None:
        self._reader = reader
        self._writer = writer
        self._server = server

    @classmethod
    async def open(cls, address: str, port: int, server: str, timeout_seconds: float) -> TcpConnection:
        """Connect. Raises `Unreachable`: nothing was sent."""
        try:
            async with asyncio.timeout(timeout_seconds):
                reader, writer = await asyncio.open_connection(address, port)
        except TimeoutError as error:
            raise Unreachable(f"{server} accepts no TCP connection within {timeout_seconds:g} s") from error
        except OSError as error:
            raise Unreachable(f"{server} cannot be reached over TCP: {error.strerror or error}") from error
        return cls(reader, writer, server)

    async def exchange(self, query: dns.message.Message, timeout_seconds: float) -> dns.message.Message:
        """Send `query` once and return its answer. Raises `AnswerLost` or the fault of the answer."""
        wire = query.to_wire(prepend_length=True)
        try:
            async with asyncio.timeout(timeout_seconds):
                self._writer.write(wire)
                await self._writer.drain()
                length = int.from_bytes(await self._reader.readexactly(2), "big")
                answer = await self._reader.readexactly(length)
        except TimeoutError as error:
            raise AnswerLost(
                f"{self._server} does not answer over TCP within {timeout_seconds:g} s"
            ) from error
        except (OSError, asyncio.IncompleteReadError) as error:
            raise AnswerLost(f"{self._server} closed the TCP connection before its answer") from error
        return read_response(answer, query, self._server)

    def close(self) -> None:
        """Drop the connection at once."""
        self._writer.transport.abort()
