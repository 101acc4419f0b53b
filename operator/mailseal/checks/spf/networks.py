"""The networks that a domain's SPF lets pass, and whether they are of sensible size. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network
from typing import Final, TypeAlias

import dns.name
import dns.rdatatype

from mailseal.checks.model import Finding
from mailseal.checks.spf import network_verdicts as say
from mailseal.checks.spf.matching import addresses_in, mail_exchangers
from mailseal.checks.spf.model import IpAddress
from mailseal.checks.spf.walk import Tried, Walk
from mailseal.records.spf import A, Include, Ip4, Ip6, Mx, Qualifier, Redirect

Network: TypeAlias = IPv4Network | IPv6Network

HUGE_BELOW: Final = {4: 8, 6: 16}
"""A shorter prefix holds more than any one organisation has."""
WIDE_BELOW: Final = {4: 12, 6: 29}
"""A shorter prefix holds more than the largest mail providers publish (IPv4: /14), or than one network
operator is given (IPv6: /29)."""
_UNROUTED: Final = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)


@dataclass(frozen=True, slots=True)
class Passing:
    """A network that a term lets pass."""

    tried: Tried
    network: Network


def passing_networks(walk: Walk) -> tuple[Passing, ...]:
    """The networks of all terms that pass, in the record and in those that it includes or redirects to.

    Terms before them that refuse a part are not taken into account.
    """
    return tuple(
        Passing(tried, network)
        for name in _passing_records(walk)
        for tried in walk.tried_in(name)
        for network in _networks(tried, walk)
    )


def judge_networks(walk: Walk) -> Iterator[Finding]:
    """Are the networks of sensible size, and on the Internet?"""
    passing = passing_networks(walk)
    target = walk.start.text
    huge = _places(walk, [it for it in passing if it.network.prefixlen < HUGE_BELOW[it.network.version]])
    wide = _places(walk, [it for it in passing if it.network.prefixlen < WIDE_BELOW[it.network.version]])
    wide = tuple(place for place in wide if place not in huge)
    private = _places(walk, [it for it in passing if _is_unrouted(it)])
    for verdict, places in ((say.HUGE, huge), (say.WIDE, wide), (say.PRIVATE, private)):
        if places:
            yield verdict.on(target, places, terms=", ".join(places))
    if not (huge or wide or private):
        networks = dict.fromkeys(str(it.network) for it in passing)
        yield say.SENSIBLE.on(target, tuple(networks), count=len(networks))


def _passing_records(walk: Walk) -> tuple[dns.name.Name, ...]:
    """The records whose passes are passes of the domain: reached through passing includes and redirect."""
    reached = {walk.root: None}
    queue = [walk.root]
    while queue:
        for tried in walk.tried_in(queue.pop(0)):
            passes = isinstance(tried.term, Redirect) or (
                isinstance(tried.term, Include) and tried.term.qualifier is Qualifier.PASS
            )
            if passes and tried.target is not None and tried.target not in reached:
                reached[tried.target] = None
                queue.append(tried.target)
    return tuple(reached)


def _networks(tried: Tried, walk: Walk) -> Iterator[Network]:
    match tried.term:
        case Ip4(address, prefix_length, Qualifier.PASS) | Ip6(address, prefix_length, Qualifier.PASS):
            yield ip_network((address, prefix_length), strict=False)
        case A(qualifier=Qualifier.PASS) if tried.target is not None:
            yield from _host_networks(tried.term, tried.target, walk)
        case Mx(qualifier=Qualifier.PASS) if tried.target is not None:
            answer = walk.answers.get((tried.target, dns.rdatatype.MX))
            for host in mail_exchangers(answer) if answer else ():
                yield from _host_networks(tried.term, host, walk)


def _host_networks(term: A | Mx, host: dns.name.Name, walk: Walk) -> Iterator[Network]:
    for rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
        answer = walk.answers.get((host, rdtype))
        for address in addresses_in(answer) if answer else ():
            yield ip_network((address, _prefix_length(term, address)), strict=False)


def _prefix_length(term: A | Mx, address: IpAddress) -> int:
    return term.ip4_prefix_length if isinstance(address, IPv4Address) else term.ip6_prefix_length


def _places(walk: Walk, passing: list[Passing]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(walk.place(it.tried) for it in passing))


def _is_unrouted(passing: Passing) -> bool:
    """True for a written network within those that are private."""
    if not isinstance(passing.tried.term, Ip4 | Ip6):
        return False
    return any(contains(private, passing.network) for private in _UNROUTED)


def contains(outer: Network, inner: Network) -> bool:
    """True when all addresses of `inner` are in `outer`."""
    return (
        outer.version == inner.version and inner.network_address in outer and inner.broadcast_address in outer
    )
