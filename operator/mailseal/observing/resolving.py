"""The authoritative servers of a zone: given by the user, or found through a resolver."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.rdtypes.ANY.NS
import dns.resolver

from mailseal.dnsio.endpoint import DNS_PORT, Endpoint, resolver_endpoints
from mailseal.dnsio.faults import Unreachable
from mailseal.dnsio.rdata import dns_name, wire_name
from mailseal.observing.nameserver import Nameserver
from mailseal.records.names import DnsName

_LIFETIME_SECONDS: Final = 5.0


class ServersUnknown(Exception):
    """The zone's authoritative servers cannot be found out. The message says what to do."""


class ServerFinder(Protocol):
    """Finds the authoritative servers of a zone."""

    async def servers_of(self, zone: DnsName) -> tuple[Nameserver, ...]:
        """All servers; one whose name has no address is among them without one. Raises `ServersUnknown`."""
        ...


def any_address(address: str) -> bool:
    """Every address may be asked."""
    return True


class GivenServers:
    """The servers that the user listed as host, host:port or [IPv6]:port, for every zone."""

    def __init__(self, nameservers: Sequence[str], permits: Callable[[str], bool] = any_address) -> None:
        """`permits` says which addresses may be asked. Raises `ValueError` for a text that is no server."""
        self._permits = permits
        self._endpoints = tuple(Endpoint.parse(text) for text in nameservers)

    async def servers_of(self, zone: DnsName) -> tuple[Nameserver, ...]:
        """See `ServerFinder`; the zone does not matter."""
        found = await asyncio.gather(*(self._resolve(endpoint) for endpoint in self._endpoints))
        return tuple(dict.fromkeys(server for servers in found for server in servers))

    async def _resolve(self, endpoint: Endpoint) -> tuple[Nameserver, ...]:
        try:
            addresses = await endpoint.addresses(_LIFETIME_SECONDS)
        except Unreachable:
            return (Nameserver(endpoint.host, "", endpoint.port),)
        return _servers_at(endpoint.host, addresses, endpoint.port, self._permits)


class DelegatedServers:
    """The servers that the zone's NS records name, by a resolver that caches them for their TTL."""

    def __init__(
        self,
        resolvers: Sequence[str] = (),
        port: int = DNS_PORT,
        permits: Callable[[str], bool] = any_address,
    ) -> None:
        """Use the system's resolvers, or `resolvers` (IP addresses with optional port). `port` is where the
        servers found are asked, as far as `permits` says that their addresses may be.

        Raises `ValueError` for a resolver that is not an address.
        """
        self._permits = permits
        self._resolver = resolver_at(resolvers)
        self._resolver.cache = dns.resolver.LRUCache()
        self._resolver.lifetime = _LIFETIME_SECONDS
        self._port = port

    async def servers_of(self, zone: DnsName) -> tuple[Nameserver, ...]:
        """See `ServerFinder`."""
        try:
            answer = await self._resolver.resolve(wire_name(zone), dns.rdatatype.NS)
        except dns.exception.DNSException as error:
            raise ServersUnknown(
                f"the NS records of {zone} cannot be resolved ({error}): delegate the zone, or list its "
                "servers in the provider's spec.nameservers"
            ) from error
        targets = [rdata.target for rdata in answer if isinstance(rdata, dns.rdtypes.ANY.NS.NS)]
        found = await asyncio.gather(*(self._resolve(target) for target in targets))
        return tuple(sorted({server for servers in found for server in servers}))

    async def _resolve(self, target: dns.name.Name) -> tuple[Nameserver, ...]:
        host = dns_name(target)
        try:
            addresses = tuple((await self._resolver.resolve_name(target)).addresses())
        except dns.exception.DNSException:
            return (Nameserver(host, "", self._port),)
        return _servers_at(host, addresses, self._port, self._permits)


def _servers_at(
    host: str, addresses: Sequence[str], port: int, permits: Callable[[str], bool]
) -> tuple[Nameserver, ...]:
    """One server for each address that may be asked; where none may, one without an address that says so."""
    permitted = [address for address in addresses if permits(address)]
    if addresses and not permitted:
        found = f" ({', '.join(addresses)})" if addresses[0] != host else ""
        return (Nameserver(f"{host}{found}", "", port, "is where this provider may not ask"),)
    return tuple(Nameserver.of(host, address, port) for address in routable(permitted))


def resolver_at(resolvers: Sequence[str]) -> dns.asyncresolver.Resolver:
    """The system's resolvers, or those at `resolvers` (IP addresses with optional port).

    Raises `ValueError` for one that is no address.
    """
    resolver = dns.asyncresolver.Resolver(configure=not resolvers)
    if resolvers:
        resolver.nameservers = [
            dns.nameserver.Do53Nameserver(endpoint.host, endpoint.port)
            for endpoint in resolver_endpoints(resolvers)
        ]
    return resolver


def routable(addresses: Sequence[str]) -> tuple[str, ...]:
    """The addresses to which this host has a route, or all when it has none.

    A cluster without IPv6 would otherwise wait for ever for the IPv6 addresses of servers that it can
    reach over IPv4. Connecting a datagram socket looks up the route and sends nothing.
    """
    return tuple(address for address in addresses if _has_route(address)) or tuple(addresses)


def _has_route(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, DNS_PORT))
    except OSError:
        return False
    return True
