"""What a provider needs and lacks is said on it and on its resources, and both recover once it is there."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from support.world import World

SPF = "v=spf1 ip4:192.0.2.0/28 -all"
OTHER_KEY = base64.b64encode(b"another key of 32 bytes, not his").decode()


@pytest.fixture
def bare(new_world) -> Iterator[World]:
    """A world without provider and Secret."""
    with new_world() as world:
        yield world


def test_a_wrong_key_is_named_with_advice_and_its_correction_is_noticed(bare: World) -> None:
    bare.apply(bare.tsig(OTHER_KEY), bare.provider(), bare.mail_domain())
    message = bare.wait_reason("DnsProvider", "zone", "AuthenticationFailed")
    assert bare.server.endpoint in message
    assert "TSIG" in message
    assert "compare" in message
    assert "TSIG" in bare.wait_reason("MailDomain", "mail", "AuthenticationFailed")
    assert ("AuthenticationFailed", message) in bare.events("DnsProvider", "zone")
    bare.apply(bare.tsig())
    bare.wait_ready("DnsProvider", "zone")
    bare.wait_ready("MailDomain", "mail")
    assert bare.zone.txt("@") == [SPF]


def test_a_key_that_becomes_wrong_is_noticed_and_takes_nothing_away(world: World) -> None:
    world.apply(world.mail_domain())
    world.wait_ready("MailDomain", "mail")
    world.apply(world.tsig(OTHER_KEY))
    world.wait_reason("DnsProvider", "zone", "AuthenticationFailed")
    assert world.zone.txt("@") == [SPF]
    world.apply(world.tsig())
    world.wait_ready("DnsProvider", "zone")
    world.wait_ready("MailDomain", "mail")


@pytest.mark.parametrize(
    ("data", "reason", "says"),
    [
        (None, "SecretNotFound", "zone-tsig does not exist: create it"),
        ({"password": "c2VjcmV0"}, "InvalidConfiguration", "no key 'tsig-secret'"),
        ({"tsig-secret": "kein base64!"}, "InvalidConfiguration", "base64"),
    ],
    ids=["missing", "other-key", "not-base64"],
)
def test_an_unusable_secret_is_explained_and_its_correction_is_noticed(
    bare: World, data: dict[str, Any] | None, reason: str, says: str
) -> None:
    secret = [bare.manifest("Secret", "zone-tsig", stringData=data)] if data else []
    bare.apply(*secret, bare.provider(), bare.mail_domain())
    assert says in bare.wait_reason("DnsProvider", "zone", reason)
    assert says in bare.wait_reason("MailDomain", "mail", "ProviderNotReady")
    bare.apply(bare.tsig())
    bare.wait_ready("MailDomain", "mail")


def test_a_zone_that_the_server_lacks_is_named_and_used_once_it_is_there(bare: World) -> None:
    zone = f"later.{bare.domain}"
    bare.apply(bare.tsig(), bare.provider(zones=[zone]), bare.mail_domain(domain=zone))
    message = bare.wait_reason("DnsProvider", "zone", "ZoneNotFound")
    assert zone in message
    assert zone in bare.wait_reason("MailDomain", "mail", "ZoneNotFound")
    bare.server.add_zone(zone)
    bare.wait_ready("DnsProvider", "zone")
    bare.wait_ready("MailDomain", "mail")
    assert bare.zone.txt("later") == [SPF]


def test_a_domain_outside_the_zones_of_the_provider_is_refused(world: World) -> None:
    world.apply(world.mail_domain(domain="elders.example"))
    assert "elders.example" in world.wait_reason("MailDomain", "mail", "ZoneNotFound")


def test_resources_wait_for_a_provider_that_is_made_after_them(bare: World) -> None:
    bare.apply(bare.mail_domain())
    message = bare.wait_reason("MailDomain", "mail", "ProviderNotFound")
    assert f"DnsProvider {bare.namespace}/zone does not exist" in message
    bare.apply(bare.tsig(), bare.provider())
    bare.wait_ready("MailDomain", "mail")
    assert bare.zone.txt("@") == [SPF]


def test_zones_that_are_not_listed_are_found_by_asking_the_server(bare: World) -> None:
    bare.apply(bare.tsig(), bare.provider(zones=[]), bare.mail_domain(domain=f"sub.{bare.domain}"))
    bare.wait_ready("MailDomain", "mail")
    assert bare.zone.txt("sub") == [SPF]
