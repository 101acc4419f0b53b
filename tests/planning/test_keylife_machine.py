"""Each rule of the life of keys, and each row of the table of repairs, on its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailseal.domain.dkimkey import DkimKeySpec, KeyAlgorithm
from mailseal.planning.keylife.machine import MAX_SETS, MAX_URGENT_SETS, advance, with_new_set
from mailseal.planning.keylife.model import (
    Cause,
    Facts,
    KeyLife,
    KeySet,
    KeyState,
    LifeKey,
    Making,
    Sighting,
    spec_fingerprint,
)
from mailseal.planning.keylife.wanted import released_selectors, wanted_records
from mailseal.records.dkim import DkimRecord
from support.keylife_world import DATE_RESOLUTION, KUBELET, NEGATIVE_CACHING, START, World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WAIT = NEGATIVE_CACHING + 2 * DATE_RESOLUTION
"""What the world reports as negative caching: with the tolerance of two clocks."""
FOREIGN = DkimRecord.for_ed25519(b"f" * 32).to_text()
NIGHT = {"from": "22:00", "to": "02:00", "timeZone": "UTC"}
NOON_OF_START = START
"""The world begins at noon, when the window is closed."""


def spec(keys: int = 1, revocation: str = "EmptyKey", **rotation: Any) -> DkimKeySpec:
    return DkimKeySpec.model_validate(
        {
            "domain": "zorg-voorbeeld.example",
            "providerRef": {"name": "dns"},
            "ttlSeconds": 3600,
            "keys": [{"algorithm": "Ed25519"}] * keys,
            "rotation": {"retireAfter": "6d", **rotation},
            "revocation": {"method": revocation, "keepFor": "2d"},
        }
    )


def started(**fields: Any) -> World:
    """A world in which the first set signs and is confirmed."""
    world = World(spec(**fields))
    world.settle(DAY)
    assert states(world) == {1: KeyState.ACTIVE}
    return world


def states(world: World) -> dict[int, KeyState]:
    return {found.number: found.state for found in world.life.sets}


def run(world: World, span: timedelta = timedelta(0), rounds: int = 1) -> None:
    """Time passes, then the operator runs."""
    world.pass_time(span)
    for _ in range(rounds):
        world.reconcile()


def number(world: World, wanted: int) -> KeySet:
    return next(found for found in world.life.sets if found.number == wanted)


def selectors_to_sign_with(world: World) -> tuple[str, ...]:
    assert world.secret is not None
    return world.secret.selectors


# From Prepared to Active.


def test_a_key_is_published_only_when_all_servers_answer_it() -> None:
    world = World(spec())
    world.transfers_work = False
    run(world, rounds=3)
    assert "ms1" in world.servers[0]
    run(world, 3 * HOUR, rounds=3)
    assert states(world) == {1: KeyState.PREPARED}
    world.transfers_work = True
    run(world)
    assert states(world) == {1: KeyState.PUBLISHED}
    assert number(world, 1).published_at == world.now


def test_a_key_signs_only_after_the_negative_caching_time() -> None:
    world = World(spec())
    run(world, rounds=3)
    assert states(world) == {1: KeyState.PUBLISHED}
    run(world, WAIT - MINUTE, rounds=2)
    assert states(world) == {1: KeyState.PUBLISHED}
    assert selectors_to_sign_with(world) == ()
    run(world, MINUTE)
    assert states(world) == {1: KeyState.ACTIVE}
    assert selectors_to_sign_with(world) == ("ms1",)


def test_the_operator_is_woken_when_the_wait_is_over() -> None:
    world = World(spec())
    run(world, rounds=4)
    assert world.decision is not None
    assert world.decision.wake_at == START + WAIT


def test_the_wait_begins_anew_when_the_record_was_gone_for_a_while() -> None:
    world = World(spec())
    run(world, rounds=3)
    world.tamper_with_record("ms1", None)
    run(world, WAIT)
    assert number(world, 1).published_at == world.now
    run(world, WAIT - MINUTE)
    assert states(world) == {1: KeyState.PUBLISHED}
    run(world, MINUTE)
    assert states(world) == {1: KeyState.ACTIVE}


def test_all_keys_of_a_set_wait_for_each_other() -> None:
    world = World(spec(keys=2))
    world.settle(DAY)
    assert selectors_to_sign_with(world) == ("ms1", "ms2")
    assert len(world.life.sets) == 1


def test_a_sighting_of_another_revision_proves_nothing() -> None:
    world = World(spec())
    run(world)
    life = world.life
    seen = Sighting(life.revision + 1, proven=frozenset({"ms1"}))
    facts = Facts(world.now, held=frozenset({"ms1"}), sighting=seen)
    assert advance(life, world.spec, facts).life == life
    assert (
        advance(life, world.spec, replace(facts, sighting=replace(seen, revision=life.revision))).life != life
    )


@pytest.mark.parametrize("seconds", [-3600, 121, 400 * 86400])
def test_nothing_moves_while_the_clock_is_uncertain(seconds: int) -> None:
    world = started()
    world.request = "now"
    world.clock_error = timedelta(seconds=seconds)
    before = world.life
    run(world, DAY, rounds=3)
    assert world.life == before


def test_a_set_whose_private_keys_were_lost_does_not_begin_to_sign() -> None:
    world = World(spec())
    run(world, rounds=3)
    world.delete_secret()
    run(world, WAIT)
    assert selectors_to_sign_with(world) == ()
    assert states(world)[1] is KeyState.RETIRING


# Rotation.


def test_the_switch_stops_the_old_set_and_starts_the_new_one_in_one_version_of_the_secret() -> None:
    world = started()
    world.request = "now"
    run(world, rounds=3)
    assert states(world) == {1: KeyState.ACTIVE, 2: KeyState.PUBLISHED}
    run(world, WAIT)
    old, new = world.life.sets
    assert old.stopped_at == new.switched_at == world.now
    assert selectors_to_sign_with(world) == ("ms2",)
    assert world.secret is not None
    assert world.secret.pems.keys() == {"ms1", "ms2"}


def test_the_old_private_key_leaves_the_secret_when_the_switch_is_confirmed() -> None:
    world = started(propagationTime="10m")
    world.request = "now"
    run(world, rounds=3)
    run(world, WAIT)
    run(world, 9 * MINUTE, rounds=2)
    assert number(world, 1).retiring_at is None
    run(world, MINUTE)
    assert number(world, 2).confirmed_at == world.now
    assert number(world, 1).retiring_at == world.now
    assert world.secret is not None
    assert world.secret.pems.keys() == {"ms2"}


def test_an_acknowledgement_confirms_the_switch_and_time_does_not() -> None:
    world = World(spec(confirmation="Acknowledgement"))
    world.reconcile()
    run(world, rounds=3)
    run(world, WAIT)
    world.acknowledged = frozenset()
    assert number(world, 1).switched_at is not None
    for mail_server in world.mail_servers:
        mail_server.pending_since = None
    run(world, 3 * DAY, rounds=3)
    assert number(world, 1).confirmed_at is None
    world.acknowledged = frozenset({"somebody", "ms1"})
    run(world)
    assert number(world, 1).confirmed_at == world.now


def test_an_old_key_is_revoked_after_retirement_and_gone_after_it_was_kept() -> None:
    world = started()
    world.request = "now"
    world.settle(DAY)
    retired = number(world, 1).retiring_at
    assert retired is not None
    run(world, retired + 6 * DAY - MINUTE - world.now, rounds=3)
    assert states(world)[1] is KeyState.RETIRING
    assert not DkimRecord.parse(world.servers[1]["ms1"]).is_revoked
    run(world, MINUTE, rounds=2)
    assert states(world)[1] is KeyState.REVOKED
    assert DkimRecord.parse(world.servers[1]["ms1"]).is_revoked
    run(world, 2 * DAY, rounds=3)
    assert states(world) == {2: KeyState.ACTIVE}
    assert "ms1" not in world.servers[0]
    assert world.life.past == ("ms1",)


@pytest.mark.parametrize("method", ["EmptyKey", "Delete"])
def test_revoked_and_gone_count_when_all_servers_answer_so(method: str) -> None:
    world = started(revocation=method)
    world.request = "now"
    world.settle(DAY)
    world.transfers_work = False
    run(world, 6 * DAY, rounds=4)
    assert states(world)[1] is KeyState.RETIRING
    world.transfers_work = True
    run(world)
    assert states(world)[1] is KeyState.REVOKED
    world.servers[1]["ms1"] = world.published["ms1"]
    world.transfers_work = False
    run(world, 3 * DAY, rounds=4)
    assert 1 in states(world)
    world.transfers_work = True
    run(world, rounds=2)
    assert states(world) == {2: KeyState.ACTIVE}


def test_with_method_delete_a_key_is_gone_when_no_cache_has_it_any_more() -> None:
    world = started(revocation="Delete")
    world.request = "now"
    world.settle(DAY)
    retired = number(world, 1).retiring_at
    assert retired is not None
    run(world, retired + 6 * DAY - world.now, rounds=2)
    assert states(world)[1] is KeyState.REVOKED
    assert "ms1" not in world.servers[1]
    run(world, HOUR - MINUTE, rounds=2)
    assert 1 in states(world)
    run(world, MINUTE, rounds=2)
    assert 1 not in states(world)


def test_no_key_is_revoked_while_its_successor_is_not_answered() -> None:
    world = started()
    world.request = "now"
    world.settle(DAY)
    world.writes = "fail"
    world.tamper_with_record("ms2", None)
    world.transfer()
    run(world, 30 * DAY, rounds=3)
    assert states(world)[1] is KeyState.RETIRING


def test_a_request_is_honoured_once_and_does_not_wait_for_the_window() -> None:
    world = started(window=NIGHT)
    world.request = "x" * 5000
    world.pass_time(NOON_OF_START + 2 * DAY - world.now)
    run(world, rounds=3)
    assert number(world, 2).cause is Cause.FORCED
    run(world, WAIT)
    assert states(world)[2] is KeyState.ACTIVE
    world.settle(5 * DAY)
    assert world.made == 2
    assert len(world.life.honoured_request) == 64


def test_a_request_hastens_a_rotation_that_waits_for_the_window_and_is_followed_by_its_own() -> None:
    """Whoever asks may have lost the private keys that are waiting."""
    world = started(window=NIGHT, interval="10d", jitterPercent=0)
    while 2 not in states(world):
        run(world, HOUR)
    run(world, rounds=2)
    while not 8 <= world.now.hour < 12:
        world.pass_time(HOUR)
    if states(world)[2] is not KeyState.ACTIVE:
        world.request = "now"
        run(world)
        assert states(world)[2] is KeyState.ACTIVE
    world.request = "again"
    world.settle(DAY)
    assert max(states(world)) >= 3


def test_a_scheduled_rotation_begins_and_switches_inside_the_window() -> None:
    world = started(window=NIGHT, interval="10d", jitterPercent=0)
    confirmed = number(world, 1).confirmed_at
    assert confirmed is not None
    world.settle(14 * DAY)
    found = number(world, 2)
    assert found.cause is Cause.SCHEDULED
    assert found.prepared_at >= confirmed + 10 * DAY
    assert found.prepared_at.hour in {22, 23, 0, 1}
    assert found.switched_at is not None
    assert found.switched_at.hour in {22, 23, 0, 1}


def test_a_changed_spec_waits_for_the_window_and_wakes_the_operator_at_its_opening() -> None:
    world = started(window=NIGHT)
    world.pass_time(NOON_OF_START + 2 * DAY - world.now)
    world.spec = spec(keys=2, window=NIGHT)
    run(world)
    assert states(world) == {1: KeyState.ACTIVE}
    assert world.decision is not None
    assert world.decision.wake_at == (NOON_OF_START + 2 * DAY).replace(hour=22)
    world.settle(2 * DAY)
    assert selectors_to_sign_with(world) == ("ms2", "ms3")
    assert number(world, 2).cause is Cause.SPEC_CHANGED


def test_a_spec_changed_twice_retires_a_set_that_was_published() -> None:
    """A life restored from a backup does not know whether a published set has signed since."""
    world = started()
    world.spec = spec(keys=2)
    run(world, rounds=3)
    assert states(world)[2] is KeyState.PUBLISHED
    world.spec = spec(keys=3)
    run(world)
    assert states(world)[2] is KeyState.RETIRING
    assert {"ms2", "ms3"} <= world.servers[0].keys()


def test_a_set_that_was_never_answered_is_removed_at_once() -> None:
    world = started()
    world.transfers_work = False
    world.spec = spec(keys=2)
    run(world, rounds=2)
    world.spec = spec(keys=3)
    run(world, rounds=2)
    assert 2 not in states(world) or number(world, 2).removing_at is not None
    assert "ms2" not in world.servers[0]


def test_rotations_that_can_wait_do_so_while_many_sets_are_not_gone() -> None:
    world = started(interval="1d", jitterPercent=0, retireAfter="60d")
    world.settle(20 * DAY)
    assert len(world.life.sets) == MAX_SETS


# Repairs.


def test_a_deleted_secret_leads_to_new_keys_and_the_old_ones_retire() -> None:
    world = started()
    world.delete_secret()
    run(world, rounds=3)
    assert number(world, 2).cause is Cause.KEY_LOST
    assert states(world)[1] is KeyState.ACTIVE
    world.settle(DAY)
    assert selectors_to_sign_with(world) == ("ms2",)
    assert states(world)[1] is KeyState.RETIRING
    world.settle(10 * DAY)
    assert states(world) == {2: KeyState.ACTIVE}


def test_a_switch_is_not_confirmed_while_the_secret_lacks_its_keys() -> None:
    world = started()
    world.request = "now"
    run(world, rounds=3)
    run(world, WAIT)
    world.delete_secret()
    run(world, HOUR, rounds=2)
    assert number(world, 2).confirmed_at is None
    assert number(world, 1).retiring_at is None


def test_keys_whose_secret_was_lost_with_the_latest_step_are_not_removed_at_once() -> None:
    """The status was behind: it says Published of a set that signed."""
    world = started()
    world.request = "now"
    run(world, rounds=3)
    world.status_works = False
    run(world, WAIT)
    run(world, 2 * KUBELET)
    world.delete_secret()
    world.status_works = True
    run(world, rounds=4)
    assert "ms2" in world.servers[0]
    world.settle(DAY)
    assert states(world)[2] is KeyState.RETIRING


def test_first_keys_whose_secret_was_lost_with_the_latest_step_are_not_removed_at_once() -> None:
    world = World(spec())
    run(world, rounds=3)
    world.status_works = False
    run(world, WAIT)
    run(world, KUBELET)
    world.delete_secret()
    world.status_works = True
    run(world, rounds=4)
    assert states(world)[1] is KeyState.RETIRING
    assert "ms1" in world.servers[0]


@pytest.mark.parametrize("pem", [None, FOREIGN])
def test_a_private_key_that_was_removed_or_replaced_leads_to_a_new_set(pem: str | None) -> None:
    world = started()
    world.edit_pem("ms1", pem)
    world.settle(DAY)
    assert selectors_to_sign_with(world) == ("ms2",)
    assert number(world, 2).cause is Cause.KEY_LOST


def test_a_deleted_record_is_published_again_with_the_same_key() -> None:
    world = started()
    world.tamper_with_record("ms1", None)
    run(world)
    assert world.servers[1]["ms1"] == world.published["ms1"]
    assert states(world) == {1: KeyState.ACTIVE}
    assert world.made == 1


def test_a_selector_with_a_foreign_key_signs_no_more_and_is_left_alone() -> None:
    world = started()
    world.tamper_with_record("ms1", FOREIGN)
    run(world)
    assert selectors_to_sign_with(world) == ()
    world.settle(20 * DAY)
    assert states(world) == {2: KeyState.ACTIVE}
    assert world.servers[0]["ms1"] == FOREIGN


def test_a_foreign_key_at_a_coming_selector_leads_to_another_selector() -> None:
    world = started()
    world.request = "now"
    run(world, rounds=2)
    world.tamper_with_record("ms2", FOREIGN)
    world.settle(20 * DAY)
    assert states(world) == {3: KeyState.ACTIVE}
    assert world.servers[0]["ms2"] == FOREIGN


def test_a_lost_status_changes_nothing() -> None:
    world = started()
    before = world.secret, dict(world.servers[0])
    world.status = ""
    run(world, HOUR, rounds=3)
    assert (world.secret, world.servers[0]) == before
    assert world.status


def test_a_restored_old_secret_is_brought_up_to_the_status() -> None:
    world = started()
    old = world.history[-1]
    world.request = "now"
    world.settle(DAY)
    before = world.life
    world.restore_secret(old, with_status_lost=False)
    run(world)
    assert world.life.revision >= before.revision
    assert world.life.made == 3
    assert selectors_to_sign_with(world) == ("ms2",)
    world.settle(DAY)
    assert selectors_to_sign_with(world) == ("ms3",)


def test_a_backup_restored_without_status_takes_in_what_stands_in_dns() -> None:
    world = started()
    old = world.history[-1]
    world.request = "now"
    world.settle(DAY)
    world.request = ""
    world.restore_secret(old, with_status_lost=True)
    run(world, rounds=3)
    run(world, 9 * MINUTE, rounds=2)
    assert number(world, 2).retiring_at is None
    run(world, MINUTE)
    assert number(world, 2).retiring_at == world.now
    found = number(world, 2)
    assert (found.cause, found.state, found.selectors) == (Cause.FOUND, KeyState.RETIRING, {"ms2"})
    assert selectors_to_sign_with(world) == ("ms1",)
    world.settle(10 * DAY)
    assert states(world) == {1: KeyState.ACTIVE}


def test_with_everything_lost_the_keys_in_dns_retire_after_new_ones_sign() -> None:
    world = started(keys=2)
    world.delete_secret()
    world.status = ""
    world.settle(DAY)
    causes = {found.cause: found.state for found in world.life.sets}
    assert causes == {Cause.KEY_LOST: KeyState.ACTIVE, Cause.FOUND: KeyState.RETIRING}
    world.settle(10 * DAY)
    assert len(world.life.sets) == 1


def test_a_revoked_key_in_dns_that_nothing_tells_of_is_kept_and_removed() -> None:
    world = started()
    world.request = "now"
    world.settle(7 * DAY + HOUR)
    assert states(world)[1] is KeyState.REVOKED
    world.delete_secret()
    world.status = ""
    run(world, rounds=3)
    revoked = [found for found in world.life.sets if found.state is KeyState.REVOKED]
    assert [found.selectors for found in revoked] == [{"ms1"}]
    world.settle(3 * DAY)
    assert "ms1" not in world.servers[0]


def test_a_secret_that_is_deleted_again_and_again_does_not_fill_its_annotation() -> None:
    world = started()
    for _ in range(2 * MAX_URGENT_SETS):
        world.delete_secret()
        run(world, HOUR, rounds=4)
    assert len(world.life.sets) <= MAX_URGENT_SETS
    world.settle(20 * DAY)
    assert len([found for found in world.life.sets if found.is_active]) == 1


# Deletion.


@pytest.mark.parametrize("method", ["EmptyKey", "Delete"])
@pytest.mark.parametrize("hours", [0, 1, 24, 24.1, 25, 48, 24 * 7 + 2, 24 * 9 + 3])
@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_deletion_at_any_state_ends_with_nothing_in_dns(method: str, hours: float, rounds: int) -> None:
    """The world checks all the while that mail under way verifies."""
    world = World(spec(revocation=method))
    world.settle(min(DAY, timedelta(hours=hours)))
    if hours > 24:
        world.request = "now"
        run(world, rounds=rounds)
        world.settle(timedelta(hours=hours) - DAY)
    run(world, rounds=rounds)
    world.deleting = True
    world.settle(9 * DAY)
    assert world.life.sets == ()
    assert world.servers == ({}, {})


def test_deletion_before_the_first_key_signs_waits_for_nothing() -> None:
    world = World(spec())
    run(world, rounds=3)
    assert states(world) == {1: KeyState.PUBLISHED}
    world.deleting = True
    run(world, rounds=3)
    assert world.life.sets == ()
    assert world.servers == ({}, {})


@pytest.mark.parametrize("method", ["EmptyKey", "Delete"])
def test_deletion_with_retire_after_0s_waits_for_nothing(method: str) -> None:
    world = started(revocation=method, retireAfter="0s")
    world.mails.clear()
    world.mail_servers = ()
    world.deleting = True
    run(world, rounds=8)
    assert world.life.sets == ()
    assert world.servers == ({}, {})


def test_deletion_stops_signing_first() -> None:
    world = started()
    world.deleting = True
    run(world, rounds=3)
    assert selectors_to_sign_with(world) == ()
    assert world.secret is not None
    assert world.secret.pems.keys() == {"ms1"}
    run(world, 10 * MINUTE, rounds=2)
    assert world.secret.pems == {}
    assert "ms1" in world.servers[0]


def test_mail_servers_that_missed_the_stop_since_the_secret_was_gone_are_waited_for() -> None:
    world = started()
    world.deleting = True
    run(world)
    world.delete_secret()
    run(world, 3 * DAY, rounds=3)
    assert number(world, 1).stopped_at == world.now
    assert number(world, 1).retiring_at is None
    run(world, 10 * MINUTE)
    assert number(world, 1).retiring_at == world.now


# Sets.


def life_key(selector: str) -> LifeKey:
    return LifeKey(selector, KeyAlgorithm.ED25519, 256, DkimRecord.for_ed25519(b"k" * 32).to_text())


@pytest.mark.parametrize("selectors", [("old",), ("now",), ("new", "new")])
def test_a_selector_is_never_used_twice(selectors: tuple[str, ...]) -> None:
    active = KeySet(1, Cause.FIRST, (life_key("now"),), spec_fingerprint(spec()), START)
    life = KeyLife((active,), past=("old",), made=1)
    with pytest.raises(ValueError, match="used before"):
        with_new_set(life, spec(), [life_key(name) for name in selectors], Making(Cause.FORCED), Facts(START))


def test_nothing_is_both_wanted_and_released() -> None:
    kept = KeySet(1, Cause.FIRST, (life_key("kept"),), "", START)
    over = KeySet(2, Cause.FIRST, (life_key("over"),), "", START, removing_at=START)
    life = KeyLife((kept, over), made=2)
    assert {record.selector for record in wanted_records(life, spec())} == {"kept"}
    assert released_selectors(life, spec()) == {"over"}
