"""DKIM keys: the private half in a Secret, the public half in DNS, and never one without the other."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from support.world import World

DUAL = {
    "keys": [{"algorithm": "RSA", "size": 2048}, {"algorithm": "Ed25519"}],
    "selectorTemplate": "{algorithm}-{random}",
    "secret": {"name": "signing", "labels": {"app": "outbound"}},
}
MESSAGE = b"what a mail server signs"


def published(world: World, selector: str) -> dict[str, str]:
    """The tags of the DKIM record at a selector."""
    (record,) = world.zone.txt(f"{selector}._domainkey")
    return dict(tag.strip().split("=", 1) for tag in record.split(";"))


def selectors(world: World, name: str = "dkim") -> list[str]:
    return [key["selector"] for key in world.status("DkimKey", name)["keys"]]


def check_signature(pem: str, tags: dict[str, str]) -> None:
    """Sign with the private key and verify with the published one, as RFC 6376 and RFC 8463 have it."""
    private = serialization.load_pem_private_key(pem.encode(), password=None)
    public_bytes = base64.b64decode(tags["p"], validate=True)
    if tags["k"] == "rsa":
        assert isinstance(private, rsa.RSAPrivateKey)
        public = serialization.load_der_public_key(public_bytes)
        assert isinstance(public, rsa.RSAPublicKey)
        public.verify(
            private.sign(MESSAGE, padding.PKCS1v15(), SHA256()), MESSAGE, padding.PKCS1v15(), SHA256()
        )
    else:
        assert isinstance(private, ed25519.Ed25519PrivateKey)
        ed25519.Ed25519PublicKey.from_public_bytes(public_bytes).verify(private.sign(MESSAGE), MESSAGE)


def test_what_is_signed_with_the_secret_verifies_with_the_records(world: World) -> None:
    world.apply(world.dkim_key(**DUAL))
    world.wait_ready("DkimKey", "dkim")
    keys = world.status("DkimKey", "dkim")["keys"]
    assert [(key["algorithm"], key["size"]) for key in keys] == [("RSA", 2048), ("Ed25519", 256)]
    data = world.secret("signing")
    assert data["selectors"].split() == selectors(world)
    assert data.keys() == {"selectors", *(f"{selector}.pem" for selector in selectors(world))}
    for selector, algorithm in zip(selectors(world), ("rsa", "ed25519"), strict=True):
        assert selector.startswith(f"{algorithm}-")
        tags = published(world, selector)
        assert (tags["v"], tags["k"]) == ("DKIM1", algorithm)
        check_signature(data[f"{selector}.pem"], tags)


def test_the_secret_belongs_to_the_dkim_key_and_carries_the_labels_asked_for(world: World) -> None:
    world.apply(world.dkim_key(**DUAL))
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


def test_a_key_that_is_asked_for_later_joins_the_one_that_is_there(world: World) -> None:
    world.apply(world.dkim_key())
    world.wait_ready("DkimKey", "dkim")
    (first,) = selectors(world)
    before = world.secret("dkim")
    world.change("DkimKey", "dkim", keys=[{"algorithm": "Ed25519"}, {"algorithm": "RSA"}])
    world.wait_ready("DkimKey", "dkim")
    assert selectors(world)[0] == first
    after = world.secret("dkim")
    assert after[f"{first}.pem"] == before[f"{first}.pem"]
    assert after["selectors"].split() == selectors(world)
    assert published(world, selectors(world)[1])["k"] == "rsa"


def test_a_lost_secret_is_made_again_with_a_new_selector_and_the_old_record_stays(world: World) -> None:
    world.apply(world.dkim_key())
    world.wait_ready("DkimKey", "dkim")
    (old,) = selectors(world)
    old_tags = published(world, old)
    world.secret("dkim")
    world.delete("Secret", "dkim")
    world.wait(lambda: old not in selectors(world), "a new selector in the status")
    world.wait_ready("DkimKey", "dkim")
    (new,) = selectors(world)
    check_signature(world.secret("dkim")[f"{new}.pem"], published(world, new))
    assert published(world, old) == old_tags
    records = world.status("DkimKey", "dkim")["records"]
    (kept,) = (record for record in records if record["name"].startswith(f"{old}."))
    assert "the Secret holds no private key for it" in kept["message"]
    world.delete("DkimKey", "dkim")
    world.wait_gone("DkimKey", "dkim")
    assert world.zone.txt(f"{old}._domainkey") == world.zone.txt(f"{new}._domainkey") == []


@pytest.mark.parametrize(
    "nonsense", ["geen sleutel", "-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----"]
)
def test_a_secret_that_was_edited_into_nonsense_is_reported_and_nothing_is_removed(
    world: World, nonsense: str
) -> None:
    world.apply(world.dkim_key())
    world.wait_ready("DkimKey", "dkim")
    (selector,) = selectors(world)
    good, tags = world.secret("dkim")[f"{selector}.pem"], published(world, selector)
    world.set_secret("dkim", f"{selector}.pem", nonsense)
    message = world.wait_reason("DkimKey", "dkim", "SecretInvalid")
    assert f"{selector}.pem cannot be used" in message
    assert world.secret("dkim")[f"{selector}.pem"] == nonsense
    assert published(world, selector) == tags
    world.set_secret("dkim", f"{selector}.pem", good)
    world.wait_ready("DkimKey", "dkim")
    assert published(world, selector) == tags


def test_a_secret_of_somebody_else_is_left_alone(world: World) -> None:
    world.apply(world.manifest("Secret", "dkim", stringData={"password": "iets anders"}))
    before = world.get("Secret", "dkim")
    world.apply(world.dkim_key())
    message = world.wait_reason("DkimKey", "dkim", "SecretNotOurs")
    assert "spec.secret.name" in message
    assert world.get("Secret", "dkim") == before
    assert not any("_domainkey" in name for name, _ in world.zone.content())
    world.change("DkimKey", "dkim", secret={"name": "dkim-signing"})
    world.wait_ready("DkimKey", "dkim")
    assert world.get("Secret", "dkim") == before


def test_keys_are_made_once_a_secret_of_somebody_else_is_out_of_the_way(world: World) -> None:
    world.apply(world.manifest("Secret", "dkim", stringData={"password": "iets anders"}), world.dkim_key())
    world.wait_reason("DkimKey", "dkim", "SecretNotOurs")
    world.delete("Secret", "dkim")
    world.wait_ready("DkimKey", "dkim")
    (selector,) = selectors(world)
    check_signature(world.secret("dkim")[f"{selector}.pem"], published(world, selector))


def test_a_selector_never_gets_a_second_key_when_its_secret_is_lost(world: World) -> None:
    world.apply(world.dkim_key(selectorTemplate="mail"))
    world.wait_ready("DkimKey", "dkim")
    tags = published(world, "mail")
    world.secret("dkim")
    world.delete("Secret", "dkim")
    message = world.wait_reason("DkimKey", "dkim", "SelectorTaken")
    assert f"mail._domainkey.{world.domain}" in message
    assert published(world, "mail") == tags
    world.change("DkimKey", "dkim", selectorTemplate="mail-{random}")
    world.delete("Secret", "dkim")
    world.wait_ready("DkimKey", "dkim")
    (new,) = selectors(world)
    assert new.startswith("mail-")
    assert published(world, "mail") == tags
