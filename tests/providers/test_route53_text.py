"""Names and values of the Route 53 API: octal escapes, quotes, and texts that cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.providers.route53.text import UnreadableText, name_of, text_of, text_of_name, value_of
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, RecordType
from mailseal.records.txt import TxtData

TXT_VALUES = st.lists(st.binary(max_size=255), min_size=1, max_size=4).map(lambda s: TxtData(tuple(s)))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("www.example.com.", "www.example.com"),
        ("www.example.com", "www.example.com"),
        (r"\052.example.com.", "*.example.com"),
        (r"\100.example.com.", r"\@.example.com"),
        ("WWW.Example.COM.", "www.example.com"),
        (r"sel._domainkey.example.com.", "sel._domainkey.example.com"),
        (r"a\056b.example.com.", r"a\.b.example.com"),
        (r"a\.b.example.com.", r"a\.b.example.com"),
        (r"f\374bar.example.com.", r"f\252bar.example.com"),
        (".", ""),
    ],
)
def test_names_are_read_with_octal_escapes(text: str, name: str) -> None:
    assert name_of(text) == DnsName(name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("_dmarc.example.com", "_dmarc.example.com."),
        ("*.example.com", r"\052.example.com."),
        (r"f\252bar.example.com", r"f\374bar.example.com."),
        (r"a\.b.example.com", r"a\056b.example.com."),
        ("", "."),
    ],
)
def test_names_are_written_with_octal_escapes(name: str, text: str) -> None:
    assert text_of_name(DnsName(name)) == text
    assert name_of(text) == DnsName(name)


@pytest.mark.parametrize("text", ["a..example.", "", f"{'a' * 64}.example.", "lone\\", f"{'a.' * 127}ab."])
def test_what_is_no_name_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableText):
        name_of(text)


@pytest.mark.parametrize(
    ("text", "strings"),
    [
        ('"v=spf1 -all"', (b"v=spf1 -all",)),
        ('"a" "b"', (b"a", b"b")),
        ('"a""b"', (b"a", b"b")),
        ('""', (b"",)),
        (r'"say \"yes\""', (b'say "yes"',)),
        (r'"back\\slash"', (b"back\\slash",)),
        (r'"v=DMARC1\; p=none"', (b"v=DMARC1; p=none",)),
        (r'"ex\344mple\040com"', (b"ex\xe4mple com",)),
        (r'"\1011 \08"', (b"A1 08",)),
        (r'"\400"', (b"400",)),
        ("bare words", (b"bare", b"words")),
        ('"caf\u00e9"', ("caf\u00e9".encode(),)),
    ],
)
def test_txt_values_are_read_as_anybody_may_have_written_them(text: str, strings: tuple[bytes, ...]) -> None:
    assert value_of(RecordType.TXT, text) == TxtData(strings)


@pytest.mark.parametrize("text", ['"open', '"a" "', f'"{"a" * 256}"', "", '"\\'])
def test_what_is_no_txt_value_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableText):
        value_of(RecordType.TXT, text)


@pytest.mark.parametrize(
    ("rtype", "text"),
    [
        (RecordType.MX, "mail.example."),
        (RecordType.MX, "70000 mail.example."),
        (RecordType.MX, "10 a..b."),
        (RecordType.CNAME, ""),
        (RecordType.CNAME, "a b..c"),
    ],
)
def test_what_is_no_value_of_its_type_is_unreadable(rtype: RecordType, text: str) -> None:
    with pytest.raises(UnreadableText):
        value_of(rtype, text)


def test_mx_and_cname_values_are_read_and_written() -> None:
    null_mx, mail = MxData(0, DnsName("")), MxData(10, DnsName("mail.example.org"))
    assert value_of(RecordType.MX, "10 Mail.Example.ORG") == mail
    assert text_of(mail) == "10 mail.example.org."
    assert value_of(RecordType.MX, "0 .") == null_mx
    assert text_of(null_mx) == "0 ."
    assert value_of(RecordType.CNAME, "T.example.org.") == CnameData(DnsName("t.example.org"))
    assert text_of(CnameData(DnsName("t.example.org"))) == "t.example.org."


@given(TXT_VALUES)
def test_every_txt_value_survives_the_api_in_printable_ascii(value: TxtData) -> None:
    text = text_of(value)

    assert all(" " <= character <= "~" for character in text)
    assert value_of(RecordType.TXT, text) == value


@given(st.text(max_size=40))
def test_any_text_is_a_value_or_unreadable_and_never_another_error(text: str) -> None:
    for rtype in RecordType:
        try:
            value_of(rtype, text)
        except UnreadableText:
            continue
