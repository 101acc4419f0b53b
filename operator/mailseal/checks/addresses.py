"""Which addresses the checks may connect to, since anybody's DNS can name any address."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Final, TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""All that IANA hands out (RFC 4291 section 2.4)."""
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052 section 2.1; a translator connects to the IPv4 address at the end."""
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
"""RFC 4291 section 2.5.5.1."""
_BITS_OF_IPV4: Final = 0xFFFF_FFFF
_NEVER: Final = frozenset({ipaddress.ip_address("0.0.0.0"), ipaddress.ip_address("255.255.255.255")})  # noqa: S104 - not bound to
_NOT_ROUTED: Final = (
    ipaddress.ip_network("168.63.129.16/32"),  # a cloud's own service on each of its machines
    ipaddress.ip_network("192.0.0.0/24"),  # protocol assignments, RFC 6890
    ipaddress.ip_network("192.88.99.0/24"),  # 6to4 relays, withdrawn by RFC 7526
    ipaddress.ip_network("3fff::/20"),  # documentation, RFC 9637
)
"""What `ipaddress` takes for global in some versions of Python."""


def is_reachable(address: str, allow_private: bool) -> bool:
    """May a check connect to `address`?

    Only to unicast addresses that the Internet routes, also where an IPv4 address is embedded in an IPv6
    address (RFC 4291 section 2.5.5, RFC 3056, RFC 4380, RFC 6052). With `allow_private` also to private,
    loopback, link-local and other addresses, but not to multicast, broadcast and unspecified ones. What is
    no address is not reachable.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    involved = (found, *_embedded(found))
    if any(each.is_multicast or each.is_unspecified or each in _NEVER for each in involved):
        return False
    return allow_private or (_may_be_global(found) and all(_is_global(each) for each in involved[1:]))


def _may_be_global(address: Address) -> bool:
    """For an IPv6 address that leads to an IPv4 address, that one decides."""
    if isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped or address in _NAT64):
        return True
    return _is_global(address)


def _is_global(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not any(address in network for network in _NOT_ROUTED)


def _embedded(address: Address) -> Iterator[ipaddress.IPv4Address]:
    """The IPv4 addresses that a packet to this address may end at or pass."""
    if not isinstance(address, ipaddress.IPv6Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        yield ipaddress.IPv4Address(int(address) & _BITS_OF_IPV4)
