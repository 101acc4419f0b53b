"""Record sets of Azure as RRsets and back."""

from __future__ import annotations

from typing import Any

from azure.mgmt.dns.models import RecordSet
from hypothesis import given
from hypothesis import strategies as st

from mailseal.providers.azure.content import Mark, Unreadable, decode, encode, mark_of
from mailseal.providers.azure.reading import gather
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

ZONE = DnsName("a.example")
NAMES = st.lists(st.from_regex(r"[a-z0-9_]{1,20}", fullmatch=True), min_size=1, max_size=5).map(
    lambda labels: DnsName(".".join(labels))
)
PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=255)
ANY_TEXT = st.text(max_size=60).filter(lambda text: len(text.encode("utf-8", "surrogatepass")) <= 255)
VALUES = {
    RecordType.TXT: st.lists(PRINTABLE.map(str.encode), min_size=1, max_size=4).map(
        lambda strings: TxtData(tuple(strings))
    ),
    RecordType.MX: st.builds(MxData, st.integers(0, 65535), NAMES | st.just(DnsName(""))),
    RecordType.CNAME: st.builds(CnameData, NAMES),
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def rrsets(draw: st.DrawFn) -> RRset:
    rtype = draw(st.sampled_from(list(RecordType)))
    most = 1 if rtype is RecordType.CNAME else 5
    values = draw(st.lists(VALUES[rtype], min_size=1, max_size=most))
    return RRset(RRsetKey(ZONE, rtype), draw(st.integers(1, 2**31 - 1)), tuple(values))


def stored_again(content: RecordSet, rtype: RecordType) -> RecordSet:
    """What the API gives back of what it was sent."""
    body = content.serialize()
    body |= {"name": "@", "type": f"Microsoft.Network/dnszones/{rtype}", "etag": "e"}
    return RecordSet.deserialize(body)


@given(rrsets(), st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3))
def test_what_is_written_is_read_again_with_its_metadata(rrset: RRset, metadata: dict[str, str]) -> None:
    mark = Mark("e", tuple(metadata.items()))

    stored = stored_again(encode(RRsetChange(rrset.key, None, rrset), mark), rrset.key.rtype)

    assert decode(rrset.key, stored) == rrset
    assert mark_of(stored) == mark


@given(st.lists(st.lists(ANY_TEXT, min_size=1, max_size=3), min_size=1, max_size=4))
def test_any_text_of_others_goes_back_as_it_was(values: list[list[str]]) -> None:
    body = {"properties": {"TTL": 60, "TXTRecords": [{"value": texts} for texts in values]}}
    key = RRsetKey(ZONE, RecordType.TXT)
    held = decode(key, RecordSet.deserialize(body))
    assert held is not None

    sent = encode(RRsetChange(key, held, RRset(key, 61, held.values)), None)

    assert sent.serialize()["properties"]["TXTRecords"] == body["properties"]["TXTRecords"]


@given(JSON, JSON, st.sampled_from(list(RecordType)))
def test_no_content_is_worse_than_unreadable(records: Any, ttl: Any, rtype: RecordType) -> None:
    stored = RecordSet(ttl=ttl)
    stored.txt_records = stored.mx_records = stored.cname_record = records
    try:
        rrset = decode(RRsetKey(ZONE, rtype), stored)
    except Unreadable:
        return
    assert rrset is None or rrset.key.rtype is rtype


@given(JSON, JSON, JSON)
def test_no_record_set_of_a_listing_is_worse_than_a_fault(name: Any, kind: Any, etag: Any) -> None:
    stored = RecordSet(etag=etag, ttl=60)
    stored.name, stored.type = name, kind

    gathered = gather(ZONE, [RRsetKey(ZONE, RecordType.TXT)], [stored])

    assert gathered.rrsets == {}
