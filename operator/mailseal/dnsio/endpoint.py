"""Where a DNS server listens."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailseal.dnsio.faults import Unreachable
from mailseal.dnsio.lookup import address_infos

DNS_PORT = 53
_MAX_ADDRESSES = 4

_BRACKETED = re.compile(r"\[(?P<host>[^\]]+)\](?::(?P<port>\d+))?")
_PLAIN = re.compile(r"(?P<host>[^:\s]+)(?::(?P<port>\d+))?")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host name or IP address, and a port."""

    host: str
    port: int = DNS_PORT

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read `host`, `host:port`, `[v6]:port` or a bare IPv6 address. Raises `ValueError`."""
        stripped = text.strip()
        if is_address(stripped):
            return cls(stripped)
        match = _BRACKETED.fullmatch(stripped) or _PLAIN.fullmatch(stripped)
        if match is None or (stripped.startswith("[") and not is_address(match["host"])):
            raise ValueError(f"{text!r} is not host, host:port or [IPv6 address]:port")
        port = int(match["port"] or DNS_PORT)
        if not 0 < port < 65536:
            raise ValueError(f"{text!r}: port {port} is not within 1 and 65535")
        return cls(match["host"], port)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    async def addresses(self, timeout_seconds: float) -> tuple[str, ...]:
        """The IP addresses of the host, as the system resolver orders them. Raises `Unreachable`."""
        if is_address(self.host):
            return (self.host,)
        try:
            async with asyncio.timeout(timeout_seconds):
                found = await address_infos(self.host, self.port)
        except TimeoutError as error:
            raise Unreachable(f"no address for {self.host} within {timeout_seconds:g} s") from error
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"{self.host} has no address: {error}") from error
        return tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))[:_MAX_ADDRESSES]


def resolver_endpoints(resolvers: Sequence[str]) -> tuple[Endpoint, ...]:
    """Where the resolvers listen that are given as IP addresses with optional port. Raises `ValueError`."""
    endpoints = tuple(Endpoint.parse(text) for text in resolvers)
    for endpoint in endpoints:
        if not is_address(endpoint.host):
            raise ValueError(f"the resolver {endpoint.host!r} is not an IP address")
    return endpoints


def is_address(text: str) -> bool:
    """True for an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
