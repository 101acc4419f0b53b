"""When domains are checked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailseal.checks.model import Outcome
from mailseal.kube import checkschedule
from mailseal.kube.checkmemory import Checked, condensed
from mailseal.kube.checksettling import settle
from mailseal.kube.objects import StoredObject
from support.checkresults import NOW, finding, result
from support.kube_objects import resource

HOUR = timedelta(hours=1)
INTERVAL = 6 * HOUR
READY = {"type": "Ready", "status": "True"}
RECORD = {"name": "example.nl", "type": "TXT", "value": "v=spf1 mx -all", "state": "Published"}


def checked(outcome: Outcome) -> Checked:
    return settle(None, condensed(result(finding(outcome))), NOW, timedelta(0))


def waiting(reason: str = "PrerequisitesFailed") -> StoredObject:
    conditions = [{"type": "Ready", "status": "False", "reason": reason}]
    return resource("NtaRecord", status={"conditions": conditions})


def told(**status: object) -> StoredObject:
    """A resource whose status tells of checks, as all are after a restart."""
    conditions = [READY, {"type": "Checks", "status": "True", "observedGeneration": 1}]
    return resource(status={"conditions": conditions, **status})


def test_what_waits_for_the_gate_comes_first_after_a_start() -> None:
    for reason in ("PrerequisitesFailed", "PrerequisitesUnknown", "Expired"):
        assert checkschedule.pause_before_first(waiting(reason), INTERVAL) == checkschedule.SOON
    assert not checkschedule.waits_for_checks(waiting("DeclarationMissing"))


def test_the_rest_is_spread() -> None:
    pauses = [checkschedule.pause_before_first(told(), INTERVAL) for _ in range(200)]
    assert max(pauses) <= checkschedule.AFTER_START
    assert len(set(pauses)) > 100
    troubled = [checkschedule.pause_before_first(told(checks=[{}]), INTERVAL) for _ in range(50)]
    assert max(troubled) <= checkschedule.AFTER_START_IN_TROUBLE


def test_a_new_resource_is_checked_when_it_is_published() -> None:
    assert checkschedule.pause_before_first(resource(), INTERVAL) == checkschedule.UNSETTLED
    published = resource(status={"conditions": [READY]})
    assert checkschedule.pause_before_first(published, INTERVAL) == checkschedule.SOON


def test_what_is_in_order_waits_for_about_the_interval() -> None:
    pauses = [
        checkschedule.pause_after_run(checked(Outcome.WARN), 1, INTERVAL, gate_waits=False) for _ in range(99)
    ]
    assert 0.9 * INTERVAL <= min(pauses) < max(pauses) <= 1.1 * INTERVAL


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.UNKNOWN])
def test_what_is_not_in_order_is_tried_again_less_and_less_often(outcome: Outcome) -> None:
    pauses = [
        checkschedule.pause_after_run(checked(outcome), attempts, INTERVAL, gate_waits=False)
        for attempts in range(1, 12)
    ]
    assert pauses[0] <= timedelta(minutes=5)
    assert max(pauses) <= INTERVAL
    assert pauses[-1] >= INTERVAL * 0.75


def test_a_gate_that_waits_is_tried_at_least_each_half_hour() -> None:
    pauses = [
        checkschedule.pause_after_run(checked(Outcome.PASS), attempts, INTERVAL, gate_waits=True)
        for attempts in range(1, 30)
    ]
    assert pauses[0] <= timedelta(minutes=2)
    assert max(pauses) <= timedelta(minutes=30)


@pytest.mark.parametrize(
    ("outcome", "reason", "holds_up"),
    [
        (Outcome.FAIL, "PrerequisitesFailed", True),
        (Outcome.UNKNOWN, "PrerequisitesUnknown", True),
        (Outcome.PASS, "PrerequisitesFailed", False),
        (Outcome.PASS, "Expired", False),
        (Outcome.FAIL, "DeclarationMissing", False),
    ],
)
def test_a_domain_in_order_holds_up_no_record(outcome: Outcome, reason: str, holds_up: bool) -> None:
    record = waiting(reason)
    asking = resource("NtaRecord", spec={"prerequisites": [{"check": "SPF"}]}, status=record.status)
    assert checkschedule.is_held_up_by(checked(outcome), asking) is holds_up
    assert not checkschedule.is_held_up_by(checked(outcome), resource(status=record.status))


def test_only_what_checks_would_see_or_what_waits_for_them_leaves_another_trace() -> None:
    published = resource(status={"records": [RECORD]})
    trace = checkschedule.trace_of(published)
    beside = resource(status={"records": [RECORD], "conditions": [READY], "checks": [{"check": "x"}]})
    assert checkschedule.trace_of(beside) == trace
    assert checkschedule.trace_of(resource(status={"records": [{**RECORD, "value": "other"}]})) != trace
    assert checkschedule.trace_of(resource(status={"records": [{**RECORD, "state": "Pending"}]})) != trace
    assert checkschedule.trace_of(resource(status={"records": [RECORD]}, generation=2)) != trace
    unknown, failed = waiting("PrerequisitesUnknown"), waiting("PrerequisitesFailed")
    assert checkschedule.trace_of(unknown) != checkschedule.trace_of(resource("NtaRecord"))
    assert checkschedule.trace_of(unknown) == checkschedule.trace_of(failed)
    signing = resource("DkimKey", status={"keys": [{"selector": "s1", "state": "Active"}]})
    retired = resource("DkimKey", status={"keys": [{"selector": "s1", "state": "Revoked"}]})
    assert checkschedule.trace_of(signing) != checkschedule.trace_of(retired)
