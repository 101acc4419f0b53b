"""What conditions, status.checks and Events say of the live checks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.model import Finding, Outcome, Subject
from mailseal.domain.status import MailDomainStatus
from mailseal.kube.checkmemory import MAX_MESSAGE, Checked, Trouble, condensed
from mailseal.kube.checksettling import settle
from mailseal.kube.checkstatus import (
    CHECKS,
    FIELD,
    MAX_ENTRIES,
    entries,
    statement_on,
    troubles_in,
    troubles_told,
    turns,
)
from support.checkresults import DOMAIN, NOW, finding, result
from support.checkwords import results
from support.kube_objects import resource

FAIL, PASS, UNKNOWN, WARN = Outcome.FAIL, Outcome.PASS, Outcome.UNKNOWN, Outcome.WARN
TOLD = {"conditions": [{"type": CHECKS, "status": "True"}]}
NONSENSE = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def checked(*findings: Finding) -> Checked:
    return settle(None, condensed(result(*findings)), NOW, timedelta(minutes=15))


def troubles(*findings: Finding, kind: str = "NtaRecord", status: Any = None) -> tuple[Trouble, ...]:
    return troubles_in(resource(kind, status=status), {DOMAIN: checked(*findings)})


def status_of(found: tuple[Trouble, ...]) -> dict[str, Any]:
    return {**TOLD, FIELD: entries(found) or []}


def test_the_worst_outcome_is_the_reason() -> None:
    said = [
        statement_on(troubles(finding(PASS))),
        statement_on(troubles(finding(PASS), finding(WARN, what="size"))),
        statement_on(troubles(finding(WARN), finding(UNKNOWN, what="size"))),
        statement_on(troubles(finding(UNKNOWN), finding(FAIL, what="size"))),
    ]
    assert [(told.status, told.reason) for told in said] == [
        ("True", "ChecksPassed"),
        ("True", "ChecksPassed"),
        ("Unknown", "ChecksUnknown"),
        ("False", "ChecksFailed"),
    ]
    assert said[1].message == "no live check fails; 1 could be better, see status.checks"
    assert said[3].message == "spf.size: example.nl is fail. Mend it"


def test_a_status_tells_what_is_not_in_order_and_the_model_reads_it_back() -> None:
    found = troubles(finding(PASS), finding(WARN, Subject.DKIM, "key"), finding(FAIL, what="size"))
    told = entries(found)
    assert [(entry["check"], entry["outcome"]) for entry in told or ()] == [
        ("spf.size", "Fail"),
        ("dkim.key", "Warn"),
    ]
    read = MailDomainStatus.model_validate({"conditions": [], FIELD: told})
    assert read.live_checks[0].message == "example.nl is fail. Mend it"
    assert troubles_told({FIELD: told}) == found
    assert entries(()) is None


def test_a_status_stays_small() -> None:
    many = troubles(*(finding(FAIL, target=f"host{number}.{'x' * 999}") for number in range(99)))
    told = entries(many)
    assert told is not None
    assert len(told) == MAX_ENTRIES
    assert max(len(entry["message"]) for entry in told) <= MAX_MESSAGE


def test_without_an_nta_record_nobody_asks_for_nta7516() -> None:
    missing = finding(FAIL, Subject.NTA7516)
    assert troubles(missing, kind="MailDomain") == ()
    assert len(troubles(missing, kind="NtaRecord")) == 1


def test_a_parked_domain_has_no_mail_to_sign_or_to_protect() -> None:
    parked = resource(spec={"spf": None, "parked": True})
    unneeded = (Subject.DKIM, Subject.DANE, Subject.MTA_STS, Subject.TLS_RPT)
    found = checked(*(finding(FAIL, subject) for subject in (*unneeded, Subject.SPF)))
    assert [trouble.check for trouble in troubles_in(parked, {DOMAIN: found})] == ["spf.record"]


def test_each_failure_is_an_event_when_it_begins_and_when_it_ends() -> None:
    good, bad = troubles(finding(PASS)), troubles(finding(FAIL), finding(PASS, what="size"))
    worse = troubles(finding(FAIL), finding(FAIL, what="size"))
    assert [(turn.reason, turn.is_trouble) for turn in turns({}, bad)] == [("ChecksFailed", True)]
    assert turns(status_of(bad), bad) == []
    (begun,) = turns(status_of(bad), worse)
    assert begun.message == "spf.size: example.nl is fail. Mend it"
    (ended,) = turns(status_of(worse), bad)
    assert (ended.reason, ended.message) == ("ChecksRecovered", "spf.size of example.nl works again")
    assert [turn.reason for turn in turns(status_of(bad), good)] == ["ChecksRecovered"]


def test_what_only_finds_room_in_the_status_now_has_not_begun_to_fail() -> None:
    failing = [finding(FAIL, target=f"h{number:02}.example.nl") for number in range(MAX_ENTRIES + 5)]
    before = status_of(troubles(*failing))
    assert turns(before, troubles(*failing[1:])) == []
    (begun,) = turns(before, troubles(finding(FAIL, target="a.example.nl"), *failing))
    assert "a.example.nl is fail" in begun.message


def test_what_cannot_be_decided_any_more_has_not_recovered() -> None:
    assert turns(status_of(troubles(finding(FAIL))), troubles(finding(UNKNOWN, what="run"))) == []


def test_after_a_start_the_status_holds_for_what_cannot_be_decided_yet() -> None:
    before = troubles(finding(FAIL), finding(WARN, Subject.DKIM))
    after = troubles(finding(UNKNOWN), finding(PASS, Subject.DKIM), status=status_of(before))
    assert [(each.check, each.outcome) for each in after] == [("spf.record", FAIL)]


@given(results())
def test_whatever_is_found_is_told_in_a_status_that_can_be_read(anything) -> None:
    domain = anything.result.domain
    settled = settle(None, condensed(anything.result), NOW, timedelta(0))
    found = troubles_in(resource("NtaRecord"), {domain: settled})
    assert turns({FIELD: entries(found)}, found) == []
    assert len(statement_on(found).message) > 0


@given(NONSENSE)
def test_a_senseless_status_tells_nothing(nonsense: Any) -> None:
    troubles_told({FIELD: nonsense})
    turns({FIELD: nonsense}, ())
