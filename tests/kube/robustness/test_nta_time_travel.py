"""Ten years of NTA 7516 records on a real control plane: at every moment exactly one, and it is valid."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from mailseal.records.nta7516 import NtaDates, read_nta
from support.operators import TimeMachine
from support.world import World

STEPS = 122
MONTH = timedelta(days=30)
NTA = "v=NTA7516"
FOREIGN = "MS=ms12345678"


@pytest.fixture
def machine(tmp_path: Path) -> TimeMachine:
    return TimeMachine(tmp_path / "ahead")


def standing(world: World) -> NtaDates:
    """The months of the only record."""
    (text,) = world.zone.txt("@", NTA)
    record = read_nta(text).record
    assert record is not None
    return record.dates


def look(world: World, step: int) -> None:
    """Have the operator look at the domain, and wait until it has."""
    world.annotate("NtaRecord", "nta", step=str(step))
    world.wait_for_syncs(1)


def declare(world: World, machine: TimeMachine) -> None:
    """The organisation signs anew."""
    declaration = {"signedOn": f"{machine.now:%Y-%m-%d}", "reference": f"signed {machine.now:%Y-%m}"}
    before = standing(world)
    world.change("NtaRecord", "nta", declaration=declaration)
    world.wait(lambda: standing(world) != before, "the record renewed")
    world.wait(lambda: held_up_by(world) == "NotDue", "the renewal told")


def held_up_by(world: World) -> str:
    """The reason in the condition Renewal."""
    return str(world.condition("NtaRecord", "nta", "Renewal")["reason"])


@pytest.mark.parametrize("renewal", ["Automatic", "Manual"])
def test_ten_years(renewal: str, machine: TimeMachine, new_operator, new_world) -> None:
    operator = new_operator("--identity", "mailseal-0")
    operator.time_machine = machine
    operator.start()
    with new_world(operator, f'@ IN TXT "{FOREIGN}"\n') as world:
        world.apply(world.tsig(), world.provider(), world.nta_record(renewal=renewal, ttlSeconds=60))
        world.wait_ready("NtaRecord", "nta")
        history = [standing(world)]
        with world.zone.watched("@", NTA) as seen:
            for step in range(STEPS):
                machine.travel(MONTH)
                look(world, step)
                if held_up_by(world) == "DeclarationNeeded":
                    assert standing(world) == history[-1]
                    declare(world, machine)
                found = standing(world)
                assert found.covers(machine.now.date())
                if found != history[-1]:
                    history.append(found)
        assert {len(answer) for answer in seen} == {1}
        assert world.zone.txt("@", "MS") == [FOREIGN]
        assert len(history) == 4
        assert all(later.end > earlier.end for earlier, later in pairwise(history))
        assert all(dates.span_months == 36 for dates in history)
        world.wait_ready("NtaRecord", "nta")
        renewed = [reason for reason, _ in world.events("NtaRecord", "nta") if reason == "Renewed"]
        assert len(renewed) == 3
        world.delete_all()
        operator.stop()


def test_an_expired_record_is_told_stays_and_is_renewed_when_a_declaration_comes(
    machine: TimeMachine, new_operator, new_world
) -> None:
    operator = new_operator("--identity", "mailseal-0")
    operator.time_machine = machine
    operator.start()
    with new_world(operator) as world:
        world.apply(world.tsig(), world.provider(), world.nta_record(renewal="Manual", validityMonths=12))
        world.wait_ready("NtaRecord", "nta")
        first = standing(world)
        machine.travel(timedelta(days=500))
        look(world, 1)
        assert "sign the NTA 7516 self-declaration" in world.wait_reason("NtaRecord", "nta", "Expired")
        assert standing(world) == first
        assert world.condition("NtaRecord", "nta", "Renewal")["status"] == "False"
        declare(world, machine)
        world.wait_ready("NtaRecord", "nta")
        assert standing(world).covers(machine.now.date())
        world.delete_all()
        operator.stop()


@pytest.mark.parametrize("ahead", [timedelta(days=1000), -timedelta(days=1000)], ids=["ahead", "behind"])
def test_by_a_wrong_clock_nothing_is_published_and_nothing_renewed(ahead, new_operator, new_world) -> None:
    operator = new_operator("--identity", "mailseal-0").start()
    with new_world(operator) as world:
        world.apply(world.tsig(), world.provider(), world.nta_record())
        world.wait_ready("NtaRecord", "nta")
        first = standing(world)
        operator.kill()
        operator.clock_ahead = ahead
        operator.start()
        other = world.nta_record("other")
        other["spec"]["domain"] = f"other.{world.domain}"
        world.apply(other)
        world.wait_reason("NtaRecord", "other", "ClockUncertain")
        world.wait_for_syncs(2)
        assert standing(world) == first
        assert world.zone.txt("other") == []
        assert world.condition("NtaRecord", "nta")["status"] == "True"
        operator.kill()
        operator.clock_ahead = timedelta(0)
        operator.start()
        world.wait_ready("NtaRecord", "other")
        assert world.zone.txt("other", NTA) == world.zone.txt("@", NTA)
        world.delete_all()
        operator.stop()
