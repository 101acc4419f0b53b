"""Many questions in flight over one UDP socket, told apart by message id."""

from __future__ import annotations

import asyncio
import secrets
import socket
from typing import Final, cast

import dns.message

from mailseal.dnsio.faults import BadAnswer, DnsFault, TimedOut, Unreachable
from mailseal.dnsio.messages import read_response

_TRY_SHARES: Final = (1 / 7, 2 / 7, 4 / 7)
"""How the time-out is shared by the three tries: each waits twice as long as the one before."""


class UdpChannel(asyncio.DatagramProtocol):
    """A connected socket to one server. Datagrams that answer no pending question are dropped."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._pending: dict[int, tuple[dns.message.Message, asyncio.Future[dns.message.Message]]] = {}
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls, address: str, port: int, server: str) -> UdpChannel:
        """A channel on a fresh source port. Raises `Unreachable` when there is no route."""
        loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            _, channel = await loop.create_datagram_endpoint(
                lambda: cls(server), remote_addr=(address, port), family=family
            )
        except OSError as error:
            raise Unreachable(f"{server} cannot be reached: {error.strerror or error}") from error
        return channel

    async def exchange(self, query: dns.message.Message, timeout_seconds: float) -> dns.message.Message:
        """Send `query` up to three times and return its answer.

        Raises `TimedOut`, `Unreachable` when the host rejects the datagrams, or the fault of the answer.
        """
        query.set_id(self._unused_id())
        wire = query.to_wire()
        answer: asyncio.Future[dns.message.Message] = asyncio.get_running_loop().create_future()
        self._pending[query.id] = (query, answer)
        try:
            for share in _TRY_SHARES:
                self._send(wire)
                await asyncio.wait({answer}, timeout=timeout_seconds * share)
                if answer.done():
                    return answer.result()
            raise TimedOut(f"{self._server} does not answer within {timeout_seconds:g} s")
        finally:
            del self._pending[query.id]

    def close(self) -> None:
        """Close the socket; questions still pending end as unreachable."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, _addr: object) -> None:
        if len(data) < 2:
            return
        query, answer = self._pending.get(int.from_bytes(data[:2], "big"), (None, None))
        if query is None or answer is None or answer.done():
            return
        try:
            answer.set_result(read_response(data, query, self._server))
        except BadAnswer:
            return  # forged or garbled: the true answer may still come (RFC 5452 section 9.1)
        except DnsFault as fault:
            answer.set_exception(fault)

    def error_received(self, exc: Exception) -> None:
        self._fail_pending(Unreachable(f"{self._server} cannot be reached: {exc}"))

    def connection_lost(self, _exc: Exception | None) -> None:
        self._fail_pending(Unreachable(f"the socket to {self._server} was closed"))

    def _fail_pending(self, fault: DnsFault) -> None:
        for _, answer in self._pending.values():
            if not answer.done():
                answer.set_exception(fault)

    def _send(self, wire: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(wire)

    def _unused_id(self) -> int:
        while (candidate := secrets.randbelow(1 << 16)) in self._pending:
            pass
        return candidate
