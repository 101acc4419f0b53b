"""Which DMARC policy is published when: DKIM first, stage by stage, and never a step back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.planning import Claim, RecordState
from mailseal.planning.dmarc_rollout import (
    RolloutFacts,
    RolloutMemory,
    RolloutPlan,
    Stage,
    decide,
    dmarc_records,
    remembered,
)
from mailseal.records.dmarc import Dmarc, DmarcPolicy, Scope
from support.planning_world import DMARC, NOW, SimulatedZone, mail_domain, outcome, settle

NONE, QUARANTINE, REJECT = DmarcPolicy
LEVELS = list(DmarcPolicy)
DAY = timedelta(days=1)
TARGET = Dmarc(REJECT, rua=("mailto:dmarc@example.nl",))
PLAN = RolloutPlan(TARGET, (Stage(NONE, 14 * DAY), Stage(QUARANTINE, 30 * DAY)))
AT_ONCE = RolloutPlan(TARGET)

policies = st.sampled_from(DmarcPolicy)
records = st.builds(Dmarc, policies, st.none() | policies, st.none() | policies)
moments = st.integers(-500, 500).map(lambda days: NOW + days * DAY)
memories = st.none() | st.builds(RolloutMemory, st.integers(-1, 5), policies, st.none() | moments)


@st.composite
def plans(draw) -> RolloutPlan:
    target = draw(records)
    milder = [policy for policy in DmarcPolicy if LEVELS.index(policy) < LEVELS.index(target.policy)]
    chosen = draw(st.sets(st.sampled_from(milder))) if milder else set()
    spans = st.integers(1, 60).map(lambda days: days * DAY)
    stages = tuple(Stage(policy, draw(spans)) for policy in milder if policy in chosen)
    return RolloutPlan(target, stages, draw(st.booleans()))


facts = st.builds(RolloutFacts, moments, st.booleans(), st.lists(records, max_size=2).map(tuple), memories)


def level(record: Dmarc, scope: Scope) -> int:
    return LEVELS.index(record.effective_policy(scope))


@given(plans(), facts)
def test_nothing_that_stands_gets_milder_than_asked_for_and_nothing_stricter_than_asked_for(
    plan, now
) -> None:
    published = decide(plan, now).record
    for scope in Scope:
        wanted = level(plan.record, scope)
        assert level(published, scope) <= wanted
        for record in now.standing:
            assert level(published, scope) >= min(level(record, scope), wanted)


@given(plans(), facts)
def test_without_dkim_nothing_gets_stricter_than_it_stands(plan, now) -> None:
    plan, now = replace(plan, waits_for_dkim=True), replace(now, dkim_works=False)
    decision = decide(plan, now)
    for scope in Scope:
        assert level(decision.record, scope) <= max(
            (level(found, scope) for found in now.standing), default=0
        )
    assert bool(decision.waiting) is (decision.record != plan.record)


@given(plans(), facts)
def test_one_decision_moves_on_by_one_stage_and_what_it_writes_is_stable(plan, now) -> None:
    decision = decide(plan, now)
    here, _ = remembered(
        plan, now, max((r.policy for r in now.standing), default=None, key=LEVELS.index), confirmed=True
    )
    assert here.stage <= decision.stage <= here.stage + 1
    again = replace(now, standing=(decision.record,), memory=None)
    assert decide(plan, again).record == decision.record


@given(plans(), facts)
def test_what_is_remembered_never_lies_in_the_future_and_is_told_again_unchanged(plan, now) -> None:
    published = decide(plan, now).record.policy
    memory, due = remembered(plan, now, published, confirmed=True)
    assert memory.since is None or memory.since <= now.now
    assert due is None or due > memory.since
    assert remembered(plan, replace(now, memory=memory), published, confirmed=False) == (memory, due)


def run_of(plan: RolloutPlan, works, days: int) -> list[str]:
    """The policy that stands after each day, with DKIM working on the days that `works` says."""
    standing: tuple[Dmarc, ...] = ()
    memory = None
    seen = []
    for day in range(days):
        now = RolloutFacts(NOW + day * DAY, works(day), standing, memory)
        standing = (decide(plan, now).record,)
        memory, _ = remembered(plan, now, standing[0].policy, confirmed=True)
        seen.append(str(standing[0].policy))
    return seen


def test_a_rollout_goes_through_its_stages() -> None:
    seen = run_of(PLAN, lambda day: True, 50)
    assert seen == ["none"] * 14 + ["quarantine"] * 30 + ["reject"] * 6


def test_a_stage_begins_anew_when_dkim_works_again() -> None:
    seen = run_of(PLAN, lambda day: day not in {10, 11}, 60)
    assert seen == ["none"] * 26 + ["quarantine"] * 30 + ["reject"] * 4


def test_dkim_that_ceases_to_work_moves_nothing_back() -> None:
    seen = run_of(PLAN, lambda day: day < 20, 100)
    assert seen == ["none"] * 14 + ["quarantine"] * 86


def test_a_clock_that_jumps_ahead_skips_no_stage_and_one_that_jumps_back_ends_none_early() -> None:
    ahead = RolloutFacts(NOW + 1000 * DAY, True, (Dmarc(NONE),), RolloutMemory(1, NONE, NOW))
    assert decide(PLAN, ahead).record.policy is QUARANTINE
    future = RolloutMemory(2, QUARANTINE, NOW + 400 * DAY)
    back = RolloutFacts(NOW, True, (Dmarc(QUARANTINE),), future)
    assert decide(PLAN, back).record.policy is QUARANTINE
    memory, due = remembered(PLAN, back, QUARANTINE, confirmed=True)
    assert (memory.since, due) == (NOW, NOW + 30 * DAY)


def test_a_lost_status_resumes_at_the_stage_that_stands_with_its_time_anew() -> None:
    lost = RolloutFacts(NOW, True, (replace(TARGET, policy=QUARANTINE),))
    assert decide(PLAN, lost).record.policy is QUARANTINE
    memory, due = remembered(PLAN, lost, QUARANTINE, confirmed=True)
    assert (memory, due) == (RolloutMemory(2, QUARANTINE, NOW), NOW + 30 * DAY)


def test_the_time_of_a_stage_begins_only_when_all_servers_answer_its_policy() -> None:
    fresh = RolloutFacts(NOW, True)
    assert remembered(PLAN, fresh, NONE, confirmed=False) == (RolloutMemory(1, NONE), None)
    assert remembered(PLAN, fresh, None, confirmed=True) == (RolloutMemory(1, NONE), None)
    assert remembered(PLAN, fresh, NONE, confirmed=True)[0].since == NOW


def test_a_memory_of_another_plan_counts_for_nothing() -> None:
    other = RolloutMemory(2, REJECT, NOW - 100 * DAY)
    assert decide(PLAN, RolloutFacts(NOW, True, (), other)).stage == 1


def test_the_rollout_tells_how_far_it_is() -> None:
    decision = decide(PLAN, RolloutFacts(NOW, True))
    assert decision.remark == "the DMARC rollout is at stage 1 of 3 with p=none"
    assert decide(AT_ONCE, RolloutFacts(NOW, True)).remark == ""
    assert "SPF alone" in decide(AT_ONCE, RolloutFacts(NOW, False, (TARGET,))).remark


def test_an_end_of_testing_makes_nothing_stricter_without_dkim() -> None:
    """`t=y` had receivers quarantine where the record says reject (RFC 9989 section 4.7)."""
    tested = replace(TARGET, testing=True)
    decision = decide(AT_ONCE, RolloutFacts(NOW, False, (tested,)))
    assert decision.record.policy is QUARANTINE
    assert decide(RolloutPlan(tested), RolloutFacts(NOW, False, (tested,))).record == tested
    assert decide(AT_ONCE, RolloutFacts(NOW, True, (tested,))).record == TARGET


def test_a_value_that_does_not_parse_is_no_record() -> None:
    assert dmarc_records(["v=DMARC1; p=maybe", "v=DMARC1; p=reject"]) == (Dmarc(REJECT),)


# The same through a plan of the zone.


def strict(works: bool, **dmarc) -> Claim:
    return replace(mail_domain(dmarc={"policy": "reject", **dmarc}), dkim_works=works)


def test_a_strict_policy_waits_for_dkim_as_none_and_follows_when_it_works() -> None:
    zone = SimulatedZone()
    waiting = strict(False, subdomain_policy="quarantine")
    told = outcome(settle(zone, waiting), waiting)
    assert zone.texts(DMARC) == {"v=DMARC1; p=none; sp=none"}
    assert (told.state, told.reason) == (RecordState.PUBLISHED, "WaitingForDkim")
    assert told.message.startswith("DKIM does not work yet: ")

    works = strict(True, subdomain_policy="quarantine")
    assert outcome(settle(zone, works), works).reason == ""
    assert zone.texts(DMARC) == {"v=DMARC1; p=reject; sp=quarantine"}


@pytest.mark.parametrize("adoption", ["Equal", "Replace"])
def test_an_equal_foreign_record_is_adopted_whether_dkim_works_or_not(adoption) -> None:
    zone = SimulatedZone()
    zone.put(DMARC, "v=DMARC1;p=reject")
    claim = replace(mail_domain(dmarc={"policy": "reject"}, adoption=adoption), dkim_works=False)
    assert outcome(settle(zone, claim), claim).state is RecordState.PUBLISHED
    assert zone.texts(DMARC) == {"v=DMARC1;p=reject"}


def test_a_policy_that_does_not_wait_and_a_parked_domain_are_published_at_once() -> None:
    zone = SimulatedZone()
    settle(zone, strict(False, wait_for_dkim=False))
    assert zone.texts(DMARC) == {"v=DMARC1; p=reject"}
    parked = SimulatedZone()
    settle(parked, replace(mail_domain(parked=True), dkim_works=False))
    assert parked.texts(DMARC) == {"v=DMARC1; p=reject"}


def test_a_policy_that_the_user_makes_milder_is_made_milder() -> None:
    zone = SimulatedZone()
    settle(zone, strict(True))
    settle(zone, replace(mail_domain(dmarc={"policy": "none"}), dkim_works=False))
    assert zone.texts(DMARC) == {"v=DMARC1; p=none"}
