"""DKIM keys: the private half in a Secret, the public half in DNS, and never one without the other."""

from __future__ import annotations

from typing import Any

from support.keysteps import signing, wait_settled, wait_state
from support.keywatch import private_keys
from support.signatures import public_value, sign, tags_of, verify
from support.world import World

DUAL: dict[str, Any] = {
    "keys": [{"algorithm": "RSA", "size": 2048}, {"algorithm": "Ed25519"}],
    "selectorTemplate": "{algorithm}-{random}",
    "secret": {"name": "signing", "labels": {"app": "outbound"}},
}
MESSAGE = b"what a mail server signs"


def published(world: World, selector: str) -> str:
    """The DKIM record at a selector."""
    (record,) = world.zone.txt(f"{selector}._domainkey")
    return record


def test_what_is_signed_with_the_secret_verifies_with_the_records(world: World) -> None:
    world.apply(world.dkim_key(**DUAL))
    signing_now = wait_settled(world, "signing")
    wait_state(world, signing_now[0], "Active")
    status = world.status("DkimKey", "dkim")
    assert [(key["algorithm"], key["size"]) for key in status["keys"]] == [("RSA", 2048), ("Ed25519", 256)]
    assert [key["selector"] for key in status["keys"]] == status["signingSelectors"] == signing_now
    keys = private_keys(world.secret("signing"))
    assert list(keys.keys() - set(signing_now)) == []
    for selector, algorithm in zip(signing_now, ("rsa", "ed25519"), strict=True):
        assert selector.startswith(f"{algorithm}-")
        record = published(world, selector)
        assert (tags_of(record)["v"], tags_of(record)["k"]) == ("DKIM1", algorithm)
        verify(record, MESSAGE, sign(keys[selector], MESSAGE))


def test_the_secret_belongs_to_the_dkim_key_and_carries_the_labels_asked_for(world: World) -> None:
    world.apply(world.dkim_key(**DUAL))
    wait_settled(world, "signing")
    owner = world.wait_ready("DkimKey", "dkim")
    assert world.status("DkimKey", "dkim")["secretName"] == "signing"
    secret = world.get("Secret", "signing")
    assert secret is not None
    assert secret["type"] == "Opaque"
    assert secret["metadata"]["labels"] == {"app": "outbound", "app.kubernetes.io/managed-by": "mailseal"}
    (reference,) = secret["metadata"]["ownerReferences"]
    assert (reference["kind"], reference["name"], reference["uid"]) == (
        "DkimKey",
        "dkim",
        owner["metadata"]["uid"],
    )


def test_the_layout_stable_has_names_that_never_change(world: World) -> None:
    world.apply(world.dkim_key(**DUAL))
    rsa, ed25519 = wait_settled(world, "signing")
    files = world.secret("signing")
    assert (files["rsa.selector"], files["ed25519.selector"]) == (f"{rsa}\n", f"{ed25519}\n")
    assert (files["rsa.pem"], files["ed25519.pem"]) == (files[f"{rsa}.pem"], files[f"{ed25519}.pem"])


def test_a_secret_of_somebody_else_is_left_alone(world: World) -> None:
    world.apply(world.manifest("Secret", "dkim", stringData={"password": "iets anders"}))
    before = world.get("Secret", "dkim")
    world.apply(world.dkim_key())
    message = world.wait_reason("DkimKey", "dkim", "SecretNotOurs")
    assert "spec.secret.name" in message
    assert world.get("Secret", "dkim") == before
    assert not any("_domainkey" in name for name, _ in world.zone.content())
    world.apply(world.dkim_key("other", secret={"name": "dkim-signing"}))
    wait_settled(world, "dkim-signing")
    assert world.get("Secret", "dkim") == before


def test_keys_are_made_once_a_secret_of_somebody_else_is_out_of_the_way(world: World) -> None:
    world.apply(world.manifest("Secret", "dkim", stringData={"password": "iets anders"}), world.dkim_key())
    world.wait_reason("DkimKey", "dkim", "SecretNotOurs")
    world.delete("Secret", "dkim")
    (selector,) = wait_settled(world)
    world.wait_ready("DkimKey", "dkim")
    verify(published(world, selector), MESSAGE, sign(world.secret("dkim")[f"{selector}.pem"], MESSAGE))


def test_a_selector_never_gets_a_second_key_when_its_secret_is_lost(world: World) -> None:
    world.apply(world.dkim_key(selectorTemplate="mail"))
    assert wait_settled(world) == ["mail"]
    record = published(world, "mail")
    world.secret("dkim")
    world.delete("Secret", "dkim")
    world.wait_for("DkimKey", "dkim", _has_no_selector_left, "without a new selector")
    assert published(world, "mail") == record
    world.wait(
        lambda: world.condition("DkimKey", "dkim", "Signing")["status"] == "False", "nothing to sign with"
    )
    world.change("DkimKey", "dkim", selectorTemplate="mail-{random}")
    (new,) = wait_settled(world, other_than=["mail"])
    assert new.startswith("mail-")
    assert signing(world) == [new]
    assert world.zone.txt("mail._domainkey") == []
    assert tags_of(published(world, new))["p"] == public_value(world.secret("dkim")[f"{new}.pem"])
    world.wait_for("DkimKey", "dkim", lambda found: not _trouble(found), "without trouble")


def _trouble(found: dict[str, Any]) -> dict[str, Any]:
    conditions = found.get("status", {}).get("conditions", ())
    return next((condition for condition in conditions if condition["type"] == "KeyTrouble"), {})


def _has_no_selector_left(found: dict[str, Any]) -> bool:
    return _trouble(found).get("reason") == "SelectorsUsedUp"
