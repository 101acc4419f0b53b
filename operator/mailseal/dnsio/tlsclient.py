"""Messages to one address of one server over TLS: many in flight over one connection that stays open."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

import dns.message
import dns.rdatatype

from mailseal.dnsio.client import Access
from mailseal.dnsio.faults import AnswerLost, DnsFault, HungUp
from mailseal.dnsio.messages import make_query, read_response
from mailseal.dnsio.tls import TlsProfile, open_tls
from mailseal.records.names import DnsName

QUERIES_IN_FLIGHT: Final = 64
IDLE_SECONDS: Final = 5.0
"""Unused for so long, a connection is closed, before servers usually do it (RFC 7766 section 6.2.3)."""


class TlsConnection:
    """One connection. Answers may come in any order and are told apart by message id (RFC 7766 section 7)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: str) -> None:
        self._reader = reader
        self._writer = writer
        self._server = server
        self._pending: dict[int, tuple[dns.message.Message, asyncio.Future[dns.message.Message]]] = {}
        self._usable = True
        self._idle: asyncio.TimerHandle | None = None
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def open(
        cls, address: str, port: int, server: str, profile: TlsProfile, timeout_seconds: float
    ) -> Self:
        """Connect. Raises `Unreachable`, of which `CertificateRejected` is one: no message was sent."""
        return cls(*await open_tls(address, port, server, profile, timeout_seconds), server)

    @property
    def usable(self) -> bool:
        """False once the server has closed it or was silent for too long."""
        return self._usable

    async def exchange(self, query: dns.message.Message, timeout_seconds: float) -> dns.message.Message:
        """Send `query` once and return its answer.

        Raises `HungUp` or another `AnswerLost`, or the fault of the answer.
        """
        if not self._usable:
            raise HungUp(f"{self._server} closed the TLS connection")
        query.set_id(self._unused_id())
        answer: asyncio.Future[dns.message.Message] = asyncio.get_running_loop().create_future()
        self._pending[query.id] = (query, answer)
        self._keep_open()
        try:
            async with asyncio.timeout(timeout_seconds):
                self._writer.write(query.to_wire(prepend_length=True))
                with suppress(OSError):  # the listener tells why
                    await self._writer.drain()
                return await answer
        except TimeoutError:
            self._usable = False  # a connection that swallows one message may swallow all
            raise AnswerLost(
                f"{self._server} does not answer over TLS within {timeout_seconds:g} s"
            ) from None
        finally:
            del self._pending[query.id]
            self._rest()

    def close(self) -> None:
        """Drop the connection at once; what is still pending ends as `HungUp`."""
        self._usable = False
        self._keep_open()
        self._listener.cancel()
        self._writer.transport.abort()
        self._fail_pending()

    async def _listen(self) -> None:
        try:
            while True:
                length = int.from_bytes(await self._reader.readexactly(2), "big")
                self._take(await self._reader.readexactly(length))
        except (OSError, asyncio.IncompleteReadError):
            self._usable = False
            self._writer.transport.abort()
            self._fail_pending()

    def _take(self, wire: bytes) -> None:
        query, answer = self._pending.get(int.from_bytes(wire[:2], "big"), (None, None))
        if query is None or answer is None or answer.done():
            return  # the answer to a question that was given up
        try:
            answer.set_result(read_response(wire, query, self._server))
        except DnsFault as fault:
            answer.set_exception(fault)

    def _fail_pending(self) -> None:
        for _, answer in self._pending.values():
            if not answer.done():
                answer.set_exception(HungUp(f"{self._server} closed the TLS connection before its answer"))

    def _keep_open(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _rest(self) -> None:
        """With nothing pending: close now if the connection is of no use, or else after a while."""
        if self._pending:
            return
        if not self._usable:
            self.close()
        else:
            self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self.close)

    def _unused_id(self) -> int:
        while (candidate := secrets.randbelow(1 << 16)) in self._pending:
            pass
        return candidate


class TlsSession:
    """What `DnsSession` is, over TLS only. Its connection is opened at the first use and kept for the next.

    Every question ends within three times the time-out: for connecting, the handshake and the answer. Where
    the server closes the connection meanwhile, it is asked once more.
    """

    def __init__(self, address: str, access: Access, profile: TlsProfile) -> None:
        self._address = address
        self._access = access
        self._profile = profile
        self._connection: TlsConnection | None = None
        self._opening = asyncio.Lock()

    @property
    def parallel_queries(self) -> int:
        """How many questions to ask at once."""
        return QUERIES_IN_FLIGHT

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Keep the connection for the next use."""

    async def ask(self, name: DnsName, rdtype: dns.rdatatype.RdataType) -> dns.message.Message:
        """See `DnsSession.ask`."""
        with suppress(HungUp):
            return await self.send_once(make_query(name, rdtype, self._access.key))
        return await self.send_once(make_query(name, rdtype, self._access.key))

    async def send_once(self, message: dns.message.Message) -> dns.message.Message:
        """See `DnsSession.send_once`; a connection that is open is used."""
        connection = await self._connected()
        return await connection.exchange(message, self._access.timeout_seconds)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()

    async def _connected(self) -> TlsConnection:
        async with self._opening:
            if self._connection is None or not self._connection.usable:
                access = self._access
                self._connection = await TlsConnection.open(
                    self._address, access.port, access.label, self._profile, access.timeout_seconds
                )
            return self._connection
