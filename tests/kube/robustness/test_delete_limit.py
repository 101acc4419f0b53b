"""Deleting most of a zone at once needs a person's consent; until then nothing goes, and others go on."""

from __future__ import annotations

import re

import pytest

from support.world import World

RESOURCES = 30
DOOMED = 20
PERCENT = 30
MOST_DELETES = RESOURCES * PERCENT // 100
"""What the API server passes on of the deletions before the rest may be within the limit."""
PATIENCE_SECONDS = 90.0
SPF = "v=spf1 mx -all"


@pytest.fixture
def world(new_operator, new_world):
    """A zone with 30 domains of ours."""
    with new_operator() as operator, new_world(operator) as made:
        made.apply(made.tsig(), made.provider(deleteLimit={"percent": PERCENT, "fromValues": 10}))
        made.apply(*[resource(made, number) for number in range(RESOURCES)])
        for number in range(RESOURCES):
            made.wait_ready("MailDomain", f"d{number}", PATIENCE_SECONDS)
        yield made
        made.change("DnsProvider", "zone", deleteLimit={"percent": 100, "fromValues": 10})
        made.delete_all()


def resource(world: World, number: int) -> dict:
    made = world.mail_domain(f"d{number}", domain=f"d{number}.{world.domain}", spf={"mechanisms": ["mx"]})
    made["metadata"]["labels"] = {"doomed": "yes" if number < DOOMED else "no"}
    return made


def standing(world: World) -> set[int]:
    """The domains whose SPF record stands."""
    return {number for number in range(RESOURCES) if SPF in world.zone.txt(f"d{number}")}


def refused(world: World) -> dict[int, str]:
    """The message of each doomed resource that waits for consent."""
    found = {number: world.condition("MailDomain", f"d{number}") for number in range(DOOMED)}
    return {
        number: ready["message"] for number, ready in found.items() if ready.get("reason") == "PlanRefused"
    }


def doomed_left(world: World) -> set[int]:
    return {number for number in range(DOOMED) if world.get("MailDomain", f"d{number}")}


def test_deleting_two_thirds_at_once_waits_for_consent_and_holds_up_nobody_else(world) -> None:
    world.kubectl("delete", "maildomains", "--selector=doomed=yes", "--wait=false")
    world.wait(
        lambda: bool(refused(world)) and set(refused(world)) == doomed_left(world),
        "what is left of the doomed refused",
        PATIENCE_SECONDS,
    )
    assert RESOURCES - len(standing(world)) <= MOST_DELETES
    assert standing(world) >= doomed_left(world)

    world.change("MailDomain", "d25", spf={"mechanisms": ["a"]})
    world.wait_ready("MailDomain", "d25", PATIENCE_SECONDS)
    assert world.zone.txt("d25") == ["v=spf1 a -all"]
    world.change("MailDomain", "d25", spf={"mechanisms": ["mx"]})
    world.wait_ready("MailDomain", "d25", PATIENCE_SECONDS)

    world.wait_for_syncs(3)
    assert RESOURCES - len(standing(world)) <= MOST_DELETES, (
        "the refused deletions went through piece by piece"
    )

    _consent_until_gone(world)
    assert standing(world) == set(range(DOOMED, RESOURCES))


def _consent_until_gone(world: World) -> None:
    """Set the annotation to the digests that the messages name, as an administrator does."""

    def gone() -> bool:
        digests = {
            found[1]
            for message in refused(world).values()
            if (found := re.search(r"mailseal\.dev/confirm-plan=(\w+)", message))
        }
        if digests:
            annotation = f"mailseal.dev/confirm-plan={','.join(sorted(digests))}"
            world.kubectl("annotate", "--overwrite", "dnsprovider", "zone", annotation)
        return not doomed_left(world)

    world.wait(gone, "the confirmed deletions", PATIENCE_SECONDS)
