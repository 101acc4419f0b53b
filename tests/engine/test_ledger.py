"""The account of a sync: what each value has come to, and what must not be forgotten."""

from __future__ import annotations

import pytest

from mailseal.engine.apply import Applied
from mailseal.engine.ledger import Ledger
from mailseal.observing.verification import Lag
from mailseal.planning.model import Claim, PlannedChange, RecordOutcome, RecordState, ZonePlan
from mailseal.providers.base import Refused, Unavailable
from mailseal.records.change import RRsetChange
from mailseal.records.rrset import RRsetKey
from mailseal.records.txt import TxtData
from support.engine_world import rrset
from support.planning_world import APEX, DMARC, ZONE, mail_domain

CLAIM = mail_domain()
NEW, OLD = TxtData.of("v=spf1 -all"), TxtData.of("v=spf1 mx -all")


def record(state: RecordState, value: TxtData = NEW, key: RRsetKey = APEX, reason: str = "") -> RecordOutcome:
    return RecordOutcome(key, value, state, reason)


def ledger_with(*records: RecordOutcome, claim: Claim = CLAIM) -> Ledger:
    ledger = Ledger()
    ledger.record_plan(ZonePlan(ZONE, (), {claim.owner: records}, 0), [claim], None)
    return ledger


REPLACEMENT = PlannedChange(
    RRsetChange(APEX, rrset(APEX, OLD), rrset(APEX, NEW)), frozenset({CLAIM.owner}), removes=1
)
REPLACED = (record(RecordState.PUBLISHED, NEW), record(RecordState.REMOVING, OLD))


def told(ledger: Ledger) -> list[tuple[RecordState, str]]:
    return [(found.state, found.reason) for found in ledger.outcome().records[CLAIM.owner]]


def test_a_written_value_is_expected_everywhere_and_a_removed_one_nowhere() -> None:
    ledger = ledger_with(*REPLACED)
    ledger.record_applied(Applied(written=[REPLACEMENT]))
    assert ledger.expected() == ([(APEX, NEW.identity)], [(APEX, OLD.identity)])


def test_a_value_that_somebody_still_wants_is_not_expected_to_vanish() -> None:
    ledger = ledger_with(record(RecordState.PUBLISHED, NEW), record(RecordState.REMOVING, NEW))
    assert ledger.expected() == ([(APEX, NEW.identity)], [])


@pytest.mark.parametrize(
    ("applied", "state", "reason"),
    [
        (Applied(raced=[REPLACEMENT]), RecordState.PENDING, "WriteRaced"),
        (Applied(refused=[(REPLACEMENT, Refused("too long"))]), RecordState.REFUSED, "RecordRefused"),
        (
            Applied(untried=[REPLACEMENT], failure=Unavailable("silent")),
            RecordState.PENDING,
            "ProviderUnavailable",
        ),
    ],
)
def test_a_write_that_failed_leaves_the_new_value_out_and_the_old_one_ours(applied, state, reason) -> None:
    """The old value stands still: Removing in the status is how it is remembered as ours."""
    ledger = ledger_with(*REPLACED)
    ledger.record_applied(applied)
    ledger.record_removed()
    assert told(ledger) == [(state, reason), (RecordState.REMOVING, reason)]
    assert ledger.expected() == ([], [])
    assert not ledger.outcome().settled or applied.raced


def test_a_write_whose_answer_was_lost_is_left_to_the_servers_to_tell() -> None:
    ledger = ledger_with(*REPLACED)
    ledger.record_applied(Applied(unknown=[REPLACEMENT]))
    assert ledger.expected() == ([(APEX, NEW.identity)], [(APEX, OLD.identity)])


def test_a_failed_change_of_one_rrset_says_nothing_of_another() -> None:
    other = record(RecordState.PUBLISHED, TxtData.of("v=DMARC1; p=none"), DMARC)
    ledger = ledger_with(*REPLACED, other)
    ledger.record_applied(Applied(refused=[(REPLACEMENT, Refused("no"))]))
    assert told(ledger)[2] == (RecordState.PUBLISHED, "")


