"""Which addresses a provider may connect to, since its settings can name any host."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from mailseal.providers.base import InvalidConfiguration

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

METADATA: Final[tuple[Network, ...]] = (
    ipaddress.ip_network("169.254.0.0/16"),  # link-local, where clouds serve credentials
    ipaddress.ip_network("fe80::/10"),
    ipaddress.ip_network("fd00:ec2::/32"),  # the same of AWS over IPv6
    ipaddress.ip_network("fd20:ce::/32"),  # the same of Google Cloud over IPv6
    ipaddress.ip_network("100.100.100.200/32"),  # the same of Alibaba Cloud
    ipaddress.ip_network("192.0.0.192/32"),  # the same of Oracle Cloud
    ipaddress.ip_network("168.63.129.16/32"),  # Azure's own service on each of its machines
)
ITSELF: Final[tuple[Network, ...]] = (
    ipaddress.ip_network("127.0.0.0/8"),
    ipaddress.ip_network("::1/128"),
    ipaddress.ip_network("0.0.0.0/8"),
    ipaddress.ip_network("::/128"),
)


class AddressForbidden(InvalidConfiguration):
    """The provider's settings lead to an address that it may not connect to."""

    reason = "AddressForbidden"


@dataclass(frozen=True, slots=True)
class Reach:
    """Networks that are closed, and parts of them that are open all the same."""

    closed: tuple[Network, ...] = ()
    opened: tuple[Network, ...] = ()

    def permits(self, address: str) -> bool:
        """May the provider connect to `address`? What is no address is not permitted."""
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(found, ipaddress.IPv6Address):
            found = _embedded(found) or found
        if any(found in network for network in self.opened):
            return True
        return not any(found in network for network in self.closed)

    def permitted(self, host: str, addresses: Iterable[str]) -> tuple[str, ...]:
        """The addresses of `host` that are permitted. Raises `AddressForbidden` when none of them is."""
        found = tuple(addresses)
        permitted = tuple(address for address in found if self.permits(address))
        if found and not permitted:
            led = f"{host} leads to {', '.join(found)}" if found != (host,) else f"{host} is"
            raise AddressForbidden(
                f"{led} where a provider of a namespace must not connect to: name a "
                "server outside the operator's own Pod and its machine, or use a ClusterDnsProvider"
            )
        return permitted


_NAT64: Final = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_COMPATIBLE: Final = ipaddress.ip_network("::/96")


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to, where it is one of those.

    IPv4-mapped and IPv4-compatible (RFC 4291 section 2.5.5), NAT64 (RFC 6052 and RFC 8215), 6to4 (RFC 3056).
    """
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    is_compatible = address in _COMPATIBLE and int(address) > 1
    if is_compatible or any(address in network for network in _NAT64):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
