from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName
from mailseal.records.nta7516 import Month, NtaDates, NtaMx, NtaReading, NtaRecordValue, is_nta, read_nta
from support.record_strategies import days, months, mutations, nta_dates, nta_records

ZORGMAIL = "v=NTA7516-1;startdate=2023-03;enddate=2026-03;provider=zorgmail;ntamx=10 relay.zorgmail.nl"
CRYPTSHARE = (
    "v=NTA7516-1;startdate=2019-06;enddate=2023-07;provider=Cryptshare;ntamx=10 nta7516-mx.myorganisation.nl"
)
OLD_DIALECT = (
    "v=NTA7516;version:2019-06;expire:2019-10;provider:smartlockr;ntamx:mx.mail.de;ntamx:mx2.mail.de"
)
ZORGMAIL_RECORD = NtaRecordValue(
    "zorgmail", (NtaMx(10, DnsName("relay.zorgmail.nl")),), NtaDates(Month(2023, 3), Month(2026, 3))
)


def codes(reading: NtaReading) -> list[str]:
    return [oddity.code for oddity in reading.oddities]


def test_the_example_of_the_zorgmail_manual_is_read_and_written_exactly() -> None:
    assert read_nta(ZORGMAIL) == NtaReading(ZORGMAIL_RECORD)
    assert ZORGMAIL_RECORD.to_text() == ZORGMAIL


def test_the_example_of_cryptshare_is_read_with_a_warning_about_its_49_months() -> None:
    reading = read_nta(CRYPTSHARE)
    assert reading.record is not None
    assert reading.record.provider == "Cryptshare"
    assert reading.record.dates.span_months == 49
    assert codes(reading) == ["long-span"]


def test_a_span_over_36_months_is_never_written() -> None:
    record = read_nta(CRYPTSHARE).record
    assert record is not None
    with pytest.raises(InvalidRecord, match="49 months"):
        record.to_text()


def test_the_older_dialect_is_recognised_and_invalid() -> None:
    assert is_nta(OLD_DIALECT.encode())
    reading = read_nta(OLD_DIALECT)
    assert reading.record is None
    assert codes(reading) == ["old-dialect"]


@given(nta_records)
def test_a_written_record_is_read_as_it_was_without_oddities(record: NtaRecordValue) -> None:
    assert read_nta(record.to_text()) == NtaReading(record)
    assert is_nta(record.to_text().encode())


@given(st.text() | mutations(nta_records.map(NtaRecordValue.to_text)) | mutations(st.just(OLD_DIALECT)))
def test_no_text_makes_the_reader_fail_and_every_invalid_one_says_why(text: str) -> None:
    reading = read_nta(text)
    assert reading.record is not None or reading.oddities


@given(mutations(nta_records.map(NtaRecordValue.to_text)))
def test_what_is_read_without_oddities_is_written_as_it_stood(text: str) -> None:
    reading = read_nta(text)
    if reading.record is not None and not reading.oddities:
        assert reading.record.to_text() == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ZORGMAIL + ";", ["final-semicolon"]),
        (ZORGMAIL + " ; ", ["final-semicolon", "white-space"]),
        (ZORGMAIL.replace(";provider", ";;provider"), ["empty-tag"]),
        (ZORGMAIL.replace(";", "; "), ["white-space"]),
        (ZORGMAIL.replace("provider=", "provider = "), ["white-space"]),
        (ZORGMAIL.replace("10 relay", "10  relay"), ["white-space"]),
        (ZORGMAIL.replace("startdate", "StartDate"), ["case"]),
        (ZORGMAIL.replace("NTA7516-1", "nta7516-1"), ["case"]),
        (ZORGMAIL.replace("10 relay.zorgmail.nl", "10 relay.zorgmail.nl."), ["final-dot"]),
        (ZORGMAIL.replace("10 relay", "010 relay"), ["leading-zeros"]),
        (ZORGMAIL.replace("relay.zorgmail.nl", "Relay.ZorgMail.nl"), ["case"]),
        (ZORGMAIL + ";ntamx=10 relay.zorgmail.nl", ["duplicate-ntamx"]),
        (ZORGMAIL.replace(";ntamx", ";provider=zorgmail;ntamx"), ["duplicate-tag"]),
        (ZORGMAIL + ";contact=x", ["unknown-tag"]),
        (
            "v=NTA7516-1;provider=zorgmail;startdate=2023-03;enddate=2026-03;ntamx=10 relay.zorgmail.nl",
            ["tag-order"],
        ),
    ],
)
def test_what_has_one_meaning_is_read_and_reported(text: str, expected: list[str]) -> None:
    reading = read_nta(text)
    assert reading.record == ZORGMAIL_RECORD
    assert sorted(set(codes(reading))) == expected


def test_a_provider_with_a_space_is_read_but_not_written() -> None:
    reading = read_nta(ZORGMAIL.replace("zorgmail;", "zorg mail;"))
    assert codes(reading) == ["provider-space"]
    assert reading.record is not None
    assert reading.record.provider == "zorg mail"
    with pytest.raises(InvalidRecord, match="space"):
        reading.record.to_text()


def test_without_ntamx_the_record_names_no_hosts() -> None:
    reading = read_nta(ZORGMAIL.partition(";ntamx")[0])
    assert reading.oddities == ()
    assert reading.record is not None
    assert reading.record.ntamx == ()


