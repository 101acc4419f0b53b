"""To which addresses a policy host's name leads, for aiohttp, which connects to just these."""

from __future__ import annotations

import asyncio
import socket

import dns.name
import dns.rdatatype
import dns.rdtypes.IN.A
import dns.rdtypes.IN.AAAA
from aiohttp.abc import AbstractResolver, ResolveResult

from mailseal.checks.addresses import is_reachable
from mailseal.checks.answers import Answer, Resolver
from mailseal.records.names import DnsName


class NotResolvedError(OSError):
    """The name leads to no address that may be connected to; the text is for people."""


class UnansweredError(NotResolvedError):
    """It is not known to which address the name leads."""


class CheckedResolver(AbstractResolver):
    """Resolves through the run's own resolver and lets only addresses through that may be reached.

    The connection goes to the address that was checked, so that a name that leads elsewhere at the next
    question (DNS rebinding) gains nothing.
    """

    def __init__(self, resolver: Resolver, allow_private: bool) -> None:
        self._resolver = resolver
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of `host`. Raises `NotResolvedError`."""
        name = dns.name.from_text(DnsName.parse(host).fqdn)
        four, six = await asyncio.gather(
            self._resolver.ask(name, dns.rdatatype.A), self._resolver.ask(name, dns.rdatatype.AAAA)
        )
        found = [
            *((rdata.address, socket.AF_INET) for rdata in four.of(dns.rdtypes.IN.A.A)),
            *((rdata.address, socket.AF_INET6) for rdata in six.of(dns.rdtypes.IN.AAAA.AAAA)),
        ]
        if not found:
            raise _nothing(host, four, six)
        reachable = [
            _result(host, address, port, kind)
            for address, kind in found
            if is_reachable(address, self._allow_private) and family in {socket.AF_UNSPEC, kind}
        ]
        if not reachable:
            raise NotResolvedError(f"{host} has only addresses that the Internet does not route")
        return reachable

    async def close(self) -> None:
        """Nothing is held open."""


def _nothing(host: str, *answers: Answer) -> NotResolvedError:
    for answer in answers:
        if not answer.is_known:
            return UnansweredError(f"the address of {host} is not known: {answer.fault}")
    return NotResolvedError(f"{host} has no address")


def _result(host: str, address: str, port: int, kind: socket.AddressFamily) -> ResolveResult:
    return ResolveResult(
        hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST
    )
