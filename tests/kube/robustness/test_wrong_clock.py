"""An operator whose clock is wrong takes no step in the life of a key, and publishes all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from support.keysteps import life_of, wait_confirmed, wait_settled, wait_state
from support.keywatch import KeyWatch
from support.world import World

ROTATION = {"propagationTime": "1s", "retireAfter": "10s"}


@pytest.mark.parametrize("ahead", [timedelta(days=8), -timedelta(days=8)], ids=["ahead", "behind"])
def test_no_key_moves_until_the_clock_is_right_again(ahead, new_operator, new_world) -> None:
    operator = new_operator("--identity", "mailseal-0").start()
    with new_world(operator) as world:
        world.apply(world.tsig(), world.provider(), world.dkim_key(rotation=ROTATION))
        (old,) = wait_settled(world)
        world.annotate("DkimKey", "dkim", rotate="nu")
        wait_confirmed(world, other_than=[old])
        wait_state(world, old, "Retiring")
        with KeyWatch(world) as seen:
            operator.kill()
            operator.clock_ahead = ahead
            before = life_of(world)
            operator.start()
            world.annotate("DkimKey", "dkim", rotate="straks")
            world.wait_for("DkimKey", "dkim", lambda _: _trouble(world) == "ClockUncertain", "in trouble")
            world.apply(world.mail_domain())
            world.wait_ready("MailDomain", "mail")
            world.wait_for_syncs(2)
            assert life_of(world) == before
            operator.kill()
            operator.clock_ahead = timedelta(0)
            operator.start()
            wait_state(world, old, "gone")
            wait_settled(world, other_than=[old, *before.active.selectors])
            world.wait(lambda: not _trouble(world), "out of trouble")
        seen.check_steps()
        retired = seen.last_of(old)
        assert retired.revoking_at - retired.retiring_at >= timedelta(seconds=10)
        world.delete_all()
        operator.stop()


def _trouble(world: World) -> str:
    return str(world.condition("DkimKey", "dkim", "KeyTrouble").get("reason", ""))
