"""Proofs by NSEC3 records (RFC 5155)."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import dns.dnssec
import dns.name
import dns.rdatatype
import dns.rdtypes.ANY.NSEC3
import dns.rrset
from dns.dnssectypes import NSEC3Hash

from mailseal.checks.validating.denial import (
    Cut,
    Proof,
    bitmap,
    cut_of,
    hides_below,
    lacks,
    wildcard_below,
)

MAX_ITERATIONS: Final = 150
"""With more, answers count as unsigned (RFC 9276 section 3.2; BIND and Unbound have the same limit)."""
_OPT_OUT: Final = 0x01

NSEC3 = dns.rdtypes.ANY.NSEC3.NSEC3


@dataclass(frozen=True, slots=True)
class _Nsec3:
    owner: str
    following: str
    opt_out: bool
    types: frozenset[int]

    def covers(self, digest: str) -> bool:
        """True in the gap after this record; the last gap goes round (RFC 5155 section 8.1)."""
        if self.owner < self.following:
            return self.owner < digest < self.following
        return digest > self.owner or digest < self.following


class Nsec3Denial:
    """What verified NSEC3 records of `zone` prove, all with the parameters of the first one."""

    def __init__(self, rrsets: Iterable[dns.rrset.RRset], zone: dns.name.Name) -> None:
        self._zone = zone
        self._digests: dict[dns.name.Name, str] = {}
        self._salt, self._iterations = b"", 0
        self._records: list[_Nsec3] = []
        for label, rdata in _usable(rrsets, zone):
            if not self._records:
                self._salt, self._iterations = rdata.salt, rdata.iterations
            if (rdata.salt, rdata.iterations) == (self._salt, self._iterations):
                self._records.append(_record(label, rdata))

    def no_data(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Proof:
        """See `Denial.no_data`; RFC 5155 sections 8.5 to 8.7."""
        if self._too_costly:
            return Proof.UNSIGNED
        found = self._at(name)
        if found is not None:
            return Proof.WHOLE if lacks(found.types, rdtype) else Proof.MISSING
        encloser, gap = self._closest_encloser(name)
        if encloser is None or gap is None:
            return Proof.MISSING
        wildcard = self._at(wildcard_below(encloser))
        if wildcard is not None and lacks(wildcard.types, rdtype):
            return _proof_by(gap)
        return Proof.UNSIGNED if gap.opt_out and wildcard is None else Proof.MISSING

    def no_name(self, name: dns.name.Name) -> Proof:
        """See `Denial.no_name`; RFC 5155 section 8.4."""
        if self._too_costly:
            return Proof.UNSIGNED
        encloser, gap = self._closest_encloser(name)
        if encloser is None or gap is None or self._around(wildcard_below(encloser)) is None:
            return Proof.MISSING
        return _proof_by(gap)

    def no_closer(self, name: dns.name.Name, encloser: dns.name.Name) -> Proof:
        """See `Denial.no_closer`; RFC 5155 section 8.8."""
        if self._too_costly:
            return Proof.UNSIGNED
        gap = self._around(_next_closer(name, encloser))
        return Proof.MISSING if gap is None else _proof_by(gap)

    def cut(self, name: dns.name.Name) -> Cut:
        """See `Denial.cut`; RFC 5155 section 8.9."""
        if self._too_costly:
            return Cut.UNSIGNED
        found = self._at(name)
        if found is not None:
            return cut_of(found.types)
        _, gap = self._closest_encloser(name)
        if gap is None:
            return Cut.UNKNOWN
        return Cut.UNSIGNED if gap.opt_out else Cut.NONE

    @property
    def _too_costly(self) -> bool:
        return self._iterations > MAX_ITERATIONS

    def _closest_encloser(self, name: dns.name.Name) -> tuple[dns.name.Name | None, _Nsec3 | None]:
        """The closest existing ancestor, and the gap that the next name towards `name` lies in (8.3)."""
        ancestor = name
        while ancestor != self._zone and ancestor.is_subdomain(self._zone):
            ancestor = ancestor.parent()
            found = self._at(ancestor)
            if found is not None:
                gap = None if hides_below(found.types) else self._around(_next_closer(name, ancestor))
                return ancestor, gap
        return None, None

    def _at(self, name: dns.name.Name) -> _Nsec3 | None:
        digest = self._digest(name)
        return next((record for record in self._records if record.owner == digest), None)

    def _around(self, name: dns.name.Name) -> _Nsec3 | None:
        digest = self._digest(name)
        return next((record for record in self._records if record.covers(digest)), None)

    def _digest(self, name: dns.name.Name) -> str:
        if name not in self._digests:
            self._digests[name] = dns.dnssec.nsec3_hash(name, self._salt, self._iterations, NSEC3Hash.SHA1)
        return self._digests[name]


def _usable(rrsets: Iterable[dns.rrset.RRset], zone: dns.name.Name) -> Iterator[tuple[bytes, NSEC3]]:
    """The hashed label and the data of those of the zone with a known algorithm and flags (8.1, 8.2)."""
    for rrset in rrsets:
        if rrset.name == dns.name.root or rrset.name.parent() != zone:
            continue
        for rdata in rrset:
            if isinstance(rdata, NSEC3) and rdata.algorithm == NSEC3Hash.SHA1 and rdata.flags <= _OPT_OUT:
                yield rrset.name.labels[0], rdata


def _record(label: bytes, rdata: NSEC3) -> _Nsec3:
    """Base32 with extended hex keeps the order of the digests."""
    owner = label.decode("latin-1").upper()
    following = base64.b32hexencode(rdata.next).decode()
    return _Nsec3(owner, following, bool(rdata.flags & _OPT_OUT), bitmap(rdata.windows))


def _next_closer(name: dns.name.Name, encloser: dns.name.Name) -> dns.name.Name:
    """The name one label longer than `encloser`, towards `name`."""
    return name.split(len(encloser) + 1)[1]


def _proof_by(gap: _Nsec3) -> Proof:
    """RFC 5155 section 9.2: nothing that rests on an opt-out gap is secure."""
    return Proof.UNSIGNED if gap.opt_out else Proof.WHOLE
