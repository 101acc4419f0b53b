"""Published means that every authoritative server answers it, removed that none does any more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.dnszone import DnsZone
from support.servers.bind import BindServer
from support.world import World
from support.worldmanifests import PROVIDER

SPF = "v=spf1 ip4:192.0.2.0/28 -all"


@pytest.fixture
def secondary(new_world) -> Iterator[tuple[World, BindServer]]:
    """A world whose zone has a second name server that hears of no change until it is started again."""
    with new_world() as world, BindServer(primary=world.server, notified=False) as second:
        world.apply(world.tsig(), world.provider(nameservers=[world.server.endpoint, second.endpoint]))
        yield world, second
        world.change("DnsProvider", PROVIDER, nameservers=[world.server.endpoint])
        world.delete_all()


@pytest.fixture
def published(secondary: tuple[World, BindServer]) -> tuple[World, BindServer]:
    """The same with a MailDomain whose record the secondary was slow to answer, and answers."""
    world, second = secondary
    world.apply(world.mail_domain())
    world.wait_reason("MailDomain", "mail", "NotYetAnswered")
    _catch_up(second)
    world.wait_ready("MailDomain", "mail")
    return secondary


def _catch_up(second: BindServer) -> None:
    """Have the secondary transfer the zone."""
    second.stop()
    second.start()


def test_a_record_propagates_until_the_last_server_answers_it(secondary: tuple[World, BindServer]) -> None:
    world, second = secondary
    world.apply(world.mail_domain())
    message = world.wait_reason("MailDomain", "mail", "NotYetAnswered")
    assert second.endpoint in message
    assert world.zone.txt("@") == [SPF]
    (record,) = world.status("MailDomain", "mail")["records"]
    assert record["state"] == "Propagating"
    writes, serial = world.writes("MailDomain"), world.zone.serial
    world.wait_for_syncs(1, "unsettled")
    assert (world.writes("MailDomain"), world.zone.serial) == (writes, serial)
    _catch_up(second)
    world.wait_ready("MailDomain", "mail")
    assert DnsZone(second, world.domain).txt("@") == [SPF]


def test_a_deleted_resource_stays_until_no_server_answers_its_record(
    published: tuple[World, BindServer],
) -> None:
    world, second = published
    world.delete("MailDomain", "mail")
    message = world.wait_reason("MailDomain", "mail", "NotYetAnswered")
    assert f"{second.endpoint} still answers a removed value" in message
    assert world.zone.txt("@") == []
    assert DnsZone(second, world.domain).txt("@") == [SPF]
    _catch_up(second)
    world.wait_gone("MailDomain", "mail")
    assert DnsZone(second, world.domain).txt("@") == []


def test_a_secondary_that_is_down_keeps_new_records_from_ready_and_old_ones_as_they_are(
    published: tuple[World, BindServer],
) -> None:
    world, second = published
    before = world.condition("MailDomain", "mail")
    second.stop()
    world.apply(world.nta_record())
    assert second.endpoint in world.wait_reason("NtaRecord", "nta", "NotYetAnswered")
    world.wait_for_syncs(1)
    assert world.condition("MailDomain", "mail") == before
    second.start()
    world.wait_ready("NtaRecord", "nta")
