"""Secrets stay in Secrets, also when something is wrong with them.

Every world of these tests ends with the same look at all that the operator has said.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.keysteps import life_of, wait_confirmed, wait_settled, wait_state
from support.keywatch import private_keys
from support.operators import OperatorProcess
from support.secretkeeper import SecretKeeper
from support.signatures import new_key
from support.world import World

PLANTED = "Geheim0123456789abcdefghijklmnopqrstuvwxyz"
LAYOUTS = ["Stable", "OpenDKIM", "Rspamd", "Exim", "DkimpyMilter"]
DUAL: dict[str, Any] = {
    "keys": [{"algorithm": "RSA"}, {"algorithm": "Ed25519"}],
    "selectorTemplate": "{algorithm}-{random}",
    "secret": {"layouts": LAYOUTS},
}
REFUSE_KEYS = (
    "update-policy { deny mailseal-key wildcard *._domainkey.%s.; grant mailseal-key zonesub ANY; };"
)


@pytest.fixture
def keeper(world: World) -> Iterator[SecretKeeper]:
    """Remembers every private key that is in a Secret for a moment, and looks for all of them at the end."""
    with SecretKeeper(world) as running:
        yield running


def test_no_secret_is_in_logs_events_statuses_and_metrics(world: World, keeper: SecretKeeper) -> None:
    world.apply(world.dkim_key(**DUAL), world.mail_domain())
    first = wait_settled(world)
    pem = world.secret("dkim")[f"{first[0]}.pem"]
    world.set_secret("dkim", f"{first[0]}.pem", pem.replace("\n", f"\n{PLANTED}\n", 3))
    second = wait_settled(world, other_than=first)
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
    wait_settled(world, other_than=[*first, *second])
    said = world.said()
    for part in ("KeyRetiring", "InvalidConfiguration", "AuthenticationFailed", first[0], second[1]):
        assert part in said
    assert "mailseal_resource_ready{" in said
    assert PLANTED not in said
    assert keeper.keys >= 6


def test_no_key_is_told_of_while_steps_fail(world: World, keeper: SecretKeeper) -> None:
    """DNS refuses keys, the Secret races, imports are rubbish; each error is reported without its content."""
    world.server.restrict(REFUSE_KEYS % world.domain)
    world.apply(world.dkim_key(**DUAL))
    world.wait_for("DkimKey", "dkim", lambda found: "Refused" in json.dumps(found), "refused")
    for number in range(12):
        world.set_secret("dkim", "selectors", f"rommel-{number}")
        if number % 4 == 0:
            world.delete("Secret", "dkim")
            world.wait(lambda: world.get("Secret", "dkim") is not None, "the Secret again")
    world.server.restrict(None)
    signing = wait_settled(world, seconds=90)
    rubbish = [
        new_key().replace("PRIVATE", "PRIV", 1),
        f"-----BEGIN RSA PRIVATE KEY-----\n{PLANTED}\n-----END RSA PRIVATE KEY-----\n",
        new_key(2048)[:-200],
    ]
    for number, text in enumerate(rubbish):
        world.secrets.add(re.sub("-----.*?-----|\n", "", text)[-40:])
        entry = {"selector": f"oud{number}", "secretName": f"oud{number}", "secretKey": "key.private"}
        world.apply(
            world.manifest("Secret", f"oud{number}", stringData={"key.private": text}),
            world.dkim_key(f"dkim{number}", imports=[entry]),
        )
        world.wait_reason("DkimKey", f"dkim{number}", "ImportFailed")
    for text in rubbish:
        world.set_secret("dkim", f"{signing[0]}.pem", text)
        signing = wait_settled(world, other_than=signing, seconds=90)
    assert keeper.keys >= 8
    assert PLANTED not in world.said()


def test_a_published_private_key_is_in_its_config_map_only(world: World, keeper: SecretKeeper) -> None:
    world.apply(world.dkim_key(revocation={"keepFor": "1h", "publishPrivateKey": True}))
    (old,) = wait_settled(world)
    world.annotate("DkimKey", "dkim", rotate="nu")
    wait_confirmed(world, other_than=[old])
    wait_state(world, old, "Revoked")
    assert private_keys(world.secret("dkim-retired")).keys() == {old}
    assert keeper.keys >= 2


def test_the_operator_that_is_killed_says_nothing_of_the_keys(
    world: World,
    keeper: SecretKeeper,
    operator: OperatorProcess,
) -> None:
    world.apply(world.dkim_key(**DUAL))
    for number in range(4):
        made = life_of(world).made
        world.annotate("DkimKey", "dkim", rotate=f"{number}")
        world.wait(lambda before=made: life_of(world).made > before or life_of(world).coming, "a step")
        operator.kill()
        operator.start()
        wait_confirmed(world)
    wait_settled(world, seconds=90)
    assert keeper.keys >= 4


def test_nothing_is_written_to_files(world: World, keeper: SecretKeeper, operator: OperatorProcess) -> None:
    """The operator has no file open but its log: a key is in its memory only."""
    world.apply(world.dkim_key(**DUAL))
    wait_settled(world)
    assert operator.process is not None
    opened = [
        link.readlink() for link in Path(f"/proc/{operator.process.pid}/fd").iterdir() if _is_there(link)
    ]
    files = {path for path in opened if path.is_absolute() and path.is_file()}
    assert files <= {operator.log}


def _is_there(link: Path) -> bool:
    try:
        link.readlink()
    except OSError:
        return False
    return True


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
