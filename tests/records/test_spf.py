from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given

from mailseal.records import spf
from mailseal.records.errors import InvalidRecord, RecordSyntaxError
from mailseal.records.spf import DomainSpec, MacroString, Qualifier, Spf, is_spf, lookup_terms, parse_term
from support.parsing import assert_stable_or_fault
from support.record_strategies import domain_specs, macro_strings, mechanisms, mutations, spf_records


def domain(text: str) -> DomainSpec:
    return DomainSpec.parse(text)


@given(spf_records)
def test_a_printed_record_is_read_as_it_was(record: Spf) -> None:
    assert Spf.parse(record.to_text()) == record
    assert is_spf(record.to_text().encode())


@given(mechanisms)
def test_a_printed_mechanism_is_read_as_it_was(mechanism: spf.Mechanism) -> None:
    assert parse_term(mechanism.to_text()) == mechanism


@given(macro_strings)
def test_a_printed_macro_string_is_read_as_it_was(value: MacroString) -> None:
    assert MacroString.parse(value.to_text()) == value


@given(domain_specs)
def test_domains_are_read_in_any_case_and_with_a_final_dot(value: DomainSpec) -> None:
    assert DomainSpec.parse(value.to_text()) == value
    if isinstance(value.pieces[-1], str):
        assert DomainSpec.parse(value.to_text() + ".") == value


@given(mutations(spf_records.map(Spf.to_text)))
def test_any_text_is_a_stable_record_or_a_syntax_error_within_it(text: str) -> None:
    assert_stable_or_fault(Spf.parse, text)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("-all", spf.All(Qualifier.FAIL)),
        ("ALL", spf.All()),
        ("+all", spf.All()),
        ("include:_spf.zorgmail.nl", spf.Include(domain("_spf.zorgmail.nl"))),
        ("?InClude:_SPF.Zorgmail.NL.", spf.Include(domain("_spf.zorgmail.nl"), Qualifier.NEUTRAL)),
        ("a", spf.A()),
        ("a/24", spf.A(None, 24)),
        ("a//64", spf.A(None, 32, 64)),
        ("a:mx.example.nl/24//64", spf.A(domain("mx.example.nl"), 24, 64)),
        ("~mx/0//0", spf.Mx(None, 0, 0, Qualifier.SOFTFAIL)),
        ("mx:a/b.example.nl", spf.Mx(domain("a/b.example.nl"))),
        ("ptr", spf.Ptr()),
        ("ptr:example.nl", spf.Ptr(domain("example.nl"))),
        ("ip4:192.0.2.5", spf.Ip4(IPv4Address("192.0.2.5"))),
        ("ip4:192.0.2.5/24", spf.Ip4(IPv4Address("192.0.2.5"), 24)),
        ("ip6:2001:DB8::1/32", spf.Ip6(IPv6Address("2001:db8::1"), 32)),
        ("ip6:::ffff:192.0.2.1", spf.Ip6(IPv6Address("::ffff:192.0.2.1"))),
        (
            "exists:%{Ir}.%{l2r+-}._spf.%{d}",
            spf.Exists(
                DomainSpec(
                    (
                        spf.Macro("I", reverse=True),
                        ".",
                        spf.Macro("l", 2, True, "+-"),
                        "._spf.",
                        spf.Macro("d"),
                    )
                )
            ),
        ),
        ("redirect=_spf.example.nl", spf.Redirect(domain("_spf.example.nl"))),
        ("EXP=why.example.nl", spf.Explanation(domain("why.example.nl"))),
        (
            "Moo.cow-far_out=man:dog/cat",
            spf.UnknownModifier("moo.cow-far_out", MacroString(("man:dog/cat",))),
        ),
        ("x=", spf.UnknownModifier("x", MacroString())),
        (
            "x=%%%_%-%{h}",
            spf.UnknownModifier("x", MacroString((*spf.Escape, spf.Macro("h")))),
        ),
    ],
)
def test_terms_are_typed(text: str, term: spf.Term) -> None:
    assert parse_term(text) == term


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("v=spf1", "v=spf1"),
        ("V=SPF1  +A:Example.NL.  -ALL ", "v=spf1 a:example.nl -all"),
        (
            "v=spf1 ip4:1.2.3.4/32 include:_spf.zorgmail.nl -all",
            "v=spf1 ip4:1.2.3.4 include:_spf.zorgmail.nl -all",
        ),
        ("v=spf1 a/32//128 mx//128 ip6:2001:0DB8:0::/128", "v=spf1 a mx ip6:2001:db8::"),
        ("v=spf1 a:%{d02} a:%{d99999}", "v=spf1 a:%{d2} a:%{d9999}"),
        ("v=spf1 a:%{d" + "9" * 5000 + "}", "v=spf1 a:%{d9999}"),
        ("v=spf1 exists:%{iR}.X.%{D}", "v=spf1 exists:%{ir}.x.%{D}"),
    ],
)
def test_printing_is_canonical(text: str, canonical: str) -> None:
    assert str(Spf.parse(text)) == canonical