def test_what_a_server_lags_behind_with_is_propagating_or_still_removing() -> None:
    ledger = ledger_with(*REPLACED)
    ledger.record_lags(
        [Lag("ns2", APEX, value.identity, "does not answer the new value yet") for value in (NEW, OLD)]
    )
    ledger.record_removed()
    assert told(ledger) == [
        (RecordState.PROPAGATING, "NotYetAnswered"),
        (RecordState.REMOVING, "NotYetAnswered"),
    ]
    assert not ledger.outcome().settled


def test_a_removed_value_that_no_server_answers_is_gone_from_the_account() -> None:
    ledger = ledger_with(*REPLACED)
    ledger.record_lags([])
    ledger.record_removed()
    assert told(ledger) == [(RecordState.PUBLISHED, "")]
    assert ledger.outcome().settled


def test_a_lag_does_not_hide_why_a_removal_was_not_written() -> None:
    ledger = ledger_with(record(RecordState.REMOVING, OLD, reason="PlanRefused"))
    ledger.record_lags([Lag("ns1", APEX, OLD.identity, "still answers a removed value")])
    assert told(ledger) == [(RecordState.REMOVING, "PlanRefused")]


def test_a_later_plan_replaces_what_an_earlier_one_said() -> None:
    ledger = ledger_with(*REPLACED)
    ledger.record_applied(Applied(raced=[REPLACEMENT]))
    plan = ZonePlan(ZONE, (), {CLAIM.owner: (record(RecordState.PUBLISHED),)}, 0)
    ledger.record_plan(plan, [CLAIM], None)
    assert told(ledger) == [(RecordState.PUBLISHED, "")]


def test_a_plan_for_some_owners_says_nothing_of_the_others() -> None:
    other = mail_domain("other", age=1)
    ledger = ledger_with(record(RecordState.PUBLISHED))
    plan = ZonePlan(ZONE, (), {CLAIM.owner: (), other.owner: (record(RecordState.CONFLICT),)}, 0)
    ledger.record_plan(plan, [other], None)
    assert told(ledger) == [(RecordState.PUBLISHED, "")]
    assert [found.state for found in ledger.outcome().records[other.owner]] == [RecordState.CONFLICT]


def test_deletes_add_up_over_all_rounds_of_a_sync() -> None:
    gone = PlannedChange(RRsetChange(APEX, rrset(APEX, OLD), None), frozenset({CLAIM.owner}), deletes=2)
    ledger = Ledger()
    ledger.record_applied(Applied(written=[gone]))
    ledger.record_applied(Applied(written=[gone], raced=[gone]))
    assert ledger.deletes == 4
    assert ledger.outcome().deletes == 4


@pytest.mark.parametrize("silent", [True, False])
def test_silence_is_told_from_another_answer(silent: bool) -> None:
    ledger = ledger_with(record(RecordState.PUBLISHED))
    ledger.record_lags(
        [
            Lag("ns1", APEX, NEW.identity, "is silent", silent=True),
            Lag("ns2", APEX, NEW.identity, "does not answer the new value yet", silent=silent),
        ]
    )
    (late,) = ledger.outcome().records[CLAIM.owner]
    assert late.only_silence is silent
    assert late.message == "ns1 is silent; ns2 does not answer the new value yet"


def test_a_value_that_lags_says_nothing_of_another_in_its_rrset() -> None:
    other = TxtData.of("v=NTA7516-1")
    ledger = ledger_with(record(RecordState.PUBLISHED), record(RecordState.PUBLISHED, other))
    ledger.record_lags([Lag("ns2", APEX, NEW.identity, "does not answer the new value yet")])
    assert told(ledger) == [(RecordState.PROPAGATING, "NotYetAnswered"), (RecordState.PUBLISHED, "")]
