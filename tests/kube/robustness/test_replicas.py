"""Two replicas of the operator: one works, the other takes over when that one is gone, and never both."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from support.operators import OperatorProcess
from support.world import World

LEASE_SECONDS = 7
"""As `OperatorProcess` starts them; a holder renews, and a candidate looks, five times within it."""
SLACK_SECONDS = 6
"""For a busy machine."""
PATIENCE_SECONDS = 90.0


@dataclass(frozen=True)
class Pair:
    """The replica that leads, the one that stands by, and the world that they serve."""

    leader: OperatorProcess
    standby: OperatorProcess
    world: World

    def takeover_seconds(self) -> float:
        """Wait until the standby leads; how long that took."""
        started = time.monotonic()
        self.world.wait(lambda: leads(self.standby), "the standby leads", PATIENCE_SECONDS)
        return time.monotonic() - started

    def check_works(self, mechanism: str) -> None:
        """A change of the resource gets into DNS."""
        self.world.change("MailDomain", "mail", spf={"mechanisms": [mechanism]})
        self.world.wait_ready("MailDomain", "mail", PATIENCE_SECONDS)
        assert self.world.zone.txt("@") == ["MS=ms1", f"v=spf1 {mechanism} -all"]


@pytest.fixture
def pair(new_operator, new_world) -> Iterator[Pair]:
    """Two replicas, the first of which has published a record."""
    one, other = new_operator(name="one"), new_operator(name="other")
    with new_world(other, '@ IN TXT "MS=ms1"') as world:
        one.start()
        world.wait(lambda: leads(one), "the first leads", PATIENCE_SECONDS)
        other.start()
        world.apply(world.tsig(), world.provider(), world.mail_domain())
        world.wait_ready("MailDomain", "mail", PATIENCE_SECONDS)
        yield Pair(one, other, world)
        world.delete_all()
        other.stop()


def leads(operator: OperatorProcess) -> bool:
    return operator.metric("mailseal_leader") == 1


def syncs(operator: OperatorProcess, world: World) -> float:
    return operator.metric("mailseal_zone_syncs_total", zone=world.domain)


def test_one_works_while_the_other_is_ready_and_stands_by(pair) -> None:
    before = syncs(pair.leader, pair.world)
    pair.check_works("a")
    assert leads(pair.leader)
    assert not leads(pair.standby)
    assert syncs(pair.leader, pair.world) > before
    assert syncs(pair.standby, pair.world) == 0
    assert pair.standby.get("/readyz")[0] == 200
    pair.leader.stop()


def test_after_a_kill_the_other_takes_over_within_the_time_of_the_lease(pair) -> None:
    pair.leader.kill()
    assert pair.takeover_seconds() < LEASE_SECONDS * 7 / 5 + SLACK_SECONDS
    pair.check_works("a")


def test_one_that_is_told_to_stop_hands_over_at_once(pair) -> None:
    pair.leader.stop()
    assert pair.leader.process.returncode == 0
    assert pair.takeover_seconds() < LEASE_SECONDS / 2
    pair.check_works("a")


def test_a_frozen_leader_that_thaws_after_the_takeover_stops_itself_and_harms_nothing(pair) -> None:
    pair.world.change("MailDomain", "mail", spf={"mechanisms": ["mx"]})
    pair.leader.freeze()
    pair.takeover_seconds()
    pair.check_works("a")
    before = pair.world.zone.content()
    pair.leader.thaw()
    pair.world.wait(
        lambda: pair.leader.process.poll() is not None, "the former leader has ended", PATIENCE_SECONDS
    )
    assert pair.leader.process.returncode == 1
    assert "could not be renewed in time" in pair.leader.log_text()
    assert pair.world.zone.content() == before
    assert leads(pair.standby)
    pair.check_works("exists:b.example")
