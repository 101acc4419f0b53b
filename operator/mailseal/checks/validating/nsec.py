"""Proofs by NSEC records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import dns.name
import dns.rdatatype
import dns.rdtypes.ANY.NSEC
import dns.rrset

from mailseal.checks.validating.denial import (
    Cut,
    Proof,
    bitmap,
    cut_of,
    hides_below,
    lacks,
    wildcard_below,
)


@dataclass(frozen=True, slots=True)
class _Nsec:
    owner: dns.name.Name
    following: dns.name.Name
    types: frozenset[int]


class NsecDenial:
    """What verified NSEC records of `zone` prove (RFC 4035 section 5.4, RFC 6840 section 4)."""

    def __init__(self, rrsets: Iterable[dns.rrset.RRset], zone: dns.name.Name) -> None:
        self._zone = zone
        self._records = [
            _Nsec(rrset.name, rdata.next, bitmap(rdata.windows))
            for rrset in rrsets
            if rrset.name.is_subdomain(zone)
            for rdata in rrset
            if isinstance(rdata, dns.rdtypes.ANY.NSEC.NSEC)
        ]

    def no_data(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Proof:
        """See `Denial.no_data`."""
        lacking = self._lacks(name, rdtype)
        if lacking is not None:
            return lacking
        between = self._around(name)
        wildcard = None if between is None else wildcard_below(_closest_encloser(between, name))
        return Proof.MISSING if wildcard is None else self._lacks(wildcard, rdtype) or Proof.MISSING

    def no_name(self, name: dns.name.Name) -> Proof:
        """See `Denial.no_name`."""
        between = self._gap(name)
        if between is None or self._gap(wildcard_below(_closest_encloser(between, name))) is None:
            return Proof.MISSING
        return Proof.WHOLE

    def no_closer(self, name: dns.name.Name, encloser: dns.name.Name) -> Proof:
        """See `Denial.no_closer`."""
        between = self._gap(name)
        proven = between is not None and _closest_encloser(between, name) == encloser
        return Proof.WHOLE if proven else Proof.MISSING

    def cut(self, name: dns.name.Name) -> Cut:
        """See `Denial.cut`."""
        found = self._at(name)
        if found is not None:
            return cut_of(found.types)
        return Cut.UNKNOWN if self._around(name) is None else Cut.NONE

    def _lacks(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Proof | None:
        """What is proven of a name that is proven to exist; None for another.

        An empty non-terminal lies in a gap, and the name at the end of the gap is below it.
        """
        found = self._at(name)
        if found is not None:
            return Proof.WHOLE if lacks(found.types, rdtype) else Proof.MISSING
        between = self._around(name)
        return Proof.WHOLE if between is not None and between.following.is_subdomain(name) else None

    def _gap(self, name: dns.name.Name) -> _Nsec | None:
        """The record that proves that `name` does not exist."""
        between = self._around(name)
        return None if between is None or between.following.is_subdomain(name) else between

    def _at(self, name: dns.name.Name) -> _Nsec | None:
        return next((record for record in self._records if record.owner == name), None)

    def _around(self, name: dns.name.Name) -> _Nsec | None:
        """The record whose gap `name` lies in, in canonical order (RFC 4034 section 6.1)."""
        return next((record for record in self._records if self._covers(record, name)), None)

    def _covers(self, record: _Nsec, name: dns.name.Name) -> bool:
        if not name.is_subdomain(self._zone) or record.owner >= name:
            return False
        if name.is_subdomain(record.owner) and hides_below(record.types):
            return False
        return bool(name < record.following or record.following == self._zone)


def _closest_encloser(record: _Nsec, name: dns.name.Name) -> dns.name.Name:
    """The longest existing ancestor of a name in the gap: the gap's ends exist, and all names above them."""
    common_labels = max(name.fullcompare(end)[2] for end in (record.owner, record.following))
    return name.split(common_labels)[1]
