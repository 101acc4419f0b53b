"""DNS entries of TransIP as RRsets, and the order in which entries are written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.providers.base import Refused, Unavailable
from mailseal.providers.transip.entries import StoredDomain, checked, parse_domains, parse_entries
from mailseal.providers.transip.steps import Step, steps_of
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, Rdata, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

ZONE = DnsName("zone.example")
TEXT = RRsetKey(ZONE, RecordType.TXT)
MAIL = RRsetKey(ZONE, RecordType.MX)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "expire", "type", "content", "dnsEntries", "domains"]), inner
        )
    ),
    max_leaves=12,
)


def entry(name: str, rtype: str, content: str, expire: int = 3600) -> dict[str, Any]:
    return {"name": name, "expire": expire, "type": rtype, "content": content}


def stored(*entries: dict[str, Any]) -> StoredDomain:
    return parse_entries(ZONE, json.dumps({"dnsEntries": entries}).encode())


def texts(*values: str, key: RRsetKey = TEXT) -> RRset:
    return RRset(key, 3600, tuple(map(TxtData.of, values)))


def steps(domain: StoredDomain, *changes: RRsetChange) -> list[tuple[str, str]]:
    """The requests, each as method and content."""
    return [(step.method, step.entry.content) for step in steps_of(domain, changes)]


def change(domain: StoredDomain, after: RRset | None, key: RRsetKey = TEXT) -> RRsetChange:
    return RRsetChange(key, domain.rrsets.get(key), after)


def test_entries_are_sets_by_name_and_type_in_any_case() -> None:
    domain = stored(
        entry("@", "TXT", "v=spf1 -all"),
        entry("WWW", "CNAME", "@"),
        entry("alias", "CNAME", "other"),
        entry("@", "MX", "10 mail"),
        entry("@", "MX", "20 mx.example.org."),
    )
    www, alias = (RRsetKey(ZONE.child(label), RecordType.CNAME) for label in ("www", "alias"))
    assert domain.rrsets == {
        TEXT: texts("v=spf1 -all"),
        www: RRset(www, 3600, (CnameData(ZONE),)),
        alias: RRset(alias, 3600, (CnameData(ZONE.child("other")),)),
        MAIL: RRset(MAIL, 3600, (MxData(10, ZONE.child("mail")), MxData(20, DnsName("mx.example.org")))),
    }


@pytest.mark.parametrize(
    ("rtype", "content"),
    [("MX", "mail"), ("MX", "70000 a."), ("MX", "10"), ("CNAME", ""), ("CNAME", "a..b.")],
)
def test_an_entry_that_cannot_be_read_spoils_only_its_own_set(rtype: str, content: str) -> None:
    domain = stored(entry("@", rtype, content), entry("@", "TXT", "fine"))
    assert domain.rrsets == {TEXT: texts("fine")}
    assert list(domain.unreadable) == [RRsetKey(ZONE, RecordType(rtype))]


def test_delegations_and_other_types_are_seen() -> None:
    domain = stored(
        entry("sub", "NS", "ns.example.org."),
        entry("@", "NS", "ns0.transip.net."),
        entry("www", "A", "192.0.2.1"),
    )
    assert domain.cuts == {"sub.zone.example"}
    assert domain.names_with_others == {ZONE, "sub.zone.example", "www.zone.example"}


def test_a_lone_value_is_changed_in_place() -> None:
    domain = stored(entry("@", "TXT", "v=spf1 -all"))
    assert steps(domain, change(domain, texts("v=spf1 ~all"))) == [("PATCH", "v=spf1 ~all")]
    assert steps(domain, change(domain, texts("other", "v=spf1 ~all"))) == [
        ("PATCH", "v=spf1 ~all"),
        ("POST", "other"),
    ]


def test_among_several_the_new_value_is_added_before_the_old_one_is_removed() -> None:
    domain = stored(entry("@", "TXT", "theirs"), entry("@", "TXT", "old"))
    assert steps(domain, change(domain, texts("theirs", "new"))) == [("POST", "new"), ("DELETE", "old")]


def test_a_text_that_may_stand_only_once_never_stands_twice() -> None:
    domain = stored(entry("@", "TXT", "theirs"), entry("@", "TXT", "v=spf1 -all"))
    made = steps_of(domain, [change(domain, texts("theirs", "v=spf1 ~all", "more"))])
    assert [(step.method, step.entry.content, step.requests) for step in made] == [
        ("POST", "more", 1),
        ("DELETE", "v=spf1 -all", 2),
    ]
    assert made[1].successor is not None
    assert made[1].successor.content == "v=spf1 ~all"


def test_what_is_there_already_is_not_touched_and_keeps_its_spelling() -> None:
    domain = stored(entry("Mixed", "TXT", "theirs", 300))
    key = RRsetKey(ZONE.child("mixed"), RecordType.TXT)
    after = RRset(key, 300, (TxtData.of("theirs"), TxtData.of("ours")))
    (step,) = steps_of(domain, [change(domain, after, key)])
    assert step == Step("POST", step.entry)
    assert step.entry.to_json() == entry("Mixed", "TXT", "ours", 300)


def test_a_set_makes_room_for_a_cname_first_and_otherwise_the_order_stays() -> None:
    domain = stored(entry("www", "TXT", "old"))
    text, alias = (RRsetKey(ZONE.child("www"), rtype) for rtype in (RecordType.TXT, RecordType.CNAME))
    creation = RRsetChange(TEXT, None, texts("first"))
    swap = RRsetChange(alias, None, RRset(alias, 300, (CnameData(DnsName("t.example.org")),)))
    removal = change(domain, None, text)
    assert steps(domain, creation, swap, removal) == [
        ("DELETE", "old"),
        ("POST", "first"),
        ("POST", "t.example.org."),
    ]


@given(
    st.sets(st.sampled_from(["a", "b", "c", "v=spf1 a", "v=spf1 b", "v=spf1 c"])),
    st.sets(st.sampled_from(["a", "b", "c", "v=spf1 a", "v=spf1 b", "v=spf1 c"])),
)
def test_the_steps_lead_from_any_set_to_any_other(held: set[str], wanted: set[str]) -> None:
    domain = stored(*(entry("@", "TXT", value) for value in sorted(held)))
    after = texts(*sorted(wanted)) if wanted else None
    now = sorted(held)
    for step in steps_of(domain, [change(domain, after)]):
        if step.method == "POST":
            assert step.entry.content not in now
            now.append(step.entry.content)
        elif step.method == "PATCH":
            assert len(now) == 1
            now = [step.entry.content]
        else:
            now.remove(step.entry.content)
            if step.successor is not None:
                assert step.successor.content not in now
                now.append(step.successor.content)
        assert now or not wanted, "the set is absent in between"
    assert set(now) == wanted


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (TxtData.of(""), "empty"),
        (TxtData.of("x" * 1025), "1,024"),
        (TxtData.of(" x"), "blank"),
        (TxtData.of("a\\b"), "printable"),
        (TxtData.of("a`b"), "printable"),
        (TxtData.of("é"), "printable"),
        (TxtData.of(b"\x00"), "printable"),
    ],
)
def test_texts_that_transip_refuses_are_refused_before_anything_is_written(
    value: Rdata, problem: str
) -> None:
    with pytest.raises(Refused, match=problem):
        checked(RRsetChange(TEXT, None, RRset(TEXT, 3600, (value,))))
    foreign = RRset(TEXT, 3600, (value,))
    both = RRset(TEXT, 3600, (value, TxtData.of("ours")))
    checked(RRsetChange(TEXT, foreign, both))


@pytest.mark.parametrize(
    ("before", "after"), [(None, 59), (None, 86_401), (3600, 300)], ids=["short", "long", "changed"]
)
def test_ttls_that_transip_does_not_take_are_refused(before: int | None, after: int) -> None:
    value = (TxtData.of("x"),)
    held = None if before is None else RRset(TEXT, before, value)
    with pytest.raises(Refused, match="TTL"):
        checked(RRsetChange(TEXT, held, RRset(TEXT, after, value)))


def test_a_null_mx_is_refused() -> None:
    with pytest.raises(Refused, match="null MX"):
        checked(RRsetChange(MAIL, None, RRset(MAIL, 3600, (MxData(0, DnsName("")),))))


def test_a_text_is_compared_as_a_whole() -> None:
    split = RRset(TEXT, 3600, (TxtData((b"a", b"b")),))
    assert checked(RRsetChange(TEXT, split, None)).before == texts("ab")


@given(st.lists(JSON), JSON)
def test_no_answer_ends_in_a_traceback(entries: list[Any], anything: Any) -> None:
    for body in (json.dumps({"dnsEntries": entries}).encode(), json.dumps(anything).encode(), b"\xff"):
        for parse in (lambda body: parse_entries(ZONE, body).rrsets, parse_domains):
            try:
                parse(body)
            except Unavailable:
                continue
