"""What is said of MTA-STS: the record, the policy, and whether it fits the MX hosts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.https import PolicyAnswer
from mailseal.checks.model import Finding, Outcome
from mailseal.checks.mta_sts import examine_mta_sts, judge_record
from support.answers import ZoneResolver
from support.examining import codes, examined, the, tools_with

RECORD = '_mta-sts.care.example. TXT "v=STSv1; id=2026"'
MX = "care.example. MX 10 mail.care.example."
POLICY = "version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: {age}\r\n"


def policy(mode: str = "enforce", mx: str = "mail.care.example", age: int = 2419200) -> PolicyAnswer:
    return PolicyAnswer(POLICY.format(mode=mode, mx=mx, age=age), content_type="text/plain")


async def looked(
    records: str = f"{RECORD}\n{MX}",
    answer: PolicyAnswer | None = None,
    silent: tuple[str, ...] = (),
) -> tuple[Finding, ...]:
    tools = tools_with(ZoneResolver(records, silent), {"care.example": answer or policy()})
    return tuple(await examine_mta_sts(examined("care.example"), tools))


async def test_an_enforced_policy_that_names_all_hosts_passes_in_all_respects() -> None:
    findings = await looked()
    assert codes(findings) == [
        "mta-sts.record/found",
        "mta-sts.policy/fetched",
        "mta-sts.mode/enforce",
        "mta-sts.max-age/long-enough",
        "mta-sts.hosts/all-named",
    ]
    assert {finding.outcome for finding in findings} == {Outcome.PASS}


@pytest.mark.parametrize(
    ("records", "code", "outcome"),
    [
        (MX, "missing", Outcome.WARN),
        ("care.example. MX 0 .", "no-mail", Outcome.SKIP),
        (f'{RECORD}\n_mta-sts.care.example. TXT "v=STSv1; id=2027"', "several", Outcome.FAIL),
    ],
)
async def test_without_one_record_no_policy_is_fetched(records: str, code: str, outcome: Outcome) -> None:
    findings = await looked(records)
    assert codes(findings) == [f"mta-sts.record/{code}"]
    assert findings[0].outcome is outcome


async def test_a_policy_host_that_no_record_announces_is_told_beside_the_missing_record() -> None:
    findings = await looked("mta-sts.care.example. A 192.0.2.1")
    assert codes(findings) == ["mta-sts.record/missing", "mta-sts.policy/unannounced"]


async def test_a_record_that_cannot_be_read_fails_and_the_policy_is_told_all_the_same() -> None:
    findings = await looked(f'_mta-sts.care.example. TXT "v=STSv1; id=a-b"\n{MX}')
    assert codes(findings)[:2] == ["mta-sts.record/unreadable", "mta-sts.policy/fetched"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (PolicyAnswer(None, "the server answered with status 404"), "not-fetched"),
        (PolicyAnswer(None, "the server did not answer in time", is_decided=False), "not-reached"),
        (PolicyAnswer("<html></html>", content_type="text/html"), "invalid"),
        (PolicyAnswer("", content_type="text/plain"), "invalid"),
    ],
)
async def test_a_policy_that_is_not_there_or_not_one_is_told(answer: PolicyAnswer, code: str) -> None:
    findings = await looked(answer=answer)
    assert codes(findings) == ["mta-sts.record/found", f"mta-sts.policy/{code}"]
    assert answer.fault in findings[1].evidence[0]


async def test_another_media_type_is_a_warning() -> None:
    answer = PolicyAnswer(policy().text, content_type="text/html")
    finding = the(await looked(answer=answer), "mta-sts.policy/not-plain")
    assert finding.values["type"] == "text/html"


@pytest.mark.parametrize("mode", ["testing", "none"])
async def test_a_policy_that_is_not_enforced_is_a_warning(mode: str) -> None:
    assert f"mta-sts.mode/{mode}" in codes(await looked(answer=policy(mode)))


async def test_nothing_is_asked_of_a_policy_of_the_mode_none() -> None:
    found = codes(await looked(answer=policy("none")))
    assert found == ["mta-sts.record/found", "mta-sts.policy/fetched", "mta-sts.mode/none"]


@pytest.mark.parametrize(("seconds", "code"), [(604799, "short"), (604800, "long-enough")])
async def test_an_age_under_a_week_is_a_warning(seconds: int, code: str) -> None:
    assert f"mta-sts.max-age/{code}" in codes(await looked(answer=policy(age=seconds)))


@pytest.mark.parametrize(
    ("mode", "code", "outcome"),
    [("enforce", "not-named", Outcome.FAIL), ("testing", "not-named-in-testing", Outcome.WARN)],
)
async def test_hosts_that_the_policy_does_not_name_are_told(mode: str, code: str, outcome: Outcome) -> None:
    records = f"{RECORD}\n{MX}\ncare.example. MX 20 backup.care.example."
    finding = the(await looked(records, policy(mode)), f"mta-sts.hosts/{code}")
    assert finding.values["hosts"] == "backup.care.example"
    assert finding.outcome is outcome


@pytest.mark.parametrize(
    ("mx", "answer", "code"),
    [
        ("care.example. MX 10 Mail.Care.Example.", policy(), "all-named"),
        ("care.example. MX 10 mail.care.example.", policy(mx="*.care.example"), "all-named"),
        ("care.example. MX 10 a.mail.care.example.", policy(mx="*.care.example"), "not-named"),
        ("care.example. MX 0 .", policy(), "no-mail"),
        ("", policy(mx="care.example"), "all-named"),
        ("", policy(), "not-named"),
    ],
    ids=[
        "other case",
        "wildcard",
        "two labels",
        "null MX",
        "no MX: the domain itself",
        "and it is not named",
    ],
)
async def test_which_hosts_must_be_named(mx: str, answer: PolicyAnswer, code: str) -> None:
    assert f"mta-sts.hosts/{code}" in codes(await looked(f"{RECORD}\n{mx}", answer))


async def test_silence_leaves_unknown_what_it_is_about() -> None:
    assert codes(await looked(silent=("_mta-sts.care.example",))) == ["mta-sts.record/unanswered"]
    assert "mta-sts.hosts/unanswered" in codes(await looked(RECORD, silent=("care.example",)))


@given(st.text(), st.text(max_size=20))
async def test_any_policy_gets_a_judgement(text: str, content_type: str) -> None:
    answer = PolicyAnswer(text, content_type=content_type)
    assert len(codes(await looked(answer=answer))) >= 2


@given(st.lists(st.text(st.characters(max_codepoint=255)).map("v=STSv1; id=".__add__), max_size=2))
def test_any_records_get_a_judgement(texts: list[str]) -> None:
    codes([judge_record("care.example", texts)])
