"""Secrets stay in Secrets, also when something is wrong with them.

Every world of these tests ends with the same look at all that the operator has said.
"""

from __future__ import annotations

import base64

from support.world import World

PLANTED = "Geheim0123456789abcdefghijklmnopqrstuvwxyz"


def test_no_secret_is_in_logs_events_statuses_and_metrics(world: World) -> None:
    world.apply(world.dkim_key(keys=[{"algorithm": "RSA"}, {"algorithm": "Ed25519"}]), world.mail_domain())
    world.wait_ready("DkimKey", "dkim")
    selector = world.status("DkimKey", "dkim")["keys"][0]["selector"]
    pem = world.secret("dkim")[f"{selector}.pem"]
    world.set_secret("dkim", f"{selector}.pem", pem.replace("\n", f"\n{PLANTED}\n", 3))
    world.wait_reason("DkimKey", "dkim", "SecretInvalid")
    world.apply(
        world.tsig(f"{PLANTED}!", name="broken"),
        world.provider(name="broken", credentialsSecretRef={"name": "broken"}),
    )
    world.wait_reason("DnsProvider", "broken", "InvalidConfiguration")
    world.apply(
        world.tsig(base64.b64encode(PLANTED.encode()).decode(), name="wrong"),
        world.provider(name="wrong", credentialsSecretRef={"name": "wrong"}),
    )
    world.wait_reason("DnsProvider", "wrong", "AuthenticationFailed")
    world.delete("Secret", "dkim")
    world.wait_ready("DkimKey", "dkim")
    said = world.said()
    for part in (
        "SecretInvalid",
        "InvalidConfiguration",
        "AuthenticationFailed",
        selector,
        "mailseal_resource_ready{",
    ):
        assert part in said
    assert PLANTED not in said
    world.check_nothing_leaked()


def test_the_look_at_what_was_said_finds_a_secret_there(world: World) -> None:
    """Proves the check above: what is not secret, and shown, is found when it is called a secret."""
    world.apply(world.mail_domain(spf={"mechanisms": ["include:niet.geheim.example"]}))
    world.wait_ready("MailDomain", "mail")
    world.secrets.add("include:niet.geheim.example")
    try:
        world.check_nothing_leaked()
    except AssertionError:
        world.secrets.discard("include:niet.geheim.example")
    else:
        raise AssertionError("a value in the status was not found")
