from __future__ import annotations

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailseal.records.txt import InvalidTxt, TxtData
from support.record_strategies import txt_data

EXAMPLES = [
    (TxtData((b"v=spf1 -all",)), '"v=spf1 -all"'),
    (TxtData((b"v=DKIM1; k=rsa", b"; p=AB")), '"v=DKIM1; k=rsa" "; p=AB"'),
    (TxtData((b'say "hi" \\ bye',)), r'"say \"hi\" \\ bye"'),
    (TxtData(("zörg".encode(),)), r'"z\195\182rg"'),
    (TxtData((b"\x00\t\x7f\xff",)), r'"\000\009\127\255"'),
    (TxtData((b"",)), '""'),
]


def dnspython(text: str) -> tuple[bytes, ...]:
    rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.TXT, text)
    assert isinstance(rdata, dns.rdtypes.ANY.TXT.TXT)
    return rdata.strings


@pytest.mark.parametrize(("data", "text"), EXAMPLES)
def test_presentation_form_escapes_quotes_backslashes_and_all_but_printable_ascii(
    data: TxtData, text: str
) -> None:
    assert data.to_text() == text
    assert TxtData.parse(text) == data


@given(txt_data)
def test_presentation_form_keeps_every_byte_and_every_boundary(data: TxtData) -> None:
    assert TxtData.parse(data.to_text()) == data


@given(txt_data)
def test_dnspython_reads_what_is_printed(data: TxtData) -> None:
    assert dnspython(data.to_text()) == data.strings


@given(txt_data)
def test_what_dnspython_prints_is_read(data: TxtData) -> None:
    rdata = dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, dns.rdatatype.TXT, data.strings)
    assert TxtData.parse(rdata.to_text()) == data


@given(st.text(st.sampled_from('a" \\;()1259\tö'), max_size=20))
@example('a"b"')
@example("a b\tc")
def test_text_that_both_accept_is_read_as_dnspython_reads_it(text: str) -> None:
    try:
        expected = dnspython(text)
        ours = TxtData.parse(text)
    except (dns.exception.DNSException, InvalidTxt):
        return
    assert ours.strings == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        '"open',
        'open"',
        r'"\256"',
        r'"\25"',
        r'"end\"',
        "a;b",
        "(a)",
        "a\nb",
        '"' + "x" * 256 + '"',
    ],
)
def test_text_that_is_no_txt_data_is_refused(text: str) -> None:
    with pytest.raises(InvalidTxt):
        TxtData.parse(text)


def test_an_unreadable_place_is_named() -> None:
    with pytest.raises(InvalidTxt, match="from byte 5 on"):
        TxtData.parse('"ok" "open')


def test_bare_words_are_character_strings() -> None:
    assert TxtData.parse(r"v=spf1 \045all") == TxtData((b"v=spf1", b"-all"))


def test_a_long_value_is_split_at_255_bytes() -> None:
    assert [len(part) for part in TxtData.of("x" * 600).strings] == [255, 255, 90]


@given(st.binary(max_size=1000))
def test_splitting_loses_nothing(raw: bytes) -> None:
    assert TxtData.of(raw).joined == raw


def test_other_boundaries_are_the_same_value_but_not_the_same_bytes() -> None:
    whole, split = TxtData((b"v=spf1 -all",)), TxtData((b"v=spf1 ", b"-all"))
    assert whole != split
    assert whole.identity == split.identity


@pytest.mark.parametrize("strings", [(), (b"x" * 256,), (b"a", b"x" * 256)])
def test_data_that_dns_cannot_carry_does_not_exist(strings: tuple[bytes, ...]) -> None:
    with pytest.raises(InvalidTxt):
        TxtData(strings)


def test_display_is_for_people() -> None:
    assert TxtData((b'a "b"; c\\', b"d\xc3\n")).display == r'a "b"; c\\d\195\010'


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_display_is_lossless(one: bytes, other: bytes) -> None:
    assert (TxtData.of(one).display == TxtData.of(other).display) == (one == other)


@given(st.binary(max_size=300))
def test_text_has_one_character_for_each_byte(raw: bytes) -> None:
    assert TxtData.of(raw).text.encode("latin-1") == raw
