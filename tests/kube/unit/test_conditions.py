"""What Ready says of a resource's records, and when it says something new."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.domain.status import ConditionStatus
from mailseal.kube.conditions import (
    MAX_MESSAGE,
    Statement,
    Verdict,
    amended,
    conditions,
    is_current,
    is_ready,
    verdict_on,
)
from mailseal.planning.model import RecordOutcome, RecordState
from mailseal.records.txt import TxtData
from support.planning_world import APEX, DMARC, NOW

WORST_FIRST = ["CONFLICT", "REFUSED", "PENDING", "PROPAGATING", "REMOVING"]
LATER = NOW + timedelta(hours=1)


def record(state: str, reason: str = "", message: str = "", key=APEX) -> RecordOutcome:
    return RecordOutcome(key, TxtData.of("v"), RecordState[state], reason, message)


def test_a_resource_is_ready_when_every_record_is_published() -> None:
    assert verdict_on([record("PUBLISHED")]).message == "1 record is answered by all authoritative servers"
    verdict = verdict_on([record("PUBLISHED")] * 2, ["the record expires soon"])
    assert (verdict.ready, verdict.reason, verdict.stalled) == (True, "Published", False)
    assert verdict.message == "2 records are answered by all authoritative servers; the record expires soon"


@pytest.mark.parametrize("place", range(len(WORST_FIRST)))
def test_the_worst_record_decides(place) -> None:
    states = ["PUBLISHED", *reversed(WORST_FIRST[place:])]
    verdict = verdict_on([record(state, reason=state.title()) for state in states])
    assert not verdict.ready
    assert verdict.reason == WORST_FIRST[place].title()


@pytest.mark.parametrize(
    ("state", "reason", "stalled"),
    [
        ("CONFLICT", "", True),
        ("REFUSED", "", True),
        ("PENDING", "", False),
        ("PENDING", "DryRun", True),
        ("PENDING", "DeclarationMissing", True),
        ("REMOVING", "PlanRefused", True),
        ("PROPAGATING", "", False),
    ],
)
def test_a_resource_is_stalled_when_only_a_person_can_help(state, reason, stalled) -> None:
    assert verdict_on([record(state, reason)]).stalled is stalled


def test_the_message_names_each_record_once_with_what_is_the_matter() -> None:
    verdict = verdict_on(
        [
            record("CONFLICT", message="holds a CNAME", key=DMARC),
            record("CONFLICT", message="is foreign"),
            record("CONFLICT", message="is foreign"),
            record("PENDING", message="never shown"),
        ]
    )
    assert verdict.message == f"{DMARC}: holds a CNAME; {APEX}: is foreign"


@given(st.text(max_size=3 * MAX_MESSAGE))
def test_a_message_is_never_too_long_and_a_short_one_is_whole(text) -> None:
    (ready,) = conditions(Verdict(False, "Pending", text), (), 1, NOW)
    assert len(ready["message"]) <= MAX_MESSAGE
    assert text.startswith(ready["message"].removesuffix(" …"))
    assert len(text) > MAX_MESSAGE or ready["message"] == text


def test_the_transition_time_moves_with_the_status_alone() -> None:
    first = conditions(Verdict(False, "Pending", "soon"), (), 1, NOW)
    second = conditions(Verdict(False, "Propagating", "almost"), first, 2, LATER)
    assert second[0]["lastTransitionTime"] == first[0]["lastTransitionTime"] == "2026-03-15T12:00:00Z"
    assert (second[0]["reason"], second[0]["observedGeneration"]) == ("Propagating", 2)
    third = conditions(Verdict(True, "Published", "done"), second, 2, LATER)
    assert third[0]["lastTransitionTime"] == "2026-03-15T13:00:00Z"


def test_stalled_comes_and_goes() -> None:
    stuck = conditions(Verdict(False, "Conflict", "foreign", stalled=True), (), 1, NOW)
    assert [(found["type"], found["status"]) for found in stuck] == [("Ready", "False"), ("Stalled", "True")]
    assert [found["type"] for found in conditions(Verdict(True, "Published", ""), stuck, 1, NOW)] == ["Ready"]


@given(st.booleans(), st.booleans(), st.text(max_size=50), st.integers(1, 9))
def test_the_same_verdict_again_reads_the_same(ready, stalled, message, generation) -> None:
    verdict = Verdict(ready, "Reason", message, stalled)
    first = conditions(verdict, (), generation, NOW)
    assert conditions(verdict, first, generation, LATER) == first
    assert is_ready({"conditions": first}) is ready


def test_a_status_of_an_older_generation_is_not_current() -> None:
    status = {"conditions": conditions(Verdict(True, "Published", ""), (), 3, NOW), "observedGeneration": 3}
    assert is_current(status, 3)
    assert not is_current(status, 4)
    assert not is_current({}, 0)


SIGNING = Statement("Signing", ConditionStatus.TRUE, "KeyActive", "signs")


def told(found) -> list[tuple[str, str]]:
    return [(condition["type"], condition["status"]) for condition in found]


def test_further_conditions_come_after_ready_and_stay_where_a_later_verdict_does_not_mention_them() -> None:
    first = conditions(Verdict(True, "Published", "", others=(SIGNING,)), (), 1, NOW)
    assert told(first) == [("Ready", "True"), ("Signing", "True")]
    second = conditions(Verdict(False, "Conflict", "foreign", stalled=True), first, 2, LATER)
    assert told(second) == [("Ready", "False"), ("Stalled", "True"), ("Signing", "True")]
    assert second[-1] == first[-1], "it is as it was decided"


def test_an_amendment_leaves_ready_alone() -> None:
    first = conditions(Verdict(False, "Conflict", "foreign", stalled=True), (), 1, NOW)
    amendment = amended(first, (SIGNING,), (), 2, LATER)
    assert amendment[:2] == first
    assert told(amendment[2:]) == [("Signing", "True")]
    assert amended(amendment, (), ("Signing",), 2, LATER) == first
