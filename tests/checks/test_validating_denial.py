"""What NSEC and NSEC3 records prove, against zones whose names are known."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.NSEC
import dns.rdtypes.ANY.NSEC3
import dns.rdtypes.util
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.validating.denial import Cut, Denial, Proof
from mailseal.checks.validating.nsec import NsecDenial
from mailseal.checks.validating.nsec3 import MAX_ITERATIONS, Nsec3Denial

ZONE = dns.name.from_text("nl")
IN = dns.rdataclass.IN
A, TXT, NS, SOA, DS, CNAME = (
    dns.rdatatype.A,
    dns.rdatatype.TXT,
    dns.rdatatype.NS,
    dns.rdatatype.SOA,
    dns.rdatatype.DS,
    dns.rdatatype.CNAME,
)
NSEC: Callable[..., dns.rdata.Rdata] = dns.rdtypes.ANY.NSEC.NSEC
NSEC3: Callable[..., dns.rdata.Rdata] = dns.rdtypes.ANY.NSEC3.NSEC3
SALT = bytes.fromhex("AB12")
Zone = Mapping[dns.name.Name, frozenset[dns.rdatatype.RdataType]]

labels = st.sampled_from(("a", "b", "c", "*", "b-b"))
names = st.lists(labels, min_size=1, max_size=3).map(lambda parts: dns.name.from_text(".".join(parts), ZONE))
type_sets = st.sampled_from(
    [
        frozenset({A}),
        frozenset({TXT}),
        frozenset({A, TXT}),
        frozenset({CNAME}),
        frozenset({NS}),
        frozenset({NS, DS}),
    ]
)


@st.composite
def zones(draw: st.DrawFn) -> Zone:
    """A zone as its parent's servers hold it: nothing is below a delegation, and no wildcard is one."""
    drawn = draw(st.dictionaries(names, type_sets, max_size=6))
    cuts = {name for name, types in drawn.items() if NS in types and not name.is_wild()}
    kept = {
        name: types - {NS, DS} or frozenset({A}) if name not in cuts else types
        for name, types in drawn.items()
        if not any(name != cut and name.is_subdomain(cut) for cut in cuts)
    }
    return {ZONE: frozenset({SOA, NS})} | kept


def bitmap_of(types: Iterable[dns.rdatatype.RdataType]) -> tuple[tuple[int, bytes], ...]:
    return tuple(dns.rdtypes.util.Bitmap.from_rdtypes(list(types)).windows)


def nsec(zone: Zone) -> NsecDenial:
    owners = sorted(zone)
    rrsets = []
    for owner, following in zip(owners, [*owners[1:], owners[0]], strict=True):
        rdata = NSEC(IN, dns.rdatatype.NSEC, following, bitmap_of(zone[owner]))
        rrsets.append(dns.rrset.from_rdata(owner, 60, rdata))
    return NsecDenial(rrsets, ZONE)


def with_ancestors(zone: Zone) -> Zone:
    """The names of the zone with its empty non-terminals."""
    known = dict(zone)
    for name in zone:
        while name != ZONE:
            name = name.parent()  # noqa: PLW2901
            known.setdefault(name, frozenset())
    return known


def nsec3(zone: Zone, *, opt_out: bool = False, iterations: int = 3) -> Nsec3Denial:
    known = with_ancestors(zone)
    hashed = sorted(
        (dns.dnssec.nsec3_hash(name, SALT, iterations, 1), types)
        for name, types in known.items()
        if not (opt_out and NS in types and DS not in types and SOA not in types)
    )
    rrsets = []
    for index, (digest, types) in enumerate(hashed):
        following = base64.b32hexdecode(hashed[(index + 1) % len(hashed)][0])
        rdata = NSEC3(IN, dns.rdatatype.NSEC3, 1, int(opt_out), iterations, SALT, following, bitmap_of(types))
        rrsets.append(dns.rrset.from_rdata(dns.name.from_text(digest.lower(), ZONE), 60, rdata))
    return Nsec3Denial(rrsets, ZONE)


BOTH = pytest.mark.parametrize("kind", [nsec, nsec3])


