"""TXT values as the providers of octoDNS write them, and secrets kept out of texts."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote_plus

import dns.rdata
import pytest
from hypothesis import given
from hypothesis import strategies as st
from octodns.record import Record
from octodns.zone import Zone

from mailseal.providers.base import Refused
from mailseal.providers.octodns.redaction import Redactor
from mailseal.providers.octodns.texts import TextFormat, check_rendered, read_text, write_text
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRsetKey
from mailseal.records.txt import TxtData

KEY = RRsetKey(DnsName("zorg.example"), RecordType.TXT)
ZONE = Zone("zorg.example.", [])
PLAIN = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='"\\'), min_size=1)


def through_octodns(text: str) -> str:
    """What is left of a text in a record of octoDNS."""
    record = Record.new(ZONE, "", {"type": "TXT", "ttl": 300, "value": text}, lenient=True)
    return str(record.values[0])


@given(PLAIN)
def test_plain_values_read_back_the_same_in_raw_format(value: str) -> None:
    data = TxtData.of(value)

    assert read_text(through_octodns(write_text(KEY, data, TextFormat.RAW)), TextFormat.RAW) == data


@given(st.binary(min_size=1, max_size=1000))
def test_any_value_reads_back_the_same_in_zone_file_format(value: bytes) -> None:
    data, text_format = TxtData.of(value), TextFormat.ZONE_FILE

    assert read_text(through_octodns(write_text(KEY, data, text_format)), text_format) == data


@given(st.text(), st.sampled_from(TextFormat))
def test_any_text_of_octodns_is_a_value(text: str, text_format: TextFormat) -> None:
    assert read_text(text, text_format).strings


@pytest.mark.parametrize(
    ("text", "text_format", "value"),
    [
        (r"v=DKIM1\; p=x", TextFormat.RAW, b"v=DKIM1; p=x"),
        (r"v=DKIM1; p=x", TextFormat.RAW, b"v=DKIM1; p=x"),
        (r"say \"yes\"", TextFormat.RAW, rb"say \"yes\""),
        (r"v=DKIM1\; p=x", TextFormat.ZONE_FILE, b"v=DKIM1; p=x"),
        (r"say \"yes\" \\ \195\169 \999", TextFormat.ZONE_FILE, b'say "yes" \\ \xc3\xa9 \\999'),
    ],
)
def test_texts_of_others_are_read(text: str, text_format: TextFormat, value: bytes) -> None:
    assert read_text(text, text_format).joined == value


@given(st.text(min_size=1), st.text(), st.text())
def test_a_secret_is_never_shown_in_any_of_its_forms(secret: str, before: str, after: str) -> None:
    encoded = secret.encode("utf-8", "replace").decode()
    for form in (encoded, quote_plus(encoded), b64encode(encoded.encode()).decode()):
        assert form not in Redactor([encoded]).plain(f"{before}{form}{after}").replace("***", "")


def test_a_text_is_shown_on_one_line_of_bounded_length() -> None:
    assert Redactor([]).shown("a\r\n\x1b[31m b" + "x" * 1000) == f"a [31m b{'x' * 292}…"


@pytest.mark.parametrize("text", ["ends in \\", "back\\slash", "\\\\" * 256])
def test_a_set_with_a_backslash_of_others_is_refused_in_raw_format(text: str) -> None:
    """octoDNS would lose it, and for one at the end of a text never comes to an end."""
    with pytest.raises(Refused, match="holds a value with a backslash, which octoDNS would change"):
        check_rendered(KEY, ["v=spf1 -all", text], TextFormat.RAW)


@pytest.mark.parametrize("text_format", TextFormat)
def test_escaped_semicolons_are_no_backslashes(text_format: TextFormat) -> None:
    check_rendered(KEY, [r"v=DKIM1\; p=x"], text_format)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=60))
def test_what_octodns_writes_as_zone_file_text_is_the_value(value: str) -> None:
    """As octodns-bind sends it: the text of the record's rdata, parsed by dnspython."""
    data = TxtData.of(value)
    text = write_text(KEY, data, TextFormat.RDATA)
    record = Record.new(ZONE, "", {"type": "TXT", "ttl": 300, "value": text}, lenient=True)
    *_, (rendered,) = record.rrs
    rdata = dns.rdata.from_text("IN", "TXT", rendered)
    assert b"".join(rdata.strings) == data.joined
