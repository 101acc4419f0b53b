"""Keys rotate while the operator is killed after each of its steps, and no mail ever fails verification."""

from __future__ import annotations

import random
import time

import pytest

from mailseal.planning.keylife.model import KeyLife
from support.keysteps import life_of
from support.keywatch import private_keys
from support.killpoints import COMMITS, DNS, KILL_POINTS, STATUS, KillPoints
from support.mailflow import MailFlow
from support.signatures import public_value, tags_of
from support.world import World

NAMES = tuple(f"dkim-{number}" for number in range(5))
DUAL = {"keys": [{"algorithm": "RSA", "size": 1024}, {"algorithm": "Ed25519"}], "allowShortKeys": True}
PROPAGATION_SECONDS = 2.0
RETIRE_SECONDS = 3.0
QUICK = {
    "rotation": {"interval": "4s", "jitterPercent": 50, "propagationTime": "2s", "retireAfter": "3s"},
    "revocation": {"keepFor": "2s"},
}
ENOUGH_KILLS = 24
LONGEST_SECONDS = 90.0
POINT_SECONDS = 6.0
PATIENCE_SECONDS = 90.0


@pytest.mark.parametrize("seed", [20261124])
def test_no_mail_fails_and_no_key_is_lost_while_the_operator_is_killed_at_every_step(
    seed, new_operator, new_world
) -> None:
    chance = random.Random(seed)
    operator = new_operator("--identity", "mailseal-0")
    with new_world(operator) as world:
        world.apply(world.tsig(), world.provider(deleteLimit={"percent": 100}))
        world.apply(*(world.dkim_key(name, **QUICK, **_kind(number)) for number, name in enumerate(NAMES)))
        flow = MailFlow(world, NAMES, propagation=PROPAGATION_SECONDS, lives=RETIRE_SECONDS)
        with flow:
            killed_at = _kill_again_and_again(operator, world, chance)
            operator.start()
            for name in NAMES:
                world.change("DkimKey", name, rotation={"interval": None})
            world.wait(
                lambda: all(_is_settled(life_of(world, name)) for name in NAMES), "settled", PATIENCE_SECONDS
            )
            made = [life_of(world, name).made for name in NAMES]
        assert set(killed_at) >= {*COMMITS, DNS, STATUS}, killed_at
        assert min(made) >= 3, made
        assert flow.verified >= 0.9 * flow.signed > 0
        for name in NAMES:
            world.wait_ready("DkimKey", name)
        _check_nothing_is_left_over(world)
        assert "Traceback" not in operator.log_text()
        world.delete_all()
        assert not any("_domainkey" in name or "_mailseal" in name for name, _ in world.zone.content())
        operator.stop()


def _kind(number: int) -> dict[str, object]:
    return DUAL if number == 0 else {}


def _kill_again_and_again(operator, world: World, chance: random.Random) -> list[str]:
    """Kill after each kind of step at least once, in random order; where the operator was killed.

    Meanwhile somebody touches the Secrets, so that writes race, and statuses are lost.
    """
    points = KillPoints(world)
    deadline = time.monotonic() + LONGEST_SECONDS
    killed_at: list[str] = []
    missing = chance.sample(KILL_POINTS, len(KILL_POINTS))
    while (missing or len(killed_at) < ENOUGH_KILLS) and time.monotonic() < deadline:
        point = missing.pop(0) if missing else chance.choice(KILL_POINTS)
        operator.start()
        _meddle(world, chance)
        seen = points.wait(point, POINT_SECONDS)
        time.sleep(chance.choice([0.0, 0.0, chance.uniform(0, 0.3)]))
        operator.kill()
        if seen:
            killed_at.append(point)
        else:
            missing.append(point)
    return killed_at


def _meddle(world: World, chance: random.Random) -> None:
    name = chance.choice(NAMES)
    if chance.random() < 0.3:
        world.lose_status("DkimKey", name)
    elif world.get("Secret", name):
        world.patch("Secret", name, {"metadata": {"labels": {"touched": str(chance.randrange(10**6))}}})


def _is_settled(life: KeyLife) -> bool:
    return len(life.sets) == 1 and life.active is not None and life.active.confirmed_at is not None


def _check_nothing_is_left_over(world) -> None:
    """In DNS there are exactly the keys that the Secrets sign with."""
    wanted = {}
    for name in NAMES:
        files = world.secret(name)
        selectors = files["selectors"].split()
        assert private_keys(files).keys() == set(selectors)
        wanted |= {selector: public_value(files[f"{selector}.pem"]) for selector in selectors}
    found = {
        name.removesuffix("._domainkey"): tags_of(text)["p"]
        for name, rtype in world.zone.content()
        if rtype == "TXT" and name.endswith("._domainkey")
        for text in world.zone.txt(name)
    }
    assert found == wanted