def test_several_hosts_stay_in_the_order_of_the_record() -> None:
    reading = read_nta(ZORGMAIL + ";ntamx=5 mx2.zorgmail.nl")
    assert reading.record is not None
    assert [mx.preference for mx in reading.record.ntamx] == [10, 5]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "missing-tag"),
        (ZORGMAIL + ";=x", "tag-syntax"),
        ("hello", "tag-syntax"),
        ("v=NTA7516-2;startdate=2023-03;enddate=2026-03;provider=x", "unknown-version"),
        (ZORGMAIL.replace("startdate=2023-03;", ""), "missing-tag"),
        (ZORGMAIL.replace("enddate=2026-03;", ""), "missing-tag"),
        (ZORGMAIL.replace("provider=zorgmail;", ""), "missing-tag"),
        (ZORGMAIL.replace("=zorgmail;", "=;"), "missing-tag"),
        (ZORGMAIL.replace("2023-03", "2023-3"), "month"),
        (ZORGMAIL.replace("2023-03", "2023-13"), "month"),
        (ZORGMAIL.replace("2023-03", "0000-01"), "month"),
        (ZORGMAIL.replace("2026-03", "2023-02"), "dates"),
        (ZORGMAIL.replace("10 relay", "relay"), "ntamx"),
        (ZORGMAIL.replace("10 relay", "65536 relay"), "ntamx"),
        (ZORGMAIL.replace("10 relay", "10 relay two"), "ntamx"),
        (ZORGMAIL.replace("relay.zorgmail.nl", "relay..nl"), "ntamx"),
        (ZORGMAIL.replace("relay.zorgmail.nl", "."), "ntamx"),
        (ZORGMAIL.replace("relay.zorgmail.nl", r"a\.b.nl"), "ntamx"),
        (ZORGMAIL.replace(";ntamx", ";provider=other;ntamx"), "duplicate-tag"),
        (ZORGMAIL.replace("zorgmail;", "z\xf6rgmail;"), "non-ascii"),
        (ZORGMAIL.replace("zorgmail;", "z\x07;"), "provider"),
        ("v=NTA7516", "old-dialect"),
        ("V = nta7516 ;version:2019-06", "old-dialect"),
    ],
)
def test_what_has_no_one_meaning_is_invalid(text: str, code: str) -> None:
    reading = read_nta(text)
    assert reading.record is None
    assert codes(reading)[-1] == code


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"v=NTA7516-1;startdate=2023-03", True),
        (b"v=NTA7516-2", True),
        (b"V = nta7516-1 ;", True),
        (b"v=NTA7516;version:2019-06", True),
        (b"v=NTA75160;x", False),
        (b"v=NTA7516-1x;", False),
        (b"v=spf1 -all", False),
        (b"x=1;v=NTA7516-1", False),
        (b"\xff", False),
    ],
)
def test_the_version_tag_identifies_a_record(value: bytes, expected: bool) -> None:
    assert is_nta(value) is expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2023, 2, 28), False),
        (date(2023, 3, 1), True),
        (date(2026, 3, 31), True),
        (date(2026, 4, 1), False),
    ],
)
def test_a_record_is_valid_from_the_first_through_the_last_day_of_its_months(
    day: date, expected: bool
) -> None:
    assert ZORGMAIL_RECORD.dates.covers(day) is expected


@given(nta_dates, days)
def test_the_months_and_the_days_agree(dates: NtaDates, day: date) -> None:
    assert dates.covers(day) == (dates.start <= Month.of(day) <= dates.end)
    assert dates.covers(dates.first_day)
    assert dates.covers(dates.last_day)


@given(nta_dates)
def test_dates_are_made_from_a_start_and_a_span(dates: NtaDates) -> None:
    assert NtaDates.starting(dates.start, dates.span_months) == dates


def test_three_years_from_march_end_in_march() -> None:
    assert NtaDates.starting(Month(2023, 3), 36) == ZORGMAIL_RECORD.dates
    assert ZORGMAIL_RECORD.dates.last_day == date(2026, 3, 31)
    assert NtaDates.starting(Month(2023, 3), 37).span_months == 37


@given(months, st.integers(-100, 100))
def test_month_arithmetic_is_exact(month: Month, count: int) -> None:
    if 12 <= month.year * 12 + count + month.month - 1 < 120000:
        later = month.plus(count)
        assert month.months_until(later) == count
        assert later.plus(-count) == month
        assert (later > month) == (count > 0)


@given(months)
def test_a_printed_month_is_read_as_it_was(month: Month) -> None:
    assert Month.parse(str(month)) == month
    assert Month.of(month.first_day) == Month.of(month.last_day) == month


@given(days)
def test_a_day_is_within_its_month(day: date) -> None:
    assert Month.of(day).first_day <= day <= Month.of(day).last_day


def test_february_ends_as_the_year_has_it() -> None:
    assert Month(2024, 2).last_day == date(2024, 2, 29)
    assert Month(2023, 2).last_day == date(2023, 2, 28)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Month(2023, 0),
        lambda: Month(2023, 13),
        lambda: Month(0, 1),
        lambda: Month(10000, 1),
        lambda: Month.parse("2023-03-01"),
        lambda: Month.parse("٢٠٢٣-٠٣"),
        lambda: Month(9999, 12).plus(1),
        lambda: Month(1, 1).plus(-1),
        lambda: NtaDates(Month(2023, 3), Month(2023, 2)),
        lambda: NtaMx(-1, DnsName("mx.nl")),
        lambda: NtaMx(65536, DnsName("mx.nl")),
        lambda: NtaMx(10, DnsName("")),
        lambda: NtaMx(10, DnsName("a b.nl")),
        lambda: NtaRecordValue("", (), ZORGMAIL_RECORD.dates),
        lambda: NtaRecordValue("a;b", (), ZORGMAIL_RECORD.dates),
        lambda: NtaRecordValue("zorgmail", (), ZORGMAIL_RECORD.dates, "NTA7516-9"),
    ],
)
def test_what_no_record_can_say_does_not_exist(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidRecord):
        make()
