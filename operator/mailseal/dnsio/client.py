"""Questions to one address of one server: over UDP, with TCP for truncated answers, or over TCP only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TypeVar

import dns.message
import dns.rdatatype

from mailseal.dnsio.faults import AnswerLost, DnsFault
from mailseal.dnsio.messages import is_truncated, make_query
from mailseal.dnsio.tcp import TcpConnection
from mailseal.dnsio.tsig import TsigKey
from mailseal.dnsio.udp import UdpChannel
from mailseal.records.names import DnsName

UDP_QUERIES_IN_FLIGHT: Final = 64
"""Below what fills a socket's receive buffer, above what one round trip leaves idle."""
TCP_CONNECTIONS: Final = 16
"""Well below the number of TCP clients that servers allow (BIND: 150)."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Access:
    """How to talk to a server, whichever of its addresses is used."""

    label: str
    """What messages call the server."""
    port: int
    timeout_seconds: float
    key: TsigKey | None = None
    tcp_only: bool = False


class DnsSession:
    """Open while in use as a context manager.

    Every question ends within the time-out, or twice that where the answer over UDP is truncated.
    """

    def __init__(self, address: str, access: Access) -> None:
        self._address = address
        self._access = access
        self._udp: UdpChannel | None = None
        self._idle: list[TcpConnection] = []

    @property
    def parallel_queries(self) -> int:
        """How many questions to ask at once."""
        return TCP_CONNECTIONS if self._access.tcp_only else UDP_QUERIES_IN_FLIGHT

    async def __aenter__(self) -> Self:
        if not self._access.tcp_only:
            self._udp = await UdpChannel.open(self._address, self._access.port, self._access.label)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._udp is not None:
            self._udp.close()
        for connection in self._idle:
            connection.close()

    async def ask(self, name: DnsName, rdtype: dns.rdatatype.RdataType) -> dns.message.Message:
        """The server's answer, whatever its code. Raises a `DnsFault` when there is none to use."""
        if self._udp is not None:
            response = await self._udp.exchange(
                make_query(name, rdtype, self._access.key), self._access.timeout_seconds
            )
            if not is_truncated(response):
                return response
        return await self._ask_over_tcp(name, rdtype)

    async def send_once(self, message: dns.message.Message) -> dns.message.Message:
        """Send a message that must not be repeated, over a new TCP connection.

        Raises `Unreachable` when it was certainly not sent, `AnswerLost` or `BadAnswer` when it may have
        been acted on.
        """
        connection = await self._connect()
        try:
            return await connection.exchange(message, self._access.timeout_seconds)
        finally:
            connection.close()

    async def _ask_over_tcp(self, name: DnsName, rdtype: dns.rdatatype.RdataType) -> dns.message.Message:
        if self._idle:
            # The server may have closed an idle connection (RFC 7766 section 6.2.3): then ask on a new one.
            with suppress(AnswerLost):
                return await self._ask_on(self._idle.pop(), name, rdtype)
        return await self._ask_on(await self._connect(), name, rdtype)

    async def _ask_on(
        self, connection: TcpConnection, name: DnsName, rdtype: dns.rdatatype.RdataType
    ) -> dns.message.Message:
        try:
            response = await connection.exchange(
                make_query(name, rdtype, self._access.key), self._access.timeout_seconds
            )
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return response

    async def _connect(self) -> TcpConnection:
        return await TcpConnection.open(
            self._address, self._access.port, self._access.label, self._access.timeout_seconds
        )


async def for_each(items: Iterable[Item], work: Callable[[Item], Awaitable[None]], parallel: int) -> None:
    """Run `work` on all items, at most `parallel` at once. The first fault stops the rest and is raised."""
    queue = iter(items)

    async def worker() -> None:
        for item in queue:
            await work(item)

    tasks = [asyncio.create_task(worker()) for _ in range(parallel)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def first_that_works(
    addresses: Iterable[str], attempt: Callable[[str], Awaitable[Item]], move_on: tuple[type[DnsFault], ...]
) -> Item:
    """What `attempt` returns at the first address where it does not raise one of `move_on`.

    Raises the last fault. There must be an address.
    """
    fault: DnsFault | None = None
    for address in addresses:
        try:
            return await attempt(address)
        except move_on as error:
            fault = error
    raise fault or ValueError("no address to try")
