"""Questions and updates as calls of the provider: each one is timed, counted and told with its outcome."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeAlias, TypeVar

import dns.message
import dns.rcode
import dns.rdatatype

from mailseal.dnsio.faults import DnsFault, ErrorAnswer
from mailseal.dnsio.messages import check_rcode
from mailseal.providers.base import ProviderError
from mailseal.providers.calls import Calls
from mailseal.providers.rfc2136.errors import lost_write, read_error
from mailseal.records.names import DnsName

QUERY: Final = "QUERY"
UPDATE: Final = "UPDATE"
TKEY: Final = "TKEY"
"""The operations, named like the opcodes of DNS, and the type that agrees on a key."""

Result = TypeVar("Result")
Judge: TypeAlias = Callable[[dns.rcode.Rcode], ProviderError | None]
"""What an answer code of an UPDATE means; None for success."""


class Session(Protocol):
    """`DnsSession` or `TlsSession`."""

    @property
    def parallel_queries(self) -> int:
        """How many questions to ask at once."""
        ...

    async def ask(self, name: DnsName, rdtype: dns.rdatatype.RdataType) -> dns.message.Message:
        """The server's answer, whatever its code."""
        ...

    async def send_once(self, message: dns.message.Message) -> dns.message.Message:
        """The answer to a message that must not be repeated."""
        ...


class CountedSession:
    """A session with one address of the server. A question counts once, however often it is repeated.

    Calls are told of faults as the `ProviderError`s that they mean; who asks gets the `DnsFault` itself.
    """

    def __init__(self, session: Session, calls: Calls, server: str) -> None:
        self._session = session
        self._calls = calls
        self._server = server

    @property
    def parallel_queries(self) -> int:
        """See `Session.parallel_queries`."""
        return self._session.parallel_queries

    async def ask(self, name: DnsName, rdtype: dns.rdatatype.RdataType) -> dns.message.Message:
        """The answer, with the code NOERROR or NXDOMAIN. Raises `ErrorAnswer` for others, and `DnsFault`s."""

        async def exchange() -> dns.message.Message:
            response = await self._session.ask(name, rdtype)
            check_rcode(response, f"{name or 'the root'} {rdtype.name}", self._server)
            return response

        return await _unwrapped(self._calls.read(QUERY, _wrapped(exchange, lambda it: read_error(it, None))))

    async def negotiate(self, query: dns.message.Message) -> dns.message.Message:
        """The answer to a TKEY query, over TCP or TLS. Raises as `ask` does."""

        async def exchange() -> dns.message.Message:
            response = await self._session.send_once(query)
            check_rcode(response, "a TKEY", self._server)
            return response

        return await _unwrapped(self._calls.read(TKEY, _wrapped(exchange, lambda it: read_error(it, None))))

    async def greet(self) -> None:
        """Return when the server answers at all: even a refusal proves that it is there."""

        async def exchange() -> None:
            try:
                await self._session.ask(DnsName(""), dns.rdatatype.SOA)
            except ErrorAnswer:
                return

        await _unwrapped(self._calls.read(QUERY, _wrapped(exchange, lambda it: read_error(it, None))))

    async def update(self, zone: DnsName, message: dns.message.Message, judge: Judge) -> None:
        """Send an UPDATE of `zone` once. Raises what `judge` says of its answer code, and `DnsFault`s."""

        async def exchange() -> None:
            try:
                rcode = (await self._session.send_once(message)).rcode()
            except ErrorAnswer as fault:
                rcode = fault.rcode
            if (error := judge(rcode)) is not None:
                raise error

        await _unwrapped(self._calls.write(UPDATE, _wrapped(exchange, lambda it: lost_write(it, zone))))


def _wrapped(
    exchange: Callable[[], Awaitable[Result]], meaning: Callable[[DnsFault], ProviderError]
) -> Callable[[], Awaitable[Result]]:
    async def request() -> Result:
        try:
            return await exchange()
        except DnsFault as fault:
            raise meaning(fault) from fault

    return request


async def _unwrapped(call: Awaitable[Result]) -> Result:
    try:
        return await call
    except ProviderError as error:
        if isinstance(error.__cause__, DnsFault):
            raise error.__cause__ from None
        raise
