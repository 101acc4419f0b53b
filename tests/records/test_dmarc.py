from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.records.dmarc import (
    Alignment,
    Dmarc,
    DmarcPolicy,
    DmarcReading,
    PublicSuffix,
    Scope,
    is_dmarc,
    read_dmarc,
)
from mailseal.records.errors import InvalidRecord, RecordSyntaxError
from mailseal.records.oddity import Oddity
from support.parsing import assert_stable_or_fault, parsed
from support.record_strategies import dmarc_records, mutations

NONE, QUARANTINE, REJECT = DmarcPolicy


def codes(text: str) -> list[str]:
    return [oddity.code for oddity in read_dmarc(text).oddities]


@given(dmarc_records)
def test_a_printed_record_is_read_as_it_was(record: Dmarc) -> None:
    assert Dmarc.parse(record.to_text()) == record
    assert is_dmarc(record.to_text().encode())


@given(mutations(dmarc_records.map(Dmarc.to_text)) | st.text(max_size=30))
def test_any_text_is_a_stable_record_or_a_syntax_error_within_it(text: str) -> None:
    assert_stable_or_fault(Dmarc.parse, text)


@given(mutations(dmarc_records.map(Dmarc.to_text)))
def test_the_reader_reports_what_the_parser_raises(text: str) -> None:
    reading, outcome = read_dmarc(text), parsed(Dmarc.parse, text)
    if isinstance(outcome, RecordSyntaxError):
        assert reading == DmarcReading(None, (Oddity("syntax", str(outcome)),))
    else:
        assert reading.record == outcome


def test_every_tag_is_read_and_printed_in_order() -> None:
    text = (
        "v=DMARC1; p=reject; sp=quarantine; np=none; adkim=s; aspf=s; psd=n; fo=1:d:s; t=y; "
        "rua=mailto:a@example.nl,mailto:b@example.org; ruf=mailto:c@example.nl"
    )
    record = Dmarc(
        policy=REJECT,
        subdomain_policy=QUARANTINE,
        nonexistent_policy=NONE,
        adkim=Alignment.STRICT,
        aspf=Alignment.STRICT,
        public_suffix=PublicSuffix.NO,
        failure_options=("1", "d", "s"),
        testing=True,
        rua=("mailto:a@example.nl", "mailto:b@example.org"),
        ruf=("mailto:c@example.nl",),
    )
    assert Dmarc.parse(text) == record
    assert record.to_text() == text
    assert read_dmarc(text).oddities == ()


def test_defaults_are_not_printed() -> None:
    text = "v=DMARC1;p=none;adkim=r;aspf=r;psd=u;fo=0;t=n;"
    assert Dmarc.parse(text) == Dmarc()
    assert Dmarc().to_text() == "v=DMARC1; p=none"


def test_values_are_read_in_any_case() -> None:
    assert Dmarc.parse("v=DMARC1; p=Reject; adkim=S; t=Y") == Dmarc(
        REJECT, adkim=Alignment.STRICT, testing=True
    )


def test_the_tags_that_rfc_9989_removed_are_kept_and_reported() -> None:
    text = "v=DMARC1; p=quarantine; pct=50; rf=afrf; ri=86400"
    assert codes(text) == ["obsolete-tag"] * 3
    assert Dmarc.parse(text) == Dmarc(QUARANTINE, unknown=(("pct", "50"), ("rf", "afrf"), ("ri", "86400")))


def test_unknown_tags_are_kept_and_reported() -> None:
    assert codes("v=DMARC1; p=none; x-new=1") == ["syntax"]
    assert codes("v=DMARC1; p=none; xnew=1") == ["unknown-tag"]


def test_a_record_without_policy_is_one_with_policy_none() -> None:
    assert Dmarc.parse("v=DMARC1; rua=mailto:a@example.nl") == Dmarc(rua=("mailto:a@example.nl",))
    assert codes("v=DMARC1; rua=mailto:a@example.nl") == ["missing-policy"]


