"""Whether DKIM works, by what the resources of a domain say; and how far the DMARC rollout is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.kube.claims import claim_of
from mailseal.kube.conditions import verdict_on
from mailseal.kube.dkimworks import dkim_works
from mailseal.kube.dmarcstatus import rollout_details, rollout_memory
from mailseal.kube.objects import FINALIZER
from mailseal.planning.dmarc_rollout import RolloutMemory
from mailseal.planning.model import RecordOutcome, RecordState
from mailseal.records.dmarc import DmarcPolicy
from mailseal.records.txt import TxtData
from support.kube_objects import resource
from support.planning_world import DMARC, NOW

ADMITTED = {"finalizers": [FINALIZER]}
SIGNS = {
    "conditions": [{"type": "Signing", "status": "True"}],
    "keys": [{"selector": "ms1", "state": "Retiring"}, {"selector": "ms2", "state": "Active"}],
}
EXTERNAL = {"dkim": {"externalSelectors": [{"selector": "s1"}]}}


def selectors(state: str, selector: str = "s1") -> dict[str, Any]:
    return {"externalSelectors": [{"selector": selector, "state": state}]}


def test_a_dkim_key_that_signs_with_an_active_key_is_enough() -> None:
    signs = resource("DkimKey", status=SIGNS, **ADMITTED)
    assert dkim_works([resource("NtaRecord", **ADMITTED), signs])


@pytest.mark.parametrize(
    "fields",
    [
        {"status": SIGNS},
        {"status": SIGNS, **ADMITTED, "deletionTimestamp": "2026-03-01T00:00:00Z"},
        {"status": {**SIGNS, "conditions": [{"type": "Signing", "status": "False"}]}, **ADMITTED},
        {"status": {**SIGNS, "conditions": []}, **ADMITTED},
        {"status": {**SIGNS, "keys": [{"selector": "ms1", "state": "Published"}]}, **ADMITTED},
        ADMITTED,
    ],
    ids=["not admitted", "being deleted", "not signing", "no condition", "not active", "no status"],
)
def test_a_dkim_key_that_does_not_sign_is_not(fields) -> None:
    assert not dkim_works([resource("DkimKey", **fields)])


@pytest.mark.parametrize(
    ("status", "works"),
    [
        (selectors("Working"), True),
        (selectors("Weak"), True),
        (selectors("Changed"), False),
        (selectors("Gone"), False),
        (selectors("Unknown"), False),
        (selectors("Working", "removed"), False),
        ({}, False),
    ],
)
def test_an_external_selector_counts_while_it_works_and_is_asked_for(status, works) -> None:
    assert dkim_works([resource(spec=EXTERNAL, status=status, **ADMITTED)]) is works
    assert not dkim_works([resource(spec=EXTERNAL, status=status)])


STAGES = [{"policy": "none", "lasts": "14d"}, {"policy": "quarantine", "lasts": "30d"}]
ROLLOUT = {"dmarc": {"policy": "reject", "rollout": {"stages": STAGES}}}
SINCE = "2026-03-15T12:00:00Z"


def details(policy: str, state: str, status: dict[str, Any] | None = None, *, works: bool = True) -> Any:
    records = [RecordOutcome(DMARC, TxtData.of(f"v=DMARC1; p={policy}"), RecordState(state))]
    found = resource(spec=ROLLOUT, status=status)
    return rollout_details(found.spec, found.status, records, NOW, works=works)["dmarcRollout"]


def test_a_stage_begins_when_all_servers_answer_it() -> None:
    assert details("none", "Propagating") == {"stage": 1, "policy": "none"}
    began = {"stage": 1, "policy": "none", "since": SINCE, "next": "2026-03-29T12:00:00Z"}
    assert details("none", "Published") == began
    assert details("none", "Propagating", {"dmarcRollout": began}) == began, "a server that is behind"


def test_what_is_no_longer_said_is_taken_out() -> None:
    began = {"stage": 1, "policy": "none", "since": SINCE, "next": "2026-03-29T12:00:00Z"}
    assert details("none", "Published", {"dmarcRollout": began}, works=False) == {
        "stage": 1,
        "policy": "none",
        "since": None,
        "next": None,
    }


def test_without_a_rollout_the_status_has_none() -> None:
    found = resource(spec={"dmarc": {"policy": "reject"}})
    assert rollout_details(found.spec, {}, (), NOW, works=True) == {"dmarcRollout": None}


def test_the_memory_is_what_the_status_said() -> None:
    told = details("quarantine", "Published")
    memory = RolloutMemory(2, DmarcPolicy.QUARANTINE, NOW)
    assert rollout_memory({"dmarcRollout": told}) == memory
    claim = claim_of(resource(spec=ROLLOUT, status={"dmarcRollout": told}), None, dkim_works=False)
    assert claim is not None
    assert (claim.dmarc_rollout, claim.dkim_works) == (memory, False)
    naive = {**told, "since": "2026-03-15T12:00:00"}
    assert rollout_memory({"dmarcRollout": naive}) == memory


@given(
    st.none()
    | st.text(max_size=5)
    | st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("stage", "policy", "since"), st.none() | st.integers() | st.text(max_size=5)),
    )
)
def test_a_senseless_memory_is_none(told) -> None:
    memory = rollout_memory({"dmarcRollout": told})
    assert memory is None or memory.policy in set(DmarcPolicy)
    assert details("none", "Published", {"dmarcRollout": told})["stage"] == 1


def test_a_policy_that_waits_for_dkim_keeps_the_resource_from_being_ready_and_is_not_stalled() -> None:
    waits = RecordOutcome(
        DMARC, TxtData.of("v=DMARC1; p=none"), RecordState.PUBLISHED, "WaitingForDkim", "DKIM does not work"
    )
    verdict = verdict_on([waits, RecordOutcome(DMARC, TxtData.of("x"), RecordState.PUBLISHED)])
    assert (verdict.ready, verdict.reason, verdict.stalled) == (False, "WaitingForDkim", False)
    assert verdict.message == f"{DMARC}: DKIM does not work"


def test_a_stage_that_is_over_moves_on_in_the_status_when_it_has_in_dns() -> None:
    began = (NOW - timedelta(days=14)).strftime("%Y-%m-%dT%H:%M:%SZ")
    status = {"dmarcRollout": {"stage": 1, "policy": "none", "since": began}}
    assert details("none", "Published", status)["stage"] == 1
    assert details("quarantine", "Published", status) == {
        "stage": 2,
        "policy": "quarantine",
        "since": SINCE,
        "next": "2026-04-14T12:00:00Z",
    }
