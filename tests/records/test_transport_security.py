"""The MTA-STS announcement and the TLS-RPT record, which share one grammar."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given

from mailseal.records.errors import InvalidRecord, RecordSyntaxError
from mailseal.records.mta_sts import MtaSts, is_mta_sts
from mailseal.records.tls_rpt import TlsRpt, is_tls_rpt
from support.parsing import assert_stable_or_fault
from support.record_strategies import mta_sts_records, mutations, tls_rpt_records


@given(mta_sts_records)
def test_a_printed_mta_sts_record_is_read_as_it_was(record: MtaSts) -> None:
    assert MtaSts.parse(record.to_text()) == record
    assert is_mta_sts(record.to_text().encode())


@given(tls_rpt_records)
def test_a_printed_tls_rpt_record_is_read_as_it_was(record: TlsRpt) -> None:
    assert TlsRpt.parse(record.to_text()) == record
    assert is_tls_rpt(record.to_text().encode())


@given(mutations(mta_sts_records.map(MtaSts.to_text) | tls_rpt_records.map(TlsRpt.to_text)))
def test_any_text_is_a_stable_record_or_a_syntax_error_within_it(text: str) -> None:
    assert_stable_or_fault(MtaSts.parse, text)
    assert_stable_or_fault(TlsRpt.parse, text)


@pytest.mark.parametrize(
    "text", ["v=STSv1; id=20160831085700Z;", "v=STSv1;id=20160831085700Z", "v=STSv1 ; id=20160831085700Z ; "]
)
def test_the_example_of_rfc_8461_is_read_with_any_white_space_around_delimiters(text: str) -> None:
    assert MtaSts.parse(text) == MtaSts("20160831085700Z")


def test_the_examples_of_rfc_8460_are_read() -> None:
    assert TlsRpt.parse("v=TLSRPTv1;rua=mailto:reports@example.com").rua == ("mailto:reports@example.com",)
    assert TlsRpt.parse("v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt").rua == (
        "https://reporting.example.com/v1/tlsrpt",
    )


def test_several_report_addresses_keep_their_order() -> None:
    record = TlsRpt.parse("v=TLSRPTv1; rua=mailto:a@example.nl , https://example.nl/x")
    assert record.rua == ("mailto:a@example.nl", "https://example.nl/x")
    assert record.to_text() == "v=TLSRPTv1; rua=mailto:a@example.nl,https://example.nl/x"


@pytest.mark.parametrize(
    ("kind", "text", "tag", "position"),
    [
        (MtaSts, "", "v", 0),
        (MtaSts, "v=STSv2; id=1", "v", 0),
        (MtaSts, "V=STSv1; id=1", "v", 0),
        (MtaSts, " v=STSv1; id=1", "v", 0),
        (MtaSts, "id=1; v=STSv1", "v", 0),
        (MtaSts, "v=STSv1", "id", 7),
        (MtaSts, "v=STSv1; x=1", "id", 12),
        (MtaSts, "v=STSv1; id=", "id", 12),
        (MtaSts, "v=STSv1; id=2026-08", "id", 12),
        (MtaSts, "v=STSv1; id=" + "1" * 33, "id", 12),
        (MtaSts, "v=STSv1; id = 1", "id = 1", 9),
        (MtaSts, "v=STSv1; id=1; id=2", "id", 15),
        (MtaSts, "v=STSv1; id=1; v=STSv1", "v", 15),
        (MtaSts, "v=STSv1;; id=1", ";", 8),
        (MtaSts, "v=STSv1; id=1; x=a=b", "x", 17),
        (TlsRpt, "v=TLSRPTv2; rua=mailto:a@b.nl", "v", 0),
        (TlsRpt, "v=TLSRPTv1;", "rua", 11),
        (TlsRpt, "v=TLSRPTv1; rua=", "rua", 16),
        (TlsRpt, "v=TLSRPTv1; rua=a@example.nl", "rua", 16),
        (TlsRpt, "v=TLSRPTv1; rua=http://example.nl/", "rua", 16),
        (TlsRpt, "v=TLSRPTv1; rua=mailto:a@example.nl,", "rua", 36),
        (TlsRpt, "v=TLSRPTv1; rua=mailto:a@example.nl,mailto:", "rua", 36),
    ],
)
def test_a_fault_is_named_with_its_place(
    kind: type[MtaSts | TlsRpt], text: str, tag: str, position: int
) -> None:
    with pytest.raises(RecordSyntaxError) as caught:
        kind.parse(text)
    assert (caught.value.tag, caught.value.position) == (tag, position)


@pytest.mark.parametrize(
    "make",
    [
        lambda: MtaSts(""),
        lambda: MtaSts("a-b"),
        lambda: MtaSts("1", (("id", "2"),)),
        lambda: MtaSts("1", (("x", "a;b"),)),
        lambda: TlsRpt(()),
        lambda: TlsRpt(("mailto:a@example.nl;",)),
        lambda: TlsRpt(("ftp://example.nl/",)),
        lambda: TlsRpt(("mailto:a@example.nl",), (("-x", "1"),)),
    ],
)
def test_what_no_record_can_say_does_not_exist(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidRecord):
        make()


@pytest.mark.parametrize(
    ("value", "mta_sts", "tls_rpt"),
    [
        (b"v=STSv1; id=1", True, False),
        (b"v=STSv1", True, False),
        (b"v=STSv10; id=1", False, False),
        (b"v=TLSRPTv1; rua=", False, True),
        (b"v=TLSRPTv1 ;", False, True),
        (b"v=tlsrptv1;", False, False),
        (b"\xff", False, False),
    ],
)
def test_the_version_identifies_a_record(value: bytes, mta_sts: bool, tls_rpt: bool) -> None:
    assert (is_mta_sts(value), is_tls_rpt(value)) == (mta_sts, tls_rpt)
