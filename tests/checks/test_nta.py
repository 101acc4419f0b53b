"""What is said of NTA 7516 records."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.model import Finding, Outcome
from mailseal.checks.nta import examine_nta7516, judge
from mailseal.records.nta7516 import NtaRecordValue
from mailseal.records.nta7516.routing import readiness_of
from support.answers import ZoneResolver
from support.examining import codes, examined, the, tools_with
from support.record_strategies import days, mutations, nta_records

DOMAIN = examined("care.example")
TODAY = date(2026, 11, 24)
GOOD = "v=NTA7516-1;startdate=2026-03;enddate=2029-03;provider=zorgmail;ntamx=10 relay.zorgmail.nl"


def judged(*texts: str, today: date = TODAY) -> tuple[Finding, ...]:
    return judge("care.example", texts, today)


def record(start: str, end: str) -> str:
    return f"v=NTA7516-1;startdate={start};enddate={end};provider=zorgmail"


def test_a_good_record_passes_in_all_respects() -> None:
    findings = judged(GOOD)
    assert codes(findings) == [
        "nta7516.record/found",
        "nta7516.syntax/well-formed",
        "nta7516.dates/good-span",
        "nta7516.validity/valid",
    ]
    assert {finding.outcome for finding in findings} == {Outcome.PASS}
    assert findings[-1].values["day"] == "2029-03-31"
    assert findings[-1].values["days"] == "858"


def test_no_record_fails_and_two_records_fail() -> None:
    assert codes(judged()) == ["nta7516.record/missing"]
    assert codes(judged(GOOD, record("2026-01", "2026-12"))) == ["nta7516.record/several"]
    assert judged()[0].outcome is judged(GOOD, GOOD)[0].outcome is Outcome.FAIL


async def test_a_domain_that_receives_no_mail_needs_no_record() -> None:
    """One that has a record all the same is judged by it."""
    null_mx = "care.example. MX 0 ."
    for records, code in (
        (null_mx, "nta7516.record/no-mail"),
        (f'{null_mx}\ncare.example. TXT "{GOOD}"', "nta7516.record/found"),
        ("care.example. MX 10 mail.care.example.", "nta7516.record/missing"),
    ):
        found = await examine_nta7516(DOMAIN, tools_with(ZoneResolver(records)))
        assert codes(found)[0] == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (
            "v=NTA7516;version:2019-06;expire:2019-10;provider:smartlockr;ntamx:mx.mail.de;ntamx:mx2.mail.de",
            "nta7516.syntax/old-dialect",
        ),
        ("v=NTA7516-9;startdate=2026-01;enddate=2027-01;provider=x", "nta7516.syntax/invalid"),
        ("v=NTA7516-1;startdate=2026-13;enddate=2027-01;provider=x", "nta7516.syntax/invalid"),
        ("v=NTA7516-1;startdate=2026-01;enddate=2027-01", "nta7516.syntax/invalid"),
        ("v=NTA7516-1;startdate=2027-01;enddate=2026-01;provider=x", "nta7516.syntax/invalid"),
        ("v=NTA7516-1;startdate=2026-01;enddate=2027-01;provider=x;ntamx=relay.nl", "nta7516.syntax/invalid"),
    ],
)
def test_a_record_that_cannot_be_read_fails_and_nothing_more_is_said(text: str, code: str) -> None:
    findings = judged(text)
    assert codes(findings) == ["nta7516.record/found", code]
    assert findings[-1].outcome is Outcome.FAIL


@pytest.mark.parametrize(
    "text", [f"{GOOD};", GOOD.replace(";", "; "), GOOD.replace("startdate", "StartDate"), f"{GOOD}."]
)
def test_an_unusual_form_is_a_warning_that_says_what_is_odd(text: str) -> None:
    odd = the(judged(text), "nta7516.syntax/odd")
    assert odd.outcome is Outcome.WARN
    assert len(odd.evidence) >= 2


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        ("2026-11", "2029-11", "nta7516.dates/good-span"),
        ("2026-11", "2029-12", "nta7516.dates/long-span"),
        ("2026-11", "2026-11", "nta7516.dates/good-span"),
    ],
)
def test_a_span_over_36_months_is_a_warning_and_no_fault_of_syntax(start: str, end: str, code: str) -> None:
    found = codes(judged(record(start, end)))
    assert code in found
    assert "nta7516.syntax/well-formed" in found


@pytest.mark.parametrize(
    ("day", "code", "count"),
    [
        (date(2026, 2, 28), "not-yet", "1"),
        (date(2026, 3, 1), "valid", "305"),
        (date(2026, 10, 1), "valid", "91"),
        (date(2026, 10, 2), "ends-soon", "90"),
        (date(2026, 12, 31), "ends-soon", "0"),
        (date(2027, 1, 1), "expired", "1"),
    ],
)
def test_validity_turns_on_the_very_day(day: date, code: str, count: str) -> None:
    finding = the(judged(record("2026-03", "2026-12"), today=day), f"nta7516.validity/{code}")
    assert finding.values["days"] == count


def test_what_is_not_in_order_reads_the_same_each_day() -> None:
    """It stands in a status, which is not to be written because a day has passed."""
    for today in (date(2026, 2, 1), date(2026, 11, 1), date(2027, 2, 1)):
        one, other = (
            judged(record("2026-03", "2026-12"), today=day)[-1] for day in (today, today.replace(day=9))
        )
        assert (one.outcome, one.says(), one.advice()) == (other.outcome, other.says(), other.advice())
        assert one.values["days"] != other.values["days"]


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), "nta7516.validity/ends-soon"),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "nta7516.validity/expired"),
        (datetime(2026, 6, 30, 21, 59, tzinfo=UTC), "nta7516.validity/valid"),
    ],
)
async def test_the_day_is_that_of_the_netherlands(now: datetime, code: str) -> None:
    resolver = ZoneResolver(f'care.example. TXT "{record("2026-03", "2026-12")}"\ncare.example. TXT "other"')
    assert code in codes(await examine_nta7516(DOMAIN, tools_with(resolver, now=now)))


async def test_a_silent_server_leaves_it_unknown() -> None:
    findings = await examine_nta7516(DOMAIN, tools_with(ZoneResolver("", silent=("care.example",))))
    assert codes(findings) == ["nta7516.record/unanswered"]


@given(st.lists(mutations(nta_records.map(NtaRecordValue.to_text)), max_size=2), days)
def test_any_texts_get_a_judgement_and_it_agrees_with_readiness(texts: list[str], today: date) -> None:
    latin = [text.encode("latin-1", "replace").decode("latin-1") for text in texts]
    nta_like = [text for text in latin if readiness_of([text], today).readiness != "no-record"]
    findings = judged(*nta_like, today=today)
    codes(findings)
    fails = any(finding.outcome is Outcome.FAIL for finding in findings)
    assert fails is not readiness_of(latin, today).is_ready
