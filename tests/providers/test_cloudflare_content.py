"""TXT contents as the Cloudflare API writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.providers.base import Unavailable
from mailseal.providers.cloudflare.content import StoredRecord, new_record, txt_data
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRsetKey
from mailseal.records.txt import TxtData

ZONE = DnsName("zorg.example")
KEY = RRsetKey(ZONE, RecordType.TXT)
STRINGS = st.lists(st.binary(max_size=255), min_size=1, max_size=4).map(lambda each: TxtData(tuple(each)))


@given(STRINGS)
def test_what_is_written_reads_back_the_same(value: TxtData) -> None:
    assert txt_data(new_record(KEY, value, 300)["content"]) == value


@given(st.text(max_size=600))
def test_any_content_is_a_value(content: str) -> None:
    assert txt_data(content).strings


@given(st.text(st.characters(exclude_characters='"', exclude_categories=("Cs",)), max_size=600))
def test_a_content_without_quotes_is_the_value_itself(content: str) -> None:
    assert txt_data(content).joined == content.encode()


@pytest.mark.parametrize(
    ("content", "strings"),
    [
        ('"a" "b"', (b"a", b"b")),
        ('"a""b"', (b"a", b"b")),
        ('"' + "x" * 300 + '"', (b"x" * 255, b"x" * 45)),
        (r'"\195\169 \"yes\" \\ ;"', '\u00e9 "yes" \\ ;'.encode()),
        ('"\u00e9"', "\u00e9".encode()),
        ('"open', (b'"open',)),
        ('"a" b', (b'"a" b',)),
        ('""', (b"",)),
    ],
)
def test_quoted_contents_are_character_strings(content: str, strings: tuple[bytes, ...] | bytes) -> None:
    assert txt_data(content).strings == (strings if isinstance(strings, tuple) else (strings,))


@pytest.mark.parametrize("ttl", [0, -1, 2**31, None, "300", float("nan"), float("inf")])
def test_a_record_without_a_ttl_is_no_record(ttl: object) -> None:
    with pytest.raises(Unavailable):
        StoredRecord.parse({"id": "1", "name": "zorg.example", "type": "TXT", "ttl": ttl}, ZONE)


@given(
    st.dictionaries(
        st.sampled_from(["id", "name", "type", "ttl", "content", "priority", "settings"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just({}),
    )
)
def test_any_entry_is_a_record_or_an_error_of_the_backend(entry: dict[str, object]) -> None:
    try:
        record = StoredRecord.parse(entry, ZONE)
        assert record is None or record.value
    except Unavailable:
        pass
