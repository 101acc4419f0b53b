"""Proofs that something is not there (RFC 4035 section 5.4, RFC 5155 section 8)."""

from __future__ import annotations

from collections.abc import Container, Iterable
from enum import IntEnum
from typing import Protocol

import dns.name
import dns.rdatatype

_NS, _SOA, _DS = dns.rdatatype.NS, dns.rdatatype.SOA, dns.rdatatype.DS
_CNAME, _DNAME = dns.rdatatype.CNAME, dns.rdatatype.DNAME

Types = Container[int]


class Proof(IntEnum):
    """How far an absence is proven, from nothing to all."""

    MISSING = 0
    UNSIGNED = 1
    """An unsigned delegation may be there (opt-out), or the proof costs too much to follow (RFC 9276)."""
    WHOLE = 2


class Cut(IntEnum):
    """What the zone above says of a name that has no DS record."""

    UNKNOWN = 0
    UNSIGNED = 1
    """A delegation to a zone that is not signed, or perhaps one (opt-out)."""
    NONE = 2
    """No zone starts there."""


class Denial(Protocol):
    """What the verified NSEC or NSEC3 records of one zone in one response prove."""

    def no_data(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Proof:
        """That `name` has no record of that type, nor a wildcard that would make one."""
        ...

    def no_name(self, name: dns.name.Name) -> Proof:
        """That `name` does not exist, nor a wildcard that would make it."""
        ...

    def no_closer(self, name: dns.name.Name, encloser: dns.name.Name) -> Proof:
        """That nothing between `name` and the wildcard below `encloser` exists."""
        ...

    def cut(self, name: dns.name.Name) -> Cut:
        """Whether an unsigned zone starts at `name`, below the apex of this zone."""
        ...


def lacks(types: Types, rdtype: dns.rdatatype.RdataType) -> bool:
    """True when a bitmap proves that its owner has no record of that type.

    A CNAME would stand for it. At a zone cut the parent's bitmap speaks of DS only, and the child's of
    everything else (RFC 6840 section 4.4, RFC 4035 section 5.2).
    """
    if rdtype in types or _CNAME in types:
        return False
    return _SOA not in types if rdtype == _DS else not is_delegation(types)


def is_delegation(types: Types) -> bool:
    """True for the bitmap on the parent's side of a zone cut."""
    return _NS in types and _SOA not in types


def hides_below(types: Types) -> bool:
    """True when the bitmap's owner has names below it that its zone does not know (RFC 6840 section 4.1)."""
    return is_delegation(types) or _DNAME in types


def cut_of(types: Types) -> Cut:
    """What the bitmap of a name itself says."""
    if _SOA in types or _DS in types:
        return Cut.UNKNOWN
    return Cut.UNSIGNED if _NS in types else Cut.NONE


def bitmap(windows: Iterable[tuple[int, bytes]]) -> frozenset[int]:
    """The types in a bitmap (RFC 4034 section 4.1.2)."""
    return frozenset(
        (window << 8) | (index << 3) | bit
        for window, octets in windows
        for index, octet in enumerate(octets)
        for bit in range(8)
        if octet & (0x80 >> bit)
    )


def wildcard_below(encloser: dns.name.Name) -> dns.name.Name:
    """`*` and the name; the name itself where that would be too long, so that nothing is proven by it."""
    try:
        return dns.name.from_text("*", encloser)
    except dns.name.NameTooLong:
        return encloser
