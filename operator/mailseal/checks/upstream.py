"""The recursive resolvers of a run: one UDP socket each, TCP for what does not fit, the next on failure."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final, Self

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver

from mailseal.checks.settings import CheckSettings
from mailseal.checks.together import Turn
from mailseal.dnsio.client import UDP_QUERIES_IN_FLIGHT
from mailseal.dnsio.endpoint import Endpoint, is_address, resolver_endpoints
from mailseal.dnsio.faults import AnswerLost, DnsFault, ErrorAnswer, TimedOut, Unreachable
from mailseal.dnsio.messages import UDP_PAYLOAD_BYTES, is_truncated
from mailseal.dnsio.tcp import TcpConnection
from mailseal.dnsio.udp import UdpChannel

QUESTIONS_IN_FLIGHT: Final = 4096
"""Far from what the 16 bits of the message id can tell apart (RFC 5452 section 9)."""
SLOW_SECONDS: Final = 0.2
"""A question that waits longer is no longer counted among those whose answers come in a burst."""
TCP_CONNECTIONS: Final = 16
"""At the same time, besides those over which an answer takes long."""
_ANSWERS: Final = frozenset({dns.rcode.NOERROR, dns.rcode.NXDOMAIN})


def make_question(name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> dns.message.QueryMessage:
    """A question that brings signatures along, also where the resolver finds them wrong.

    RD for recursion, DO for the signatures (RFC 3225), CD so that bogus data come, too (RFC 4035 section
    3.2.2): what they are worth is judged here.
    """
    flags = dns.flags.RD | dns.flags.CD
    return dns.message.make_query(
        name, rdtype, use_edns=0, payload=UDP_PAYLOAD_BYTES, flags=flags, ednsflags=dns.flags.DO
    )


class Upstream:
    """One recursive resolver."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._label = f"resolver {endpoint}"
        self._channel: UdpChannel | None = None
        self._opening = asyncio.Lock()
        self._idle: list[TcpConnection] = []
        self._connections = asyncio.Semaphore(TCP_CONNECTIONS)

    async def exchange(self, query: dns.message.Message, timeout_seconds: float) -> dns.message.Message:
        """Its answer. Raises a `DnsFault` where there is none to use."""
        channel = await self._open_channel()
        response = await channel.exchange(query, timeout_seconds)
        if is_truncated(response):
            async with Turn(self._connections, SLOW_SECONDS):
                response = await self._exchange_over_tcp(query, timeout_seconds)
        if response.rcode() not in _ANSWERS:
            code = dns.rcode.to_text(response.rcode())
            raise ErrorAnswer(f"{self._label} answers {code}", response.rcode())
        return response

    def close(self) -> None:
        """Close all sockets."""
        if self._channel is not None:
            self._channel.close()
        for connection in self._idle:
            connection.close()

    async def _open_channel(self) -> UdpChannel:
        async with self._opening:
            if self._channel is None:
                endpoint = self._endpoint
                self._channel = await UdpChannel.open(endpoint.host, endpoint.port, self._label)
            return self._channel

    async def _exchange_over_tcp(
        self, query: dns.message.Message, timeout_seconds: float
    ) -> dns.message.Message:
        if self._idle:
            try:
                return await self._exchange_on(self._idle.pop(), query, timeout_seconds)
            except AnswerLost:
                pass  # closed by the server while idle (RFC 7766 section 6.2.3)
        endpoint = self._endpoint
        connection = await TcpConnection.open(endpoint.host, endpoint.port, self._label, timeout_seconds)
        return await self._exchange_on(connection, query, timeout_seconds)

    async def _exchange_on(
        self, connection: TcpConnection, query: dns.message.Message, timeout_seconds: float
    ) -> dns.message.Message:
        try:
            response = await connection.exchange(query, timeout_seconds)
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return response


class Upstreams:
    """The resolvers of a run in order; one that is silent goes to the end. Use it as a context manager."""

    def __init__(self, endpoints: tuple[Endpoint, ...], within_seconds: float) -> None:
        self._order = [Upstream(endpoint) for endpoint in endpoints]
        self._within_seconds = within_seconds
        self._in_flight = asyncio.Semaphore(QUESTIONS_IN_FLIGHT)
        self._burst = asyncio.Semaphore(UDP_QUERIES_IN_FLIGHT)
        """Those whose answers may come all at once and must fit the socket's buffer."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for upstream in self._order:
            upstream.close()

    async def exchange(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> dns.message.Message:
        """The answer of the first resolver that has one. Raises the last `DnsFault` within the time-out."""
        async with self._in_flight, Turn(self._burst, SLOW_SECONDS):
            try:
                async with asyncio.timeout(self._within_seconds):
                    return await self._first_answer(name, rdtype)
            except TimeoutError:
                raise TimedOut(f"no answer within {self._within_seconds:g} s") from None

    async def _first_answer(
        self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
    ) -> dns.message.Message:
        last: DnsFault = Unreachable("no resolver is configured")
        share_seconds = self._within_seconds / max(1, len(self._order))
        for upstream in tuple(self._order):
            try:
                return await upstream.exchange(make_question(name, rdtype), share_seconds)
            except (TimedOut, Unreachable, AnswerLost) as fault:
                self._order.remove(upstream)
                self._order.append(upstream)
                last = fault
            except DnsFault as fault:
                last = fault
        raise last


def endpoints_of(settings: CheckSettings) -> tuple[Endpoint, ...]:
    """Where to ask: `settings.resolvers`, or the system's. Raises `ValueError` where that cannot be used."""
    return resolver_endpoints(settings.resolvers) if settings.resolvers else _system_endpoints()


def _system_endpoints() -> tuple[Endpoint, ...]:
    try:
        system = dns.resolver.Resolver()
    except dns.exception.DNSException as error:
        raise ValueError(f"the system's resolvers are not known, name some: {error}") from error
    addresses = (str(server) for server in system.nameservers)
    endpoints = tuple(Endpoint(address, system.port) for address in addresses if is_address(address))
    if not endpoints:
        raise ValueError("the system has no resolver with an IP address, name some")
    return endpoints
