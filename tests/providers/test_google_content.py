"""Record sets of Cloud DNS as RRsets and back."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mailseal.providers.base import OutcomeUnknown, ProviderError
from mailseal.providers.google.content import addition, decode, deletion, gather, names_to_ask
from mailseal.providers.google.errors import read_error, write_error
from mailseal.providers.google.provider import listing
from mailseal.providers.http import Answer
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

ZONE = DnsName("a.example")
KEY = RRsetKey(ZONE, RecordType.TXT)
TXT_DATA = st.lists(st.binary(max_size=255), min_size=1, max_size=4).map(lambda parts: TxtData(tuple(parts)))
SETS = st.builds(
    lambda ttl, values: RRset(KEY, ttl, tuple(values)),
    st.integers(0, 2**31 - 1),
    st.lists(TXT_DATA, min_size=1, max_size=5),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.sampled_from(["name", "type", "ttl", "rrdatas", "routingPolicy", "dnsName", "visibility"])
BODIES = st.dictionaries(MEMBERS, JSON | st.sampled_from(["a.example.", "TXT", "NS", "public"]))


@given(SETS)
def test_what_is_written_is_read_again(rrset: RRset) -> None:
    body = addition(RRsetChange(KEY, None, rrset), rrset, None)

    assert decode(KEY, body)[0] == rrset


@given(SETS, SETS)
def test_a_deletion_repeats_what_was_read_and_what_stays_keeps_its_text(held: RRset, new: RRset) -> None:
    texts = [value.to_text().replace(" ", "  ") for value in held.values]
    body = {"name": "A.EXAMPLE.", "type": "TXT", "ttl": held.ttl_seconds, "rrdatas": texts}
    before, stored = decode(KEY, body)
    after = RRset(KEY, new.ttl_seconds, (*before.values, *new.values))
    change = RRsetChange(KEY, before, after)

    assert deletion(change, stored) == body
    sent = addition(change, after, stored)
    assert sent["name"] == "A.EXAMPLE."
    assert set(texts) <= set(sent["rrdatas"])
    assert decode(KEY, sent)[0] == after


@given(st.lists(BODIES, max_size=4))
def test_no_listing_is_worse_than_a_fault(bodies: list[dict[str, Any]]) -> None:
    gathered = gather(ZONE, [KEY], bodies)
    assert set(gathered.rrsets) <= {KEY, RRsetKey(ZONE, RecordType.CNAME)}
    listing(bodies, ())


@given(st.integers(201, 599), st.binary(max_size=50) | JSON.map(lambda body: str(body).encode()))
def test_every_error_answer_has_a_kind_and_a_printable_text(status: int, body: bytes) -> None:
    answer = Answer(status, {}, body)

    for error in (read_error(answer, "List"), write_error(answer, "Change", [], OutcomeUnknown)):
        assert isinstance(error, ProviderError)
        assert str(error).isprintable()


def test_the_names_above_are_asked_for_too_since_they_may_delegate() -> None:
    key = RRsetKey(DnsName("s._domainkey.b.a.example"), RecordType.TXT)

    assert names_to_ask(ZONE, [KEY, key]) == (
        "a.example",
        "s._domainkey.b.a.example",
        "_domainkey.b.a.example",
        "b.a.example",
    )
