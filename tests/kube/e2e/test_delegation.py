"""Keys at another domain: the mail domain holds CNAMEs only, and no step runs ahead of either zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from mailseal.planning.keylife.model import times_of
from support.dnszone import DnsZone
from support.keyhome import KEYS, Delegated, KeyHome
from support.keysteps import (
    reasons,
    set_of,
    signing,
    states,
    wait_confirmed,
    wait_settled,
    wait_state,
)
from support.keywatch import KeyWatch
from support.servers.bind import BindServer
from support.signatures import new_key, record_of, sign, verify
from support.world import World
from support.worldmanifests import PROVIDER

PATIENT: dict[str, dict[str, Any]] = {
    "rotation": {"propagationTime": "2s", "retireAfter": "3s"},
    "revocation": {"keepFor": "3s"},
}
KEYS_NEGATIVE_CACHING = timedelta(seconds=3)
MESSAGE = b"what a mail server signs"
NUMBERED = {"selectorTemplate": "vast{number}"}
OnWhich = Callable[[World, KeyHome], BindServer]


@pytest.fixture
def home(world: World) -> Iterator[KeyHome]:
    """A second server with a zone for keys, whose absence resolvers remember for longer."""
    with KeyHome(world, negative_caching_seconds=int(KEYS_NEGATIVE_CACHING.total_seconds())) as made:
        yield made


def dkim_key(world: World, keys: Delegated, **fields: Any) -> dict[str, Any]:
    return world.dkim_key(delegation=keys.spec, **fields)


def rotate(world: World, mark: str = "nu") -> None:
    world.annotate("DkimKey", "dkim", rotate=mark)


def watch(world: World, keys: Delegated) -> KeyWatch:
    """A verifier that follows the CNAMEs, beside Secret and status."""
    return KeyWatch(world, look_up=keys.follow)


def check_verified(seen: KeyWatch) -> None:
    """At every moment that was seen, what the Secret signs could be verified."""
    for secret, answers in ((sample.secret, sample.answers) for sample in seen.samples):
        for selector in secret.signing if secret else ():
            pem = secret.pem(selector) if secret else None
            assert pem, f"{selector} is to sign without a key"
            (record,) = answers[selector]
            verify(record, MESSAGE, sign(pem, MESSAGE))


def zones(world: World, home: KeyHome) -> tuple[Any, ...]:
    """How often something was written: to Kubernetes, and to either zone."""
    return world.writes(), world.zone.serial, home.zone.serial


def wait_for_both(world: World, home: KeyHome, count: int) -> None:
    """Wait until both zones have been synced and found settled `count` more times."""

    def settled() -> tuple[float, ...]:
        return tuple(
            world.operator.metric("mailseal_zone_syncs_total", zone=zone, result="settled")
            for zone in (world.domain, home.domain)
        )

    before = settled()
    world.wait(
        lambda: all(now >= then + count for now, then in zip(settled(), before, strict=True)),
        f"{count} more syncs of both zones",
    )


def test_the_mail_domain_leads_to_the_key_which_signs_once_both_zones_answer_and_nobody_remembers_less(
    world: World, home: KeyHome
) -> None:
    with watch(world, home.keys) as seen:
        world.apply(dkim_key(world, home.keys, **PATIENT))
        (selector,) = wait_confirmed(world)
        wait_state(world, selector, "Active")
    seen.check_steps()
    check_verified(seen)
    assert seen.signing() == [[], [selector]]
    at = times_of(seen.last_of(selector))
    assert at["switched_at"] - at["published_at"] >= KEYS_NEGATIVE_CACHING
    world.wait_ready("DkimKey", "dkim")
    name = f"{selector}._domainkey"
    assert home.keys.target(selector) == f"{name}.{home.domain}"
    assert {(name, kind) for name, kind in world.zone.content() if "_domainkey" in name} == {(name, "CNAME")}
    assert {(name, kind) for name, kind in home.zone.content() if "_domainkey" in name} == {(name, "TXT")}
    shown = {(record["name"], record["type"]) for record in world.status("DkimKey", "dkim")["records"]}
    assert shown == {(f"{name}.{world.domain}", "CNAME"), (f"{name}.{home.domain}", "TXT")}
    assert "2 records are answered" in world.condition("DkimKey", "dkim")["message"]
    assert reasons(world, selector) == ["KeyPrepared", "KeyPublished", "KeyActive"]


def test_a_rotation_takes_every_step_in_both_zones_and_a_verifier_finds_the_key_at_every_moment(
    world: World, home: KeyHome
) -> None:
    world.apply(dkim_key(world, home.keys, **PATIENT))
    (old,) = wait_confirmed(world)
    with watch(world, home.keys) as seen:
        rotate(world)
        (new,) = wait_settled(world, other_than=[old], seconds=90)
        wait_state(world, old, "gone")
    seen.check_steps()
    check_verified(seen)
    assert seen.signing() == [[old], [new]]
    assert seen.states(old) == ["Active", "Retiring", "Revoked", "gone"]
    assert seen.answers(old) == ["key", "revoked", "nothing"]
    assert seen.answers(new)[-1] == "key"
    there = times_of(seen.last_of(new))
    assert there["switched_at"] - there["published_at"] >= KEYS_NEGATIVE_CACHING
    assert home.keys.target(old) is None
    assert home.zone.txt(f"{old}._domainkey") == []
    assert reasons(world, new) == ["KeyPrepared", "KeyPublished", "KeyActive"]
    assert {reason for reason, _ in world.events("DkimKey", "dkim")} == {
        *("KeyPrepared", "KeyPublished", "KeyActive", "KeyRetiring", "KeyRevoked", "KeyGone")
    }


def test_nothing_is_written_between_rotations_whichever_zone_is_looked_at(
    world: World, home: KeyHome
) -> None:
    world.apply(dkim_key(world, home.keys, rotation={"interval": "30d"}), world.mail_domain())
    (selector,) = wait_settled(world)
    wait_state(world, selector, "Active")
    world.wait_for(
        "DkimKey", "dkim", lambda found: "nextRotation" in found["status"], "with its next rotation"
    )
    world.wait_ready("DkimKey", "dkim")
    wait_for_both(world, home, 1)
    before, version = zones(world, home), world.get("DkimKey", "dkim")
    wait_for_both(world, home, 3)
    assert zones(world, home) == before
    assert world.get("DkimKey", "dkim") == version


@pytest.mark.parametrize(
    "which", [lambda world, home: world.server, lambda world, home: home.server], ids=["alias", "keys"]
)
def test_while_one_name_server_is_away_nothing_moves_and_the_message_says_which(
    world: World, home: KeyHome, which: OnWhich
) -> None:
    world.apply(dkim_key(world, home.keys))
    (old,) = wait_settled(world)
    world.wait_ready("DkimKey", "dkim")
    server = which(world, home)
    server.stop()
    try:
        rotate(world)
        message = world.wait_unreachable("DkimKey", "dkim")
        assert server.endpoint in message
        world.wait(lambda: len(states(world)) == 2, "a new key made")
        (new,) = states(world).keys() - {old}
        wait_for_results(world, home.domain if server is home.server else world.domain, "failed", 2)
        assert states(world) == {old: "Active", new: "Prepared"}
        assert signing(world) == [old]
    finally:
        server.start()
    assert wait_settled(world, other_than=[old]) == [new]
    world.wait_ready("DkimKey", "dkim")
    assert len(home.keys.follow(new)) == 1
    wait_state(world, old, "gone")


def wait_for_results(world: World, zone: str, result: str, count: int) -> None:
    """Wait until a zone has been synced `count` more times with that result."""

    def syncs() -> float:
        return world.operator.metric("mailseal_zone_syncs_total", zone=zone, result=result)

    before = syncs()
    world.wait(lambda: syncs() >= before + count, f"{count} more syncs of {zone} that are {result}")


def test_a_short_outage_of_the_keys_server_flaps_nothing(world: World, home: KeyHome) -> None:
    world.apply(dkim_key(world, home.keys))
    wait_settled(world)
    world.wait_ready("DkimKey", "dkim")
    wait_for_both(world, home, 1)
    before = world.get("DkimKey", "dkim")
    events = world.events("DkimKey", "dkim")
    home.server.stop()
    try:
        wait_for_results(world, home.domain, "failed", 2)
    finally:
        home.server.start()
    world.wait_ready("DnsProvider", KEYS)
    wait_for_both(world, home, 2)
    assert world.get("DkimKey", "dkim") == before
    assert world.events("DkimKey", "dkim") == events


@pytest.mark.parametrize(
    ("at_mail_domain", "at_home"),
    [
        (f'vast1._domainkey IN TXT "{record_of(new_key())}"', ""),
        ("vast1._domainkey IN CNAME sleutel.elders.example.", ""),
        ("", f'vast1._domainkey IN TXT "{record_of(new_key())}"'),
    ],
    ids=["a record where the CNAME shall stand", "another CNAME", "another key at the target"],
)
def test_a_selector_that_is_taken_in_either_zone_is_left_alone_and_another_one_is_made(
    new_world, at_mail_domain: str, at_home: str
) -> None:
    with new_world(at_mail_domain) as world, KeyHome(world, at_home) as home:
        before = {zone: foreign(zone) for zone in (world.zone, home.zone)}
        world.apply(world.tsig(), world.provider(), dkim_key(world, home.keys, **NUMBERED))
        assert wait_settled(world) == ["vast2"]
        world.wait_ready("DkimKey", "dkim")
        world.wait(lambda: {zone: foreign(zone) for zone in before} == before, "nothing of ours at vast1")
        assert len(home.keys.follow("vast2")) == 1


def foreign(zone: DnsZone) -> Any:
    """What stands at the selector that somebody else has."""
    return {key: values for key, values in zone.content().items() if key[0].startswith("vast1")}


def test_a_cname_where_the_key_shall_stand_waits_for_somebody_to_remove_it(world: World) -> None:
    with KeyHome(world, "vast1._domainkey IN CNAME sleutel.elders.example.") as home:
        world.apply(dkim_key(world, home.keys, **NUMBERED))
        message = world.wait_reason("DkimKey", "dkim", "CnameInTheWay")
        assert f"vast1._domainkey.{home.domain}" in message
        assert signing(world) == []
        home.zone.delete("vast1._domainkey", rtype="CNAME")
        assert wait_settled(world) == ["vast1"]


def test_a_cname_that_somebody_leads_elsewhere_is_left_alone_and_the_key_replaced(
    world: World, home: KeyHome
) -> None:
    world.apply(dkim_key(world, home.keys))
    (old,) = wait_settled(world)
    world.wait_ready("DkimKey", "dkim")
    name, elsewhere = f"{old}._domainkey", "sleutel.elders.example"
    world.zone.delete(name, rtype="CNAME")
    world.zone.add(name, f"{elsewhere}.", rtype="CNAME")
    (new,) = wait_settled(world, other_than=[old], seconds=90)
    wait_state(world, old, "gone")
    assert home.keys.target(old) == elsewhere
    assert home.zone.txt(name) == []
    assert len(home.keys.follow(new)) == 1


@pytest.mark.parametrize("zone", ["alias", "key"])
def test_what_somebody_deletes_in_either_zone_is_written_again_and_told_once(
    world: World, home: KeyHome, zone: str
) -> None:
    world.apply(dkim_key(world, home.keys))
    (selector,) = wait_settled(world)
    world.wait_ready("DkimKey", "dkim")
    wait_for_both(world, home, 1)
    before = home.keys.follow(selector)
    if zone == "alias":
        world.zone.delete(f"{selector}._domainkey", rtype="CNAME")
    else:
        home.zone.delete(f"{selector}._domainkey")
    world.wait(lambda: home.keys.follow(selector) == before, "the record as it was")
    wait_for_both(world, home, 2)
    drifted = [message for reason, message in world.events("DkimKey", "dkim") if reason == "DriftRepaired"]
    assert len(drifted) == 1
    assert (world.domain if zone == "alias" else home.domain) in drifted[0]
    assert signing(world) == [selector]


def test_a_deletion_retires_in_both_zones_and_leaves_neither_with_anything(
    world: World, home: KeyHome
) -> None:
    before = world.zone.content(), home.zone.content()
    world.apply(dkim_key(world, home.keys, **PATIENT))
    (selector,) = wait_confirmed(world)
    world.wait_ready("DkimKey", "dkim")
    with watch(world, home.keys) as seen:
        world.delete("DkimKey", "dkim")
        world.wait_gone("DkimKey", "dkim", 90)
    seen.check_steps()
    assert seen.answers(selector) == ["key", "revoked", "nothing"]
    assert (world.zone.content(), home.zone.content()) == before


def test_a_deletion_that_waits_for_nothing_removes_both_records_and_lets_both_providers_go(
    world: World, home: KeyHome
) -> None:
    before = world.zone.content(), home.zone.content()
    world.apply(dkim_key(world, home.keys))
    wait_settled(world)
    world.wait_ready("DkimKey", "dkim")
    world.delete("DnsProvider", KEYS)
    world.delete("DnsProvider", PROVIDER)
    world.wait_for_syncs(1)
    assert world.get("DnsProvider", KEYS) is not None
    world.delete("DkimKey", "dkim")
    world.wait_gone("DkimKey", "dkim")
    world.wait_gone("DnsProvider", KEYS)
    world.wait_gone("DnsProvider", PROVIDER)
    assert (world.zone.content(), home.zone.content()) == before


def test_a_deletion_waits_for_the_zone_that_cannot_be_reached(world: World, home: KeyHome) -> None:
    before = world.zone.content(), home.zone.content()
    world.apply(dkim_key(world, home.keys))
    wait_settled(world)
    world.wait_ready("DkimKey", "dkim")
    home.server.stop()
    try:
        world.delete("DkimKey", "dkim")
        assert home.server.endpoint in world.wait_unreachable("DkimKey", "dkim")
        wait_for_results(world, home.domain, "failed", 2)
        assert world.get("DkimKey", "dkim") is not None
    finally:
        home.server.start()
    world.wait_gone("DkimKey", "dkim")
    assert (world.zone.content(), home.zone.content()) == before


def test_with_deletion_policy_orphan_both_records_stay(world: World, home: KeyHome) -> None:
    world.apply(dkim_key(world, home.keys, deletionPolicy="Orphan"))
    (selector,) = wait_settled(world)
    world.wait_ready("DkimKey", "dkim")
    record = home.keys.follow(selector)
    world.delete("DkimKey", "dkim")
    world.wait_gone("DkimKey", "dkim")
    assert home.keys.follow(selector) == record != []
    assert world.zone.txt("_mailseal") == home.zone.txt("_mailseal") == []


def test_a_name_server_of_the_other_domain_that_lags_holds_the_new_key_back(world: World) -> None:
    with KeyHome(world) as home, BindServer(primary=home.server, notified=False) as second:
        world.apply(dkim_key(world, home.keys))
        (old,) = wait_settled(world)
        world.wait_ready("DkimKey", "dkim")
        both = [home.server.endpoint, second.endpoint]
        second.stop()
        second.start()
        world.change("DnsProvider", KEYS, nameservers=both)
        wait_for_both(world, home, 1)
        rotate(world)
        assert second.endpoint in world.wait_reason("DkimKey", "dkim", "NotYetAnswered")
        wait_for_results(world, home.domain, "unsettled", 2)
        assert signing(world) == [old]
        assert sorted(states(world).values()) == ["Active", "Prepared"]
        second.stop()
        second.start()
        wait_confirmed(world, other_than=[old])
        world.change("DnsProvider", KEYS, nameservers=both[:1])
        wait_settled(world, other_than=[old])


def test_with_its_secret_deleted_the_old_key_retires_in_both_zones(world: World, home: KeyHome) -> None:
    world.apply(dkim_key(world, home.keys, rotation={"retireAfter": "3s"}))
    (old,) = wait_settled(world)
    world.wait_ready("DkimKey", "dkim")
    with watch(world, home.keys) as seen:
        world.delete("Secret", "dkim")
        (new,) = wait_settled(world, other_than=[old])
    assert seen.answers(old) == ["key", "revoked", "nothing"]
    assert len(home.keys.follow(new)) == 1


def test_with_status_and_secret_lost_the_keys_are_found_by_what_stands_in_the_two_zones(
    world: World, home: KeyHome
) -> None:
    world.apply(dkim_key(world, home.keys, rotation={"retireAfter": "3s"}))
    (old,) = wait_settled(world)
    world.wait_ready("DkimKey", "dkim")
    world.operator.stop()
    try:
        world.lose_status("DkimKey", "dkim")
        world.delete("Secret", "dkim")
        answered = home.keys.follow(old)
    finally:
        world.operator.start()
    with watch(world, home.keys) as seen:
        (new,) = wait_settled(world, other_than=[old], seconds=90)
        world.wait(lambda: home.keys.follow(old) == [], f"{old} gone")
    found = [sample.answers[old] for sample in seen.samples if sample.answers.get(old)]
    assert list(found[0]) == answered
    assert seen.answers(old)[-1] == "nothing"
    assert home.keys.target(old) is None
    assert len(home.keys.follow(new)) == 1
    world.wait_ready("DkimKey", "dkim")


def test_without_its_status_and_the_key_the_cname_that_leads_nowhere_is_removed(
    world: World, home: KeyHome
) -> None:
    world.apply(dkim_key(world, home.keys))
    (old,) = wait_settled(world)
    world.wait_ready("DkimKey", "dkim")
    world.operator.stop()
    try:
        world.lose_status("DkimKey", "dkim")
        world.delete("Secret", "dkim")
        home.zone.delete(f"{old}._domainkey")
    finally:
        world.operator.start()
    wait_settled(world, other_than=[old], seconds=90)
    world.wait(lambda: home.keys.target(old) is None, "the CNAME removed")
    world.wait_ready("DkimKey", "dkim")


def test_the_keys_may_stand_at_a_sibling_in_the_same_zone_behind_the_same_provider(world: World) -> None:
    sibling = Delegated(world, DnsZone(world.server, f"keys.{world.domain}"))
    before = world.zone.content()
    world.apply(dkim_key(world, sibling, **PATIENT), world.mail_domain())
    (old,) = wait_confirmed(world)
    with watch(world, sibling) as seen:
        rotate(world)
        (new,) = wait_settled(world, other_than=[old], seconds=90)
        wait_state(world, old, "gone")
    seen.check_steps()
    check_verified(seen)
    assert seen.answers(old) == ["key", "revoked", "nothing"]
    assert set_of(world, new) is not None
    world.wait_ready("DkimKey", "dkim")
    world.wait_ready("MailDomain", "mail")
    shown = {(record["name"], record["type"]) for record in world.status("DkimKey", "dkim")["records"]}
    assert shown == {
        (f"{new}._domainkey.{world.domain}", "CNAME"),
        (f"{new}._domainkey.keys.{world.domain}", "TXT"),
    }
    world.wait_for_syncs(1, "settled")
    writes, serial = world.writes(), world.zone.serial
    world.wait_for_syncs(3, "settled")
    assert (world.writes(), world.zone.serial) == (writes, serial)
    world.delete("DkimKey", "dkim")
    world.delete("MailDomain", "mail")
    world.wait_gone("DkimKey", "dkim", 90)
    world.wait_gone("MailDomain", "mail")
    assert world.zone.content() == before
