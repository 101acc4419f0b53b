"""From findings of the checks to the prerequisites of an NTA 7516 record."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given

from mailseal.checks.model import Outcome, Subject
from mailseal.checks.settings import CheckSettings
from mailseal.domain.prerequisites import Prerequisite
from mailseal.engine.prerequisites import findings_in, prerequisite_findings, unknown_findings
from mailseal.planning.nta_gate import PrerequisiteFinding, Standing
from support.checkresults import NOW, finding, result
from support.checkwords import results

FAIL, PASS, SKIP, UNKNOWN, WARN = (
    Outcome.FAIL,
    Outcome.PASS,
    Outcome.SKIP,
    Outcome.UNKNOWN,
    Outcome.WARN,
)


def standing(prerequisite: Prerequisite, *findings) -> Standing:
    return found(prerequisite, *findings).standing


def found(prerequisite: Prerequisite, *findings) -> PrerequisiteFinding:
    (told,) = (each for each in findings_in(result(*findings)) if each.prerequisite is prerequisite)
    return told


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ((PASS,), Standing.PASSED),
        ((PASS, WARN), Standing.PASSED),
        ((PASS, UNKNOWN), Standing.UNKNOWN),
        ((PASS, UNKNOWN, FAIL), Standing.FAILED),
        ((SKIP,), Standing.PASSED),
        ((), Standing.UNKNOWN),
    ],
)
def test_the_worst_finding_decides(outcomes: tuple[Outcome, ...], expected: Standing) -> None:
    findings = [finding(outcome, what=f"check{number}") for number, outcome in enumerate(outcomes)]
    assert standing(Prerequisite.SPF, *findings) is expected


def test_a_failure_says_what_is_the_matter_and_what_to_do() -> None:
    told = found(Prerequisite.DMARC, finding(FAIL, Subject.DMARC), finding(PASS, Subject.DMARC, "other"))
    assert told.says == "example.nl is fail. Mend it"


def test_the_order_of_answers_makes_no_other_message() -> None:
    failures = [finding(FAIL, target=f"host{number}.example.nl") for number in range(9)]
    first = found(Prerequisite.SPF, finding(FAIL, what="first"), *failures)
    assert found(Prerequisite.SPF, finding(FAIL, what="first"), *reversed(failures)) == first
    assert first.says.startswith("example.nl is fail")


def test_many_failures_are_told_in_short() -> None:
    failures = [finding(FAIL, target=f"host{number}.example.nl") for number in range(9)]
    assert found(Prerequisite.SPF, *failures).says.endswith("; and 6 more")


@pytest.mark.parametrize(
    ("prerequisite", "subject"),
    [
        (Prerequisite.MTASTS, Subject.MTA_STS),
        (Prerequisite.TLSRPT, Subject.TLS_RPT),
        (Prerequisite.DANE, Subject.DANE),
    ],
)
def test_what_is_asked_for_and_not_there_fails_although_it_is_only_recommended(
    prerequisite: Prerequisite, subject: Subject
) -> None:
    for code in ("missing", "several", "unreadable"):
        assert standing(prerequisite, finding(WARN, subject, code=code)) is Standing.FAILED
    assert standing(prerequisite, finding(WARN, subject, code="odd")) is Standing.PASSED


def test_dmarc_does_not_wait_for_those_who_get_its_reports() -> None:
    policy, consent = finding(PASS, Subject.DMARC, "policy"), finding(UNKNOWN, Subject.DMARC, "consent")
    assert standing(Prerequisite.DMARC, policy, consent) is Standing.PASSED


def test_tls_is_that_of_the_ntamx_hosts_where_there_are_some() -> None:
    good, bad = finding(PASS, Subject.NTAMX, "tls"), finding(FAIL, Subject.MX, "tls")
    assert standing(Prerequisite.TLS, good, bad) is Standing.PASSED
    assert standing(Prerequisite.TLS, finding(SKIP, Subject.NTAMX, "present"), bad) is Standing.FAILED
    assert standing(Prerequisite.TLS, finding(FAIL, Subject.NTAMX, "starttls"), good) is Standing.FAILED


def test_tls_needs_no_certificate_and_ntamx_does() -> None:
    findings = (finding(PASS, Subject.NTAMX, "tls"), finding(FAIL, Subject.NTAMX, "certificate"))
    assert standing(Prerequisite.TLS, *findings) is Standing.PASSED
    assert standing(Prerequisite.NTAMX, *findings) is Standing.FAILED


def test_an_unreadable_record_that_is_to_be_replaced_is_no_obstacle_to_itself() -> None:
    findings = (finding(FAIL, Subject.NTAMX, "present"), finding(PASS, Subject.MX, "tls"))
    assert standing(Prerequisite.TLS, *findings) is Standing.PASSED


@given(results())
def test_every_prerequisite_is_told_once_whatever_was_found(anything) -> None:
    told = findings_in(anything.result)
    assert [each.prerequisite for each in told] == list(Prerequisite)
    assert all(each.says for each in told if each.standing is not Standing.PASSED)


def test_without_checks_nothing_is_known_and_the_reason_is_told() -> None:
    told = unknown_findings("the checks are off")
    assert {each.standing for each in told} == {Standing.UNKNOWN}
    assert {each.says for each in told} == {"the checks are off"}


def test_no_domain_asks_nobody() -> None:
    nowhere = CheckSettings(resolvers=("this is no address",))
    assert asyncio.run(prerequisite_findings((), nowhere, NOW)) == {}
