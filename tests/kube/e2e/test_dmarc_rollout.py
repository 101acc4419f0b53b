"""A strict DMARC policy waits until DKIM works, and a rollout comes to it stage by stage."""

from __future__ import annotations

from typing import Any

from support.vendor import key_record
from support.world import World

OWN_KEY = {"selector": "own", "txt": key_record(1)}
REVOKED = "v=DKIM1; k=ed25519; p="


def mail(world: World, *, selectors: list[dict[str, str]] | None = None, **dmarc: Any) -> dict[str, Any]:
    """A MailDomain that asks for reject, and waits for DKIM."""
    dkim = {"dkim": {"externalSelectors": selectors}} if selectors else {}
    return world.mail_domain(dmarc={"policy": "reject", "waitForDkim": True, **dmarc}, **dkim)


def policies(world: World) -> list[str]:
    return [text.removeprefix("v=DMARC1; p=") for text in world.zone.txt("_dmarc")]


def test_a_strict_policy_waits_until_a_selector_works(world: World) -> None:
    world.apply(mail(world))
    message = world.wait_reason("MailDomain", "mail", "WaitingForDkim")
    assert "DKIM does not work yet: " in message
    assert policies(world) == ["none"]
    assert not world.condition("MailDomain", "mail", "Stalled")

    world.change("MailDomain", "mail", dkim={"externalSelectors": [OWN_KEY]})
    world.wait_ready("MailDomain", "mail")
    world.wait(lambda: policies(world) == ["reject"], "the policy that was asked for")


def test_a_policy_that_stands_gets_no_milder_when_dkim_ceases_to_work(world: World) -> None:
    world.zone.add("theirs._domainkey", f'"{key_record(1)}"', ttl_seconds=1)
    world.apply(mail(world, selectors=[{"selector": "theirs"}]))
    world.wait(lambda: policies(world) == ["reject"], "the policy that was asked for")
    world.zone.delete("theirs._domainkey")
    world.zone.add("theirs._domainkey", f'"{REVOKED}"', ttl_seconds=1)
    world.wait(
        lambda: "SPF alone" in world.condition("MailDomain", "mail")["message"], "a word about it in Ready"
    )
    assert world.condition("MailDomain", "mail")["status"] == "True"
    assert policies(world) == ["reject"]


def test_a_dkim_key_that_signs_is_what_the_policy_waits_for(world: World) -> None:
    world.apply(mail(world), world.dkim_key())
    with world.zone.watched("_dmarc", "v=DMARC1") as seen:
        world.wait(lambda: policies(world) == ["reject"], "the policy that was asked for")
    assert world.condition("DkimKey", "dkim", "Signing")["status"] == "True"
    assert seen <= {(), ("v=DMARC1; p=none",), ("v=DMARC1; p=reject",)}
    world.wait_ready("MailDomain", "mail")


def test_a_rollout_goes_through_its_stages_and_tells_how_far_it_is(world: World) -> None:
    stages = [{"policy": "none", "lasts": "8s"}, {"policy": "quarantine", "lasts": "8s"}]
    world.apply(mail(world, selectors=[OWN_KEY], rollout={"stages": stages}))
    with world.zone.watched("_dmarc", "v=DMARC1") as seen:
        for number, policy in enumerate(["none", "quarantine", "reject"], start=1):
            wait_stage(world, number)
            told = world.status("MailDomain", "mail")["dmarcRollout"]
            assert told["policy"] == policy
            assert ("next" in told) is (number < 3)
            assert policies(world) == [policy]
    assert seen <= {()} | {(f"v=DMARC1; p={policy}",) for policy in ("none", "quarantine", "reject")}
    world.wait_ready("MailDomain", "mail")


def test_a_rollout_waits_at_its_first_stage_without_dkim_and_at_any_when_dkim_ceases(world: World) -> None:
    stages = [{"policy": "none", "lasts": "6s"}, {"policy": "quarantine", "lasts": "6s"}]
    world.apply(mail(world, rollout={"stages": stages}))
    world.wait_reason("MailDomain", "mail", "WaitingForDkim")
    world.wait_for_syncs(3)
    assert world.status("MailDomain", "mail")["dmarcRollout"] == {"stage": 1, "policy": "none"}
    assert policies(world) == ["none"]


def wait_stage(world: World, number: int) -> None:
    """Wait until the status tells of this stage, with its time running unless it is the last."""

    def is_there() -> bool:
        told = world.status("MailDomain", "mail").get("dmarcRollout", {})
        return told.get("stage") == number and ("since" in told or number == 3)

    world.wait(is_there, f"stage {number} of the rollout")