@pytest.mark.parametrize(
    ("text", "tag", "position"),
    [
        ("", "v", 0),
        ("v=spf10", "v", 0),
        (" v=spf1", "v", 0),
        ("v=spf1\t-all", "v", 0),
        ("v=spf1 -all moo", "moo", 12),
        ("v=spf1 !all", "!all", 7),
        ("v=spf1 -all.", "-all.", 7),
        ("v=spf1 all:x", "all:x", 10),
        ("v=spf1 include", "include", 14),
        ("v=spf1 include:", "include:", 15),
        ("v=spf1 include:a.nl/24", "include:a.nl/24", 15),
        ("v=spf1 a:1.2.3.4", "a:1.2.3.4", 9),
        ("v=spf1 a:museum", "a:museum", 9),
        ("v=spf1 a:x.-nl", "a:x.-nl", 9),
        ("v=spf1 a:x.nl-", "a:x.nl-", 9),
        ("v=spf1 a/33", "a/33", 8),
        ("v=spf1 a//129", "a//129", 8),
        ("v=spf1 a/024", "a/024", 8),
        ("v=spf1 a/24/64", "a/24/64", 8),
        ("v=spf1 a/" + "9" * 5000, "a/" + "9" * 5000, 8),
        ("v=spf1 ip4:1.2.3", "ip4:1.2.3", 10),
        ("v=spf1 ip4:1.2.3.04", "ip4:1.2.3.04", 10),
        ("v=spf1 ip4:1.2.3.4//32", "ip4:1.2.3.4//32", 10),
        ("v=spf1 ip6:fe80::1%eth0", "ip6:fe80::1%eth0", 10),
        ("v=spf1 ip6::1::2", "ip6::1::2", 10),
        ("v=spf1 ptr/0", "ptr/0", 10),
        ("v=spf1 redirect:a.nl", "redirect:a.nl", 7),
        ("v=spf1 redirect=", "redirect=", 16),
        ("v=spf1 exp=-all", "exp=-all", 11),
        ("v=spf1 redirect=a.nl -all redirect=b.nl", "redirect=b.nl", 26),
        ("v=spf1 exp=a.nl EXP=a.nl", "EXP=a.nl", 16),
        ("v=spf1 exists:%(d)", "exists:%(d)", 14),
        ("v=spf1 exists:a.%{d", "exists:a.%{d", 16),
        ("v=spf1 exists:a.%{x}", "exists:a.%{x}", 16),
        ("v=spf1 exists:a.%{d0}", "exists:a.%{d0}", 16),
        ("v=spf1 -all exp=%{t}.nl", "exp=%{t}.nl", 16),
        ("v=spf1 x=%abc", "x=%abc", 9),
        ("v=spf1 a:caf\xe9.nl", "a:caf\xe9.nl", 12),
        ("v=spf1 ip4:192.0.2.1,ip4:192.0.2.2", "ip4:192.0.2.1,ip4:192.0.2.2", 10),
    ],
)
def test_a_fault_is_named_with_its_place(text: str, tag: str, position: int) -> None:
    with pytest.raises(RecordSyntaxError) as caught:
        Spf.parse(text)
    assert (caught.value.tag, caught.value.position) == (tag, position)


def test_the_message_names_the_term_the_place_and_the_fault() -> None:
    with pytest.raises(RecordSyntaxError) as caught:
        Spf.parse("v=spf1 a:1.2.3.4 -all")
    assert (
        str(caught.value)
        == "'a:1.2.3.4' at position 9: '4' is not a top label (for an address use ip4 or ip6)"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"v=spf1", True),
        (b"V=SpF1 -all", True),
        (b"v=spf1 \xff", True),
        (b"v=spf10", False),
        (b"v=spf1\t-all", False),
        (b"v=spf1mx", False),
        (b" v=spf1", False),
        (b"spf2.0/pra -all", False),
        (b"", False),
    ],
)
def test_the_version_section_is_exact(value: bytes, expected: bool) -> None:
    assert is_spf(value) is expected


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("v=spf1", 0),
        ("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all", 0),
        ("v=spf1 include:a.nl a mx ptr exists:a.nl -all", 5),
        ("v=spf1 ip4:1.2.3.4/32 include:_spf.zorgmail.nl -all", 1),
        ("v=spf1 a redirect=b.nl", 2),
        ("v=spf1 redirect=b.nl -all", 0),
        ("v=spf1 redirect=b.nl a -all mx", 1),
        ("v=spf1 -all exp=why.nl other=%{d}", 0),
    ],
)
def test_terms_that_look_up_are_counted(text: str, count: int) -> None:
    assert lookup_terms(Spf.parse(text)) == count


@given(spf_records)
def test_the_count_is_never_more_than_the_terms(record: Spf) -> None:
    assert 0 <= lookup_terms(record) <= len(record.terms)


@pytest.mark.parametrize(
    "make",
    [
        lambda: spf.Macro("c"),
        lambda: spf.Macro("x"),
        lambda: spf.Macro("dd"),
        lambda: spf.Macro(""),
        lambda: spf.Macro("d", 0),
        lambda: spf.Macro("d", 10000),
        lambda: spf.Macro("d", delimiters="!"),
        lambda: MacroString(("a", "b")),
        lambda: MacroString(("",)),
        lambda: MacroString(("a%",)),
        lambda: DomainSpec(()),
        lambda: DomainSpec(("Example.nl",)),
        lambda: DomainSpec(("example.nl.",)),
        lambda: DomainSpec(("example",)),
        lambda: spf.A(ip4_prefix_length=33),
        lambda: spf.Mx(ip6_prefix_length=129),
        lambda: spf.Ip4(IPv4Address("192.0.2.1"), -1),
        lambda: spf.Ip6(IPv6Address("fe80::1%1")),
        lambda: spf.UnknownModifier("Exp", MacroString()),
        lambda: spf.UnknownModifier("exp", MacroString()),
        lambda: Spf((spf.Redirect(domain("a.nl")), spf.Redirect(domain("b.nl")))),
    ],
)
def test_what_no_record_can_say_does_not_exist(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidRecord):
        make()


def test_a_domain_says_whether_it_depends_on_the_message() -> None:
    assert domain("%{d}").has_macros
    assert domain("a%%b.nl").has_macros
    assert not domain("_spf.example.nl").has_macros
