"""A zone as PowerDNS's API describes it, and the changes that it is sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.providers.base import Unavailable
from mailseal.providers.powerdns.zone import parse_kinds, parse_zone, patch_body, zone_id
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, Rdata, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

ZONE = DnsName("zone.example")
TEXT = RRsetKey(ZONE, RecordType.TXT)
ALIAS = RRsetKey(DnsName("www.zone.example"), RecordType.CNAME)
STRINGS = st.lists(st.binary(max_size=255), min_size=1, max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "kind", "rrsets", "type", "ttl", "records", "content", "disabled"]),
            inner,
        )
    ),
    max_leaves=20,
)


def described(*rrsets: dict[str, Any], **fields: Any) -> bytes:
    """An answer to `GET zones/{id}`, in the encoding of PowerDNS: bytes of the database as they are."""
    zone = {"name": "zone.example.", "kind": "Native", "dnssec": False, "rrsets": list(rrsets), **fields}
    return json.dumps(zone, ensure_ascii=False).encode("latin-1")


def stored(
    rtype: str, *contents: str, name: str = "zone.example.", ttl: int = 3600, disabled: Sequence[str] = ()
) -> dict[str, Any]:
    """One RRset of an answer."""
    records = [{"content": text, "disabled": False} for text in contents]
    records += [{"content": text, "disabled": True} for text in disabled]
    return {"name": name, "type": rtype, "ttl": ttl, "comments": [], "records": records}


def values(key: RRsetKey, body: bytes) -> tuple[Rdata, ...]:
    return parse_zone(ZONE, body).rrsets[key].values


@given(STRINGS)
def test_txt_values_of_any_bytes_and_boundaries_are_sent_and_read_alike(strings: list[bytes]) -> None:
    after = RRset(TEXT, 300, (TxtData(tuple(strings)),))
    (sent,) = patch_body(parse_zone(ZONE, described()), [RRsetChange(TEXT, None, after)])["rrsets"]
    assert sent["name"] == "zone.example."
    answer = described({key: sent[key] for key in ("name", "type", "ttl", "records")})
    assert parse_zone(ZONE, answer).rrsets == {TEXT: after}


@pytest.mark.parametrize(
    ("content", "strings"),
    [
        ('"\xe9"', (b"\xe9",)),
        ('"\xc3\xa9"', (b"\xc3\xa9",)),
        ('"\\065\\"\\\\"', (b'A"\\',)),
        ('"semi;\\;colon"', (b"semi;;colon",)),
        ('"' + "y" * 300 + '"', (b"y" * 255, b"y" * 45)),
        ('"' + "\\233" * 256 + '" "z"', (b"\xe9" * 255, b"\xe9", b"z")),
        ("bare", (b"bare",)),
        ('"a""b"', (b"a", b"b")),
        ('""', (b"",)),
    ],
)
def test_txt_contents_of_any_origin_are_read_as_they_are_served(
    content: str, strings: tuple[bytes, ...]
) -> None:
    assert values(TEXT, described(stored("TXT", content))) == (TxtData(strings),)


def test_names_are_read_in_any_case() -> None:
    body = described(
        stored("MX", "10 MAIL.Example."), stored("CNAME", "T.Example.", name="WWW.Zone.example.")
    )
    assert values(RRsetKey(ZONE, RecordType.MX), body) == (MxData(10, DnsName("mail.example")),)
    assert values(ALIAS, body) == (CnameData(DnsName("t.example")),)


@pytest.mark.parametrize("content", ['"open', 'unq "', '"\\999"', '"\\06"'])
def test_a_value_that_cannot_be_read_spoils_only_its_own_set(content: str) -> None:
    zone = parse_zone(ZONE, described(stored("TXT", content), stored("MX", "0 .")))
    assert list(zone.rrsets) == [RRsetKey(ZONE, RecordType.MX)]
    assert "cannot be read" in zone.unreadable[TEXT]


def test_disabled_records_are_not_read_and_stay_through_every_change() -> None:
    zone = parse_zone(ZONE, described(stored("TXT", '"on"', disabled=['"off"'])))
    before = RRset(TEXT, 3600, (TxtData.of("on"),))
    assert zone.rrsets == {TEXT: before}
    off = {"content": '"off"', "disabled": True}

    (replaced,) = patch_body(zone, [RRsetChange(TEXT, before, RRset(TEXT, 60, (TxtData.of("new"),)))])[
        "rrsets"
    ]
    (removed,) = patch_body(zone, [RRsetChange(TEXT, before, None)])["rrsets"]

    assert replaced["records"] == [{"content": '"new"', "disabled": False}, off]
    assert replaced["ttl"] == 60
    assert (removed["changetype"], removed["records"], removed["ttl"]) == ("REPLACE", [off], 3600)


def test_a_disabled_record_that_is_wanted_is_enabled_instead_of_standing_twice() -> None:
    zone = parse_zone(ZONE, described(stored("TXT", disabled=['"w\\097nted"', '"off"'])))
    assert zone.rrsets == {}
    change = RRsetChange(TEXT, None, RRset(TEXT, 3600, (TxtData.of("wanted"),)))
    (sent,) = patch_body(zone, [change])["rrsets"]
    assert sent["records"] == [
        {"content": '"wanted"', "disabled": False},
        {"content": '"off"', "disabled": True},
    ]


def test_deletions_come_first_so_that_a_cname_can_take_a_name_over() -> None:
    text = RRsetKey(ALIAS.name, RecordType.TXT)
    zone = parse_zone(ZONE, described(stored("TXT", '"x"', name="www.zone.example.")))
    body = patch_body(
        zone,
        [
            RRsetChange(ALIAS, None, RRset(ALIAS, 60, (CnameData(DnsName("t.example")),))),
            RRsetChange(text, RRset(text, 3600, (TxtData.of("x"),)), None),
        ],
    )
    assert [(each["type"], each["changetype"]) for each in body["rrsets"]] == [
        ("TXT", "DELETE"),
        ("CNAME", "REPLACE"),
    ]


def test_delegations_and_other_types_are_seen_and_disabled_ones_are_not() -> None:
    zone = parse_zone(
        ZONE,
        described(
            stored("NS", "ns.zone.example."),
            stored("NS", "ns.elsewhere.example.", name="sub.zone.example."),
            stored("NS", name="off.zone.example.", disabled=["ns.elsewhere.example."]),
            stored("A", "192.0.2.1", name="www.zone.example."),
        ),
    )
    assert zone.cuts == {"sub.zone.example"}
    assert zone.names_with_others == {ZONE, "sub.zone.example", "www.zone.example"}


@pytest.mark.parametrize(
    ("fields", "needs_rectify"),
    [
        ({"dnssec": True, "api_rectify": False}, True),
        ({"dnssec": True, "api_rectify": True}, False),
        ({}, False),
    ],
)
def test_a_signed_zone_that_is_not_rectified_by_itself_is_recognised(
    fields: dict[str, Any], needs_rectify: bool
) -> None:
    assert parse_zone(ZONE, described(**fields)).needs_rectify is needs_rectify


@pytest.mark.parametrize("kind", ["Slave", "Secondary", "Consumer"])
def test_copies_of_a_primary_are_recognised(kind: str) -> None:
    assert parse_zone(ZONE, described(kind=kind)).is_copy
    assert parse_kinds(json.dumps([{"name": "zone.example.", "kind": kind}]).encode()) == {ZONE: kind}


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("zone.example", "zone.example."),
        ("0/25.2.0.192.in-addr.arpa", "0=2F25.2.0.192.in-addr.arpa."),
        ("_mail.zone.example", "_mail.zone.example."),
        ("", "=2E"),
    ],
)
def test_zone_ids_are_escaped_as_powerdns_does(zone: str, expected: str) -> None:
    assert zone_id(DnsName(zone)) == expected


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"null", b"[]", b"{}", b'{"name": 1}', b'{"name": "other.example."}', b"[" * 9999],
)
def test_an_answer_that_is_no_zone_is_unavailable(body: bytes) -> None:
    with pytest.raises(Unavailable):
        parse_zone(ZONE, body)
    with pytest.raises(Unavailable):
        parse_kinds(body if body != b"[]" else b"[[]]")


@given(st.lists(JSON), JSON)
def test_no_answer_ends_in_a_traceback(rrsets: list[Any], anything: Any) -> None:
    for body in (
        json.dumps({"name": "zone.example.", "kind": "Native", "rrsets": rrsets}).encode(),
        json.dumps(anything).encode(),
    ):
        for parse in (lambda body: parse_zone(ZONE, body), parse_kinds):
            try:
                parse(body)
            except Unavailable:
                continue
