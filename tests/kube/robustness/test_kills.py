"""An operator that is killed again and again, at any point of its work, ends up where it should."""

from __future__ import annotations

import random
import time

import pytest

from support.fleet import Fleet

DOMAINS = 20
KILLS = 16
WRITES_PER_LIFE = 4
"""At most so many DNS messages until the next kill."""
PATIENCE_SECONDS = 90.0


@pytest.mark.parametrize("seed", [20260301])
def test_after_many_kills_every_record_is_exact_and_nothing_is_left_over(
    seed, new_operator, new_world
) -> None:
    chance = random.Random(seed)
    # A container that is restarted in its pod keeps its name, hence its Lease.
    operator = new_operator("--identity", "mailseal-0")
    with new_world(operator, Fleet.foreign_records(DOMAINS)) as world:
        world.apply(world.tsig(), world.provider(deleteLimit={"percent": 100}))
        fleet = Fleet(world, chance)
        fleet.create_all(DOMAINS)
        for _ in range(KILLS):
            operator.start()
            killed_after = world.zone.serial + chance.randrange(WRITES_PER_LIFE)
            _work_until(lambda wanted=killed_after: world.zone.serial >= wanted, fleet)
            time.sleep(chance.uniform(0, 0.15))
            operator.kill()
        operator.start()
        fleet.settle(PATIENCE_SECONDS)
        fleet.check_dns()
        assert "Traceback" not in operator.log_text()
        world.delete_all()
        assert {name for name, rtype in world.zone.content() if rtype == "TXT"} == {
            f"d{number}" for number in range(DOMAINS)
        }
        operator.stop()


def _work_until(done, fleet: Fleet) -> None:
    """Keep changing domains until `done`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    fleet.step()
    while not done():
        assert time.monotonic() < deadline, fleet.world.report()
        fleet.step()
