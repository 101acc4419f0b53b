from __future__ import annotations

import dns.rdata
import pytest
from hypothesis import given

from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName
from mailseal.records.rrset import (
    CnameData,
    MxData,
    Rdata,
    RecordType,
    RRset,
    RRsetKey,
    parse_rdata,
    rrset_of,
)
from mailseal.records.txt import TxtData
from support.record_strategies import typed_rdata

KEY = RRsetKey(DnsName("example.nl"), RecordType.TXT)


@given(typed_rdata)
def test_every_value_survives_its_presentation_form(typed: tuple[RecordType, Rdata]) -> None:
    rtype, value = typed
    assert parse_rdata(rtype, value.to_text()) == value


@given(typed_rdata)
def test_dnspython_reads_every_value_as_it_is_printed(typed: tuple[RecordType, Rdata]) -> None:
    rtype, value = typed
    assert parse_rdata(rtype, dns.rdata.from_text("IN", rtype, value.to_text()).to_text()) == value


def test_mx_text_is_read_with_and_without_the_final_dot() -> None:
    assert parse_rdata(RecordType.MX, "10 Mx.Example.nl") == MxData(10, DnsName("mx.example.nl"))
    assert parse_rdata(RecordType.MX, " 10\tmx.example.nl. ") == MxData(10, DnsName("mx.example.nl"))


def test_the_null_mx_is_known() -> None:
    null = parse_rdata(RecordType.MX, "0 .")
    assert null == MxData(0, DnsName(""))
    assert isinstance(null, MxData)
    assert null.is_null
    assert null.to_text() == "0 ."
    assert not MxData(10, DnsName("")).is_null
    assert not MxData(0, DnsName("mx.example.nl")).is_null


@pytest.mark.parametrize(
    ("rtype", "text"),
    [
        (RecordType.MX, "mx.example.nl."),
        (RecordType.MX, "10"),
        (RecordType.MX, "65536 mx.example.nl."),
        (RecordType.MX, "-1 mx.example.nl."),
        (RecordType.MX, "10 mx..nl."),
        (RecordType.MX, "10 mx example.nl."),
        (RecordType.CNAME, ""),
        (RecordType.CNAME, "a..nl"),
        (RecordType.TXT, '"open'),
    ],
)
def test_text_that_writes_no_value_is_refused(rtype: RecordType, text: str) -> None:
    with pytest.raises(InvalidRecord):
        parse_rdata(rtype, text)


def test_the_same_value_has_the_same_identity() -> None:
    assert MxData(10, DnsName("a.nl")).identity != MxData(20, DnsName("a.nl")).identity
    assert CnameData(DnsName("a.nl")).identity == b"a.nl"


@pytest.mark.parametrize(
    ("ttl_seconds", "values"),
    [(60, ()), (60, (CnameData(DnsName("a.nl")),)), (-1, (TxtData((b"x",)),)), (2**31, (TxtData((b"x",)),))],
)
def test_an_rrset_that_dns_cannot_hold_does_not_exist(ttl_seconds: int, values: tuple[Rdata, ...]) -> None:
    with pytest.raises(InvalidRecord):
        RRset(KEY, ttl_seconds, values)


def test_sets_are_the_same_in_any_order_but_not_with_other_boundaries_or_ttl() -> None:
    one, two = TxtData((b"ab",)), TxtData((b"cd",))
    rrset = RRset(KEY, 300, (one, two))
    assert rrset.same_as(RRset(KEY, 300, (two, one)))
    assert not rrset.same_as(RRset(KEY, 301, (one, two)))
    assert not rrset.same_as(RRset(KEY, 300, (TxtData((b"a", b"b")), two)))
    assert not rrset.same_as(None)


def test_a_set_holds_values_by_identity() -> None:
    rrset = RRset(KEY, 300, (TxtData((b"a", b"b")),))
    assert rrset.holds(TxtData((b"ab",)))
    assert not rrset.holds(TxtData((b"a",)))


def test_no_values_make_no_set() -> None:
    assert rrset_of(KEY, 60, []) is None
    assert rrset_of(KEY, 60, [TxtData((b"x",))]) == RRset(KEY, 60, (TxtData((b"x",)),))
    assert str(KEY) == "example.nl TXT"