def source_of(zone: Zone, name: dns.name.Name) -> frozenset[dns.rdatatype.RdataType] | None:
    """The types that the zone answers for `name`, by a wildcard if need be; None when it does not exist.

    A name below a delegation is not the zone's to answer for: what it has is unknown, so it has everything.
    """
    known = with_ancestors(zone)
    at = name
    while at != ZONE:
        if NS in known.get(at, ()) and at != name:
            return frozenset({A, TXT, DS, NS, SOA, CNAME})
        at = at.parent()
    if name in known:
        return known[name]
    encloser = name
    while encloser not in known:
        encloser = encloser.parent()
    return known.get(dns.name.from_text("*", encloser))


@BOTH
@given(zone=zones(), name=names)
def test_absence_is_proven_exactly_where_it_is(
    kind: Callable[[Zone], Denial], zone: Zone, name: dns.name.Name
) -> None:
    """With all records of a zone at hand: never for what is there, and always for what is not."""
    denial = kind(zone)
    types = source_of(zone, name)
    assert (denial.no_name(name) is Proof.WHOLE) == (types is None)
    for rdtype in (A, TXT):
        absent = types is not None and rdtype not in types and CNAME not in types
        delegated = types is not None and NS in types and SOA not in types
        assert (denial.no_data(name, rdtype) is Proof.WHOLE) == (absent and not delegated)


@BOTH
@given(zone=zones(), name=names)
def test_cuts_are_told_apart(kind: Callable[[Zone], Denial], zone: Zone, name: dns.name.Name) -> None:
    denial = kind(zone)
    types = zone.get(name, frozenset())
    below_cut = any(
        NS in held and cut not in (ZONE, name) and name.is_subdomain(cut) for cut, held in zone.items()
    )
    if below_cut or DS in types:
        assert denial.cut(name) is Cut.UNKNOWN
    else:
        assert denial.cut(name) is (Cut.UNSIGNED if NS in types else Cut.NONE)


@given(zone=zones(), name=names)
def test_opt_out_proves_no_more_than_that_something_unsigned_may_be_there(
    zone: Zone, name: dns.name.Name
) -> None:
    denial = nsec3(zone, opt_out=True)
    assert denial.no_name(name) is not Proof.WHOLE
    if NS in zone.get(name, ()) and DS not in zone[name]:
        assert denial.cut(name) is Cut.UNSIGNED


@given(zone=zones(), name=names)
def test_a_zone_with_too_many_iterations_counts_as_unsigned(zone: Zone, name: dns.name.Name) -> None:
    """RFC 9276 section 3.2: following them is not worth the work."""
    denial = nsec3(zone, iterations=MAX_ITERATIONS + 1)
    assert denial.no_name(name) is denial.no_data(name, A) is denial.no_closer(name, ZONE) is Proof.UNSIGNED
    assert denial.cut(name) is Cut.UNSIGNED


@BOTH
def test_a_wildcard_may_stand_only_for_what_has_nothing_closer(kind: Callable[[Zone], Denial]) -> None:
    zone = {
        ZONE: frozenset({SOA, NS}),
        dns.name.from_text("*.nl."): frozenset({A}),
        dns.name.from_text("held.b.nl."): frozenset({TXT}),
    }
    denial = kind(zone)
    assert denial.no_closer(dns.name.from_text("x.a.nl."), ZONE) is Proof.WHOLE
    assert denial.no_closer(dns.name.from_text("x.b.nl."), ZONE) is Proof.MISSING
    assert denial.no_closer(dns.name.from_text("held.b.nl."), ZONE) is Proof.MISSING


def test_nothing_proves_nothing() -> None:
    for denial in (NsecDenial((), ZONE), Nsec3Denial((), ZONE)):
        name = dns.name.from_text("a.nl.")
        assert (
            denial.no_name(name) is denial.no_data(name, A) is denial.no_closer(name, ZONE) is Proof.MISSING
        )
        assert denial.cut(name) is Cut.UNKNOWN


@BOTH
def test_a_childs_own_record_does_not_deny_its_ds(kind: Callable[[Zone], Denial]) -> None:
    """At a zone cut the parent's bitmap has no SOA; a child's would let a signed zone pass for unsigned."""
    child = dns.name.from_text("child.nl.")
    denial = kind({ZONE: frozenset({SOA, NS}), child: frozenset({SOA, NS})})
    assert denial.cut(child) is Cut.UNKNOWN
    assert denial.no_data(child, DS) is Proof.MISSING
    assert denial.no_data(child, A) is Proof.WHOLE