def test_a_size_limit_after_a_report_address_is_dropped_and_reported() -> None:
    text = "v=DMARC1; p=none; rua=mailto:a@example.nl!10m , mailto:b@example.nl"
    assert Dmarc.parse(text).rua == ("mailto:a@example.nl", "mailto:b@example.nl")
    assert codes(text) == ["size-limit"]


@pytest.mark.parametrize(
    ("policies", "domain", "subdomain", "nonexistent"),
    [
        ((REJECT, None, None), REJECT, REJECT, REJECT),
        ((REJECT, QUARANTINE, None), REJECT, QUARANTINE, QUARANTINE),
        ((NONE, None, REJECT), NONE, NONE, REJECT),
        ((REJECT, NONE, QUARANTINE), REJECT, NONE, QUARANTINE),
    ],
)
def test_the_effective_policy_falls_back_from_np_to_sp_to_p(
    policies: tuple[DmarcPolicy, DmarcPolicy | None, DmarcPolicy | None],
    domain: DmarcPolicy,
    subdomain: DmarcPolicy,
    nonexistent: DmarcPolicy,
) -> None:
    record = Dmarc(*policies)
    assert [record.effective_policy(scope) for scope in Scope] == [domain, subdomain, nonexistent]


@pytest.mark.parametrize(("policy", "lowered"), [(REJECT, QUARANTINE), (QUARANTINE, NONE), (NONE, NONE)])
def test_testing_lowers_every_policy_one_level(policy: DmarcPolicy, lowered: DmarcPolicy) -> None:
    record = Dmarc(policy, nonexistent_policy=policy, testing=True)
    assert [record.effective_policy(scope) for scope in Scope] == [lowered] * 3


@pytest.mark.parametrize(
    ("text", "tag", "position"),
    [
        ("p=none; v=DMARC1", "p", 0),
        ("v=DMARC2; p=none", "v", 0),
        ("v=dmarc1; p=none", "v", 0),
        ("v=DMARC1 p=none", "v", 0),
        ("v=DMARC1; p=nothing", "p", 12),
        ("v=DMARC1; p=", "p", 12),
        ("v=DMARC1; p=none; sp=x", "sp", 21),
        ("v=DMARC1; p=none; adkim=relaxed", "adkim", 24),
        ("v=DMARC1; p=none; t=maybe", "t", 20),
        ("v=DMARC1; p=none; psd=x", "psd", 22),
        ("v=DMARC1; p=none; fo=2", "fo", 21),
        ("v=DMARC1; p=none; p=reject", "p", 18),
        ("v=DMARC1; p=none; rua=a@example.nl", "rua", 22),
        ("v=DMARC1; p=none; rua=mailto:a@example.nl, b", "rua", 43),
        ("v=DMARC1; p=none; ruf=mailto:nobody", "ruf", 22),
        ("v=DMARC1; p=none; rua=mailto:a@example.nl,", "rua", 42),
        ("v=DMARC1; p=none; x=", "x", 20),
    ],
)
def test_a_fault_is_named_with_its_place(text: str, tag: str, position: int) -> None:
    with pytest.raises(RecordSyntaxError) as caught:
        Dmarc.parse(text)
    assert (caught.value.tag, caught.value.position) == (tag, position)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Dmarc(rua=("a@example.nl",)),
        lambda: Dmarc(rua=("mailto:a@example.nl!10m",)),
        lambda: Dmarc(ruf=("mailto:a@example.nl,mailto:b@example.nl",)),
        lambda: Dmarc(failure_options=()),
        lambda: Dmarc(failure_options=("x",)),
        lambda: Dmarc(unknown=(("p", "none"),)),
        lambda: Dmarc(unknown=(("x", ""),)),
    ],
)
def test_what_no_record_can_say_does_not_exist(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidRecord):
        make()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"v=DMARC1; p=none", True),
        (b"v=DMARC1", True),
        (b"v = DMARC1 ;p=none", True),
        (b"v=DMARC1;\xff", True),
        (b"v=DMARC12; p=none", False),
        (b"v=dmarc1; p=none", False),
        (b"p=none; v=DMARC1", False),
        (b"v=spf1 -all", False),
    ],
)
def test_the_version_tag_identifies_a_record(value: bytes, expected: bool) -> None:
    assert is_dmarc(value) is expected
