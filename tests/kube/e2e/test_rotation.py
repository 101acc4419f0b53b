"""DKIM keys are replaced step by step, and at every moment what was signed can be verified."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from mailseal.planning.keylife.model import times_of
from support.keysteps import (
    life_of,
    reasons,
    set_of,
    signing,
    states,
    wait_confirmed,
    wait_settled,
    wait_state,
    wait_switched,
)
from support.keywatch import KeyWatch, private_keys
from support.signatures import new_key, public_value, record_of, sign, tags_of, verify
from support.world import World

PROPAGATION, RETIREMENT, KEPT = timedelta(seconds=2), timedelta(seconds=3), timedelta(seconds=3)
PATIENT: dict[str, dict[str, Any]] = {
    "rotation": {"propagationTime": "2s", "retireAfter": "3s"},
    "revocation": {"keepFor": "3s"},
}
DUAL = {
    "keys": [{"algorithm": "RSA"}, {"algorithm": "Ed25519"}],
    "selectorTemplate": "{algorithm}-{random}",
}
MESSAGE = b"what a mail server signs"
NEGATIVE_CACHING = timedelta(seconds=1)


def rotate(world: World, mark: str = "nu") -> None:
    world.annotate("DkimKey", "dkim", rotate=mark)


def published(world: World, selector: str) -> list[str]:
    return world.zone.txt(f"{selector}._domainkey")


def test_the_first_key_signs_only_when_it_is_answered_and_resolvers_have_forgotten_its_absence(
    world: World,
) -> None:
    with KeyWatch(world) as seen:
        world.apply(world.dkim_key(**PATIENT))
        (selector,) = wait_confirmed(world)
        wait_state(world, selector, "Active")
    assert seen.states(selector)[-1] == "Active"
    assert seen.signing() == [[], [selector]]
    assert seen.answers(selector)[-1] == "key"
    seen.check_steps()
    at = times_of(seen.last_of(selector))
    assert at["switched_at"] - at["published_at"] >= NEGATIVE_CACHING
    assert at["confirmed_at"] - at["switched_at"] >= PROPAGATION
    assert reasons(world, selector) == ["KeyPrepared", "KeyPublished", "KeyActive"]
    status = world.status("DkimKey", "dkim")
    assert status["signingSelectors"] == [selector]
    assert "nextRotation" not in status
    assert world.condition("DkimKey", "dkim", "Signing")["status"] == "True"


def test_a_forced_rotation_takes_every_step_in_its_order_and_never_too_early(world: World) -> None:
    world.apply(world.dkim_key(**PATIENT))
    (old,) = wait_confirmed(world)
    old_record = published(world, old)
    with KeyWatch(world) as seen:
        rotate(world)
        (new,) = wait_settled(world, other_than=[old], seconds=90)
        wait_state(world, old, "gone")
    assert seen.signing() == [[old], [new]]
    assert seen.states(old) == ["Active", "Retiring", "Revoked", "gone"]
    assert seen.answers(old) == ["key", "revoked", "nothing"]
    assert seen.states(new)[-2:] == ["Published", "Active"]
    assert seen.answers(new)[-1] == "key"
    seen.check_steps()
    gone, there = times_of(seen.last_of(old)), times_of(seen.last_of(new))
    assert gone["stopped_at"] == there["switched_at"]
    assert there["switched_at"] - there["published_at"] >= NEGATIVE_CACHING
    assert there["confirmed_at"] - there["switched_at"] >= PROPAGATION
    assert gone["retiring_at"] >= there["confirmed_at"]
    assert gone["revoking_at"] - gone["retiring_at"] >= RETIREMENT
    assert gone["removing_at"] - gone["revoked_at"] >= KEPT
    assert reasons(world, old)[-3:] == ["KeyRetiring", "KeyRevoked", "KeyGone"]
    assert reasons(world, new) == ["KeyPrepared", "KeyPublished", "KeyActive"]
    assert tags_of(old_record[0])["p"] not in {tags_of(text)["p"] for text in published(world, new)}
    assert life_of(world).past == (old,)


def test_old_mail_servers_sign_on_with_the_old_key_until_the_switch_is_confirmed(world: World) -> None:
    world.apply(world.dkim_key(**PATIENT))
    (old,) = wait_confirmed(world)
    with KeyWatch(world) as seen:
        rotate(world)
        wait_settled(world, other_than=[old], seconds=90)
    secrets = [sample.secret for sample in seen.samples if sample.secret]
    switched = [
        secret for secret in secrets if secret.signing != [old] and old in secret.life.private_selectors
    ]
    assert switched, "the old private key left at the switch"
    assert all(secret.pem(old) for secret in switched)
    assert secrets[-1].pem(old) is None


def test_a_request_counts_once_and_another_text_asks_again(world: World) -> None:
    world.apply(world.dkim_key())
    (first,) = wait_settled(world)
    rotate(world, "1")
    (second,) = wait_settled(world, other_than=[first])
    wait_state(world, first, "gone")
    world.wait_for_syncs(2, "settled")
    assert signing(world) == [second]
    rotate(world, "2")
    (third,) = wait_settled(world, other_than=[first, second])
    assert len({first, second, third}) == 3
    assert life_of(world).made == 3


def test_nothing_is_written_between_rotations(world: World) -> None:
    world.apply(world.dkim_key(rotation={"interval": "30d"}))
    (selector,) = wait_settled(world)
    wait_state(world, selector, "Active")
    world.wait_for(
        "DkimKey", "dkim", lambda found: "nextRotation" in found.get("status", {}), "with its next rotation"
    )
    world.wait_for_syncs(1, "settled")
    writes, serial = world.writes(), world.zone.serial
    world.wait_for_syncs(3, "settled")
    assert (world.writes(), world.zone.serial) == (writes, serial)


def test_keys_rotate_by_themselves_after_the_interval(world: World) -> None:
    with KeyWatch(world) as seen:
        world.apply(world.dkim_key(rotation={"interval": "6s", "jitterPercent": 0}))
        (first,) = wait_confirmed(world)
        (second,) = wait_confirmed(world, other_than=[first])
        (third,) = wait_confirmed(world, other_than=[first, second])
        world.change("DkimKey", "dkim", rotation={"interval": None})
        wait_settled(world, other_than=[first, second])
    seen.check_steps()
    assert [choice for choice in seen.signing() if choice][:3] == [[first], [second], [third]]
    old, new = seen.last_of(first), seen.last_of(second)
    assert str(new.cause) == "RotationDue"
    assert old.confirmed_at
    assert new.prepared_at - old.confirmed_at >= timedelta(seconds=6)


def test_an_acknowledgement_of_the_mail_server_confirms_the_switch(world: World) -> None:
    rotation = {"confirmation": "Acknowledgement", "propagationTime": "1s"}
    world.apply(world.dkim_key(rotation=rotation))
    (first,) = wait_switched(world)
    world.annotate("DkimKey", "dkim", signing_with=first)
    wait_confirmed(world)
    rotate(world)
    (second,) = wait_switched(world, other_than=[first])
    wait_state(world, second, "Active")
    world.wait_for_syncs(2)
    assert states(world) == {first: "Retiring", second: "Active"}
    message = world.condition("DkimKey", "dkim", "Signing")["message"]
    assert f"mailseal.dev/signing-with={second}" in message
    assert private_keys(world.secret("dkim")).keys() == {first, second}
    world.annotate("DkimKey", "dkim", signing_with=f"{first},{second}")
    assert wait_settled(world, other_than=[first]) == [second]
    assert private_keys(world.secret("dkim")).keys() == {second}


def test_other_keys_in_the_spec_replace_those_that_are_there(world: World) -> None:
    world.apply(world.dkim_key())
    (old,) = wait_settled(world)
    with KeyWatch(world) as seen:
        world.change("DkimKey", "dkim", **DUAL)
        rsa, ed25519 = wait_settled(world, other_than=[old])
    seen.check_steps()
    assert (rsa.partition("-")[0], ed25519.partition("-")[0]) == ("rsa", "ed25519")
    assert seen.signing() == [[old], [rsa, ed25519]]
    assert str(seen.last_of(rsa).cause) == "KeySpecChanged"
    files = world.secret("dkim")
    for selector in (rsa, ed25519):
        (record,) = published(world, selector)
        verify(record, MESSAGE, sign(files[f"{selector}.pem"], MESSAGE))


def test_both_keys_of_dual_signing_are_replaced_together(world: World) -> None:
    layouts = ["Stable", "OpenDKIM", "Rspamd", "Exim", "DkimpyMilter"]
    world.apply(world.dkim_key(**DUAL, secret={"layouts": layouts}))
    old = wait_settled(world)
    with KeyWatch(world) as seen:
        rotate(world)
        new = wait_settled(world, other_than=old)
    seen.check_steps()
    assert seen.signing() == [old, new]
    for secret in (sample.secret for sample in seen.samples if sample.secret):
        rsa, ed25519 = secret.signing
        assert secret.files["rsa.selector"].split() == [rsa]
        assert secret.files["rsa.pem"] == secret.pem(rsa)
        assert secret.files["ed25519.pem"] == secret.pem(ed25519)
        assert f"*@{world.domain} {rsa}._domainkey.{world.domain}\n" == secret.files["SigningTable"]
        assert secret.files["rspamd-selectors.map"] == f"{world.domain} {rsa}\n"
        assert secret.files["exim-selectors"] == f"{rsa}:{ed25519}\n"
        held = secret.life.private_selectors
        assert all(f":{selector}:" in secret.files["KeyTable"] for selector in held)


def test_a_revoked_key_is_deleted_where_that_is_asked_for_and_published_once_no_cache_has_it(
    world: World,
) -> None:
    """A DNS answer may be cached for its TTL, 60 seconds at least: so long a deleted key is not gone."""
    world.apply(world.dkim_key(revocation={"method": "Delete", "publishPrivateKey": True}))
    (old,) = wait_settled(world)
    pem = world.secret("dkim")[f"{old}.pem"]
    with KeyWatch(world) as seen:
        rotate(world)
        wait_state(world, old, "Revoked")
        kept = world.secret("dkim-retired")
        assert kept == {f"{old}.pem": pem}
        assert world.get("ConfigMap", "dkim-revealed") is None
        world.wait(lambda: world.get("ConfigMap", "dkim-revealed") is not None, "the key published", 90)
        wait_state(world, old, "gone")
    seen.check_steps()
    assert seen.answers(old) == ["key", "nothing"]
    assert seen.states(old) == ["Active", "Retiring", "Revoked", "gone"]
    revealed = world.get("ConfigMap", "dkim-revealed")
    assert revealed is not None
    assert revealed["data"][f"{old}.pem"] == pem
    created = datetime.fromisoformat(revealed["metadata"]["creationTimestamp"])
    last_cached = times_of(seen.last_of(old))["revoked_at"] + timedelta(seconds=60)
    assert created >= last_cached.replace(microsecond=0)
    assert world.secret("dkim-retired") == {}
    assert "KeyRevealed" in reasons(world, old)


def test_an_imported_key_is_taken_over_at_its_selector_with_the_record_that_stands_there(new_world) -> None:
    pem = new_key(2048)
    words = record_of(pem).replace("; ", ";")
    strings = f'"{words[:99]}" "{words[99:250]}" "{words[250:]}"'
    with new_world(f"mail2024._domainkey 300 IN TXT {strings}") as world:
        before = world.zone.strings("mail2024._domainkey")
        world.apply(
            world.tsig(),
            world.provider(),
            world.manifest("Secret", "old-key", stringData={"mail2024.private": pem}),
            imported(world),
        )
        assert wait_settled(world) == ["mail2024"]
        world.wait_ready("DkimKey", "dkim")
        assert world.zone.strings("mail2024._domainkey") == before
        assert public_value(world.secret("dkim")["mail2024.pem"]) == public_value(pem)
        assert set_of(world, "mail2024") is not None
        rotate(world)
        (new,) = wait_settled(world, other_than=["mail2024"])
        wait_state(world, "mail2024", "gone")
        assert published(world, "mail2024") == []
        assert new != "mail2024"
        assert "mail2024.private" in world.secret("old-key")


def test_an_imported_key_waits_while_another_key_stands_at_its_selector(new_world) -> None:
    other = record_of(new_key())
    with new_world(f'mail2024._domainkey 300 IN TXT "{other}"') as world:
        world.apply(
            world.tsig(),
            world.provider(),
            world.manifest("Secret", "old-key", stringData={"mail2024.private": new_key()}),
            imported(world),
        )
        message = world.wait_reason("DkimKey", "dkim", "ForeignValue")
        assert "mail2024._domainkey" in message
        world.wait_for_syncs(2)
        assert published(world, "mail2024") == [other]
        assert signing(world) == []
        assert world.condition("DkimKey", "dkim", "Signing")["status"] == "False"
        world.zone.delete("mail2024._domainkey")
        assert wait_settled(world) == ["mail2024"]


@pytest.mark.parametrize("text", ["geen sleutel", ""])
def test_an_imported_key_that_cannot_be_read_is_reported_and_nothing_is_made(world: World, text: str) -> None:
    data = {"mail2024.private": text} if text else {"iets": "anders"}
    world.apply(world.manifest("Secret", "old-key", stringData=data), imported(world))
    message = world.wait_reason("DkimKey", "dkim", "ImportFailed")
    assert "old-key" in message
    assert world.get("Secret", "dkim") is None


def imported(world: World) -> dict[str, Any]:
    entry = {"selector": "mail2024", "secretName": "old-key", "secretKey": "mail2024.private"}
    return world.dkim_key(imports=[entry])
