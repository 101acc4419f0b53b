"""Deletions beyond the limit wait for a person, and hold up nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailseal.engine import ZoneHistory, ZoneOutcome
from mailseal.engine.safety import CONFIRM_ANNOTATION
from mailseal.planning.model import Claim, RecordState
from support.engine_world import EngineWorld, states, told
from support.planning_world import ZONE, mail_domain, nta_record, spf, txt_key

SPF = "v=spf1 mx -all"


@pytest.fixture
async def world() -> EngineWorld:
    """A zone with ten values of ours, each at its own domain."""
    made = EngineWorld()
    await made.sync(*ten())
    return made


def at(number: int, *, deleting: bool = False, mechanism: str = "mx") -> Claim:
    return mail_domain(f"m{number}", domain=f"d{number}.{ZONE}", deleting=deleting, **spf(mechanism))


def ten(*, deleting: int = 0) -> list[Claim]:
    """The ten claims, the first `deleting` of them on their way out."""
    return [at(number, deleting=number < deleting) for number in range(10)]


def published(world: EngineWorld) -> int:
    return sum(SPF in world.texts(txt_key(f"d{number}.{ZONE}")) for number in range(10))


def digest_of(outcome: ZoneOutcome) -> str:
    assert outcome.refusal is not None
    return outcome.refusal.digest


@pytest.mark.parametrize("deleting", [1, 3])
async def test_deletions_up_to_the_limit_go_through(world, deleting) -> None:
    outcome = await world.sync(*ten(deleting=deleting))
    assert outcome.refusal is None
    assert published(world) == 10 - deleting
    assert outcome.deletes == deleting


@pytest.mark.parametrize("deleting", [4, 10])
async def test_deletions_over_the_limit_are_held_back_and_say_how_to_let_them(world, deleting) -> None:
    claims = ten(deleting=deleting)
    outcome = await world.sync(*claims)
    assert published(world) == 10
    for claim in claims[:deleting]:
        (record,) = outcome.records[claim.owner]
        assert (record.state, record.reason) == (RecordState.REMOVING, "PlanRefused")
        assert f"delete {deleting} of 10 values" in record.message
        assert f"{CONFIRM_ANNOTATION}={digest_of(outcome)}" in record.message
    assert outcome.refusal is not None
    assert outcome.refusal.owners == {claim.owner for claim in claims[:deleting]}
    assert not outcome.settled


async def test_who_deletes_nothing_goes_on_beside_a_refused_plan(world) -> None:
    claims = [*ten(deleting=5)[:9], at(9, mechanism="a"), at(10)]
    outcome = await world.sync(*claims)
    assert outcome.refusal is not None
    assert states(outcome, claims[9]) == states(outcome, claims[10]) == {RecordState.PUBLISHED}
    assert world.texts(txt_key(f"d9.{ZONE}")) == {"v=spf1 a -all"}
    assert world.texts(txt_key(f"d10.{ZONE}")) == {SPF}
    assert published(world) == 9


async def test_who_replaces_a_value_beside_one_that_is_deleted_is_not_held_up() -> None:
    """An NTA 7516 record is to go from the RRset in which the SPF record changes."""
    world = EngineWorld(delete_limit_percent=0, delete_limit_from_values=0)
    nta = nta_record()
    await world.sync(mail_domain(), nta)
    going = replace(nta, deleting=True)
    refused = await world.sync(mail_domain(**spf("a")), going)
    (record,) = refused.records[going.owner]
    assert (record.state, record.reason) == (RecordState.REMOVING, "PlanRefused")
    assert world.texts() == {"v=spf1 a -all", record.value.text}
    await world.sync(mail_domain(**spf("a")), going, confirmed_plans=frozenset({digest_of(refused)}))
    assert world.texts() == {"v=spf1 a -all"}


async def test_a_held_owner_keeps_what_stands_and_waits_with_what_is_new(world) -> None:
    """One resource gives up its SPF record and asks for DMARC in the same breath."""
    changed = mail_domain("m0", domain=f"d0.{ZONE}", dmarc={"policy": "none"})
    outcome = await world.sync(changed, *ten(deleting=5)[1:])
    assert {value: (state, reason) for value, state, reason in told(outcome, changed)} == {
        "v=DMARC1; p=none": (RecordState.PENDING, "PlanRefused"),
        SPF: (RecordState.REMOVING, "PlanRefused"),
    }


async def test_a_value_of_a_held_owner_that_stays_is_published_still(world) -> None:
    both = mail_domain("m0", domain=f"d0.{ZONE}", **spf("mx"), dmarc={"policy": "none"})
    await world.sync(both)
    outcome = await world.sync(at(0), *ten(deleting=5)[1:])
    assert {value: state for value, state, _ in told(outcome, at(0))} == {
        SPF: RecordState.PUBLISHED,
        "v=DMARC1; p=none": RecordState.REMOVING,
    }


async def test_the_digest_of_a_refused_plan_lets_it_through(world) -> None:
    claims = ten(deleting=7)
    refused = await world.sync(*claims)
    outcome = await world.sync(*claims, confirmed_plans=frozenset({"000000000000", digest_of(refused)}))
    assert outcome.refusal is None
    assert published(world) == 3
    assert all(outcome.records[claim.owner] == () for claim in claims[:7])


async def test_the_digest_stays_the_same_while_others_change_things_of_their_own(world) -> None:
    refused = await world.sync(*ten(deleting=5))
    world.put(txt_key(f"d0.{ZONE}"), "foreign", SPF)
    again = await world.sync(*ten(deleting=5)[:9], at(9, mechanism="a"))
    assert digest_of(again) == digest_of(refused)


async def test_a_confirmation_is_for_these_deletions_and_no_others(world) -> None:
    digest = digest_of(await world.sync(*ten(deleting=5)))
    outcome = await world.sync(*ten(deleting=6), confirmed_plans=frozenset({digest}))
    assert outcome.refusal is not None
    assert published(world) == 10


async def test_values_elsewhere_in_the_zone_count_as_what_the_deletions_are_a_part_of(world) -> None:
    outcome = await world.sync(*ten(deleting=10), history=ZoneHistory(owned_values=40))
    assert outcome.refusal is None
    assert published(world) == 0


async def test_deletions_of_the_last_minutes_count_together_with_those_of_now(world) -> None:
    await world.sync(*ten(deleting=3))
    outcome = await world.sync(
        *[at(number, deleting=True) for number in (3, 4)],
        history=ZoneHistory(owned_values=7, recent_deletes=3),
    )
    assert outcome.refusal is not None
    assert published(world) == 7


async def test_a_zone_with_few_values_has_no_limit() -> None:
    world = EngineWorld()
    await world.sync(*[at(number) for number in range(9)])
    outcome = await world.sync(*[at(number, deleting=True) for number in range(9)])
    assert outcome.refusal is None
    assert published(world) == 0


async def test_replacing_every_value_deletes_none(world) -> None:
    outcome = await world.sync(*[at(number, mechanism="a") for number in range(10)])
    assert outcome.refusal is None
    assert published(world) == 0
    assert outcome.deletes == 0
