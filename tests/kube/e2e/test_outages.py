"""Name servers that are away for a while: what is published stays Ready, what is new waits, all recovers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.servers.bind import BindServer
from support.world import World

SPF = "v=spf1 ip4:192.0.2.0/28 -all"
Act = Callable[[BindServer], None]
OUTAGES = pytest.mark.parametrize(
    ("fail", "recover"),
    [(BindServer.stop, BindServer.start), (BindServer.pause, BindServer.resume)],
    ids=["stopped", "frozen"],
)


@OUTAGES
def test_a_short_outage_flaps_nothing_and_new_resources_say_what_they_wait_for(
    world: World, fail: Act, recover: Act
) -> None:
    world.apply(world.mail_domain())
    world.wait_ready("MailDomain", "mail")
    before, writes = world.condition("MailDomain", "mail"), world.writes("MailDomain")
    fail(world.server)
    try:
        world.wait_for_syncs(1, "failed")
        world.apply(world.nta_record())
        message = world.wait_unreachable("NtaRecord", "nta")
        assert world.server.endpoint in message
    finally:
        recover(world.server)
    world.wait_ready("NtaRecord", "nta")
    world.wait_ready("DnsProvider", "zone")
    assert world.condition("MailDomain", "mail") == before
    assert world.writes("MailDomain") == writes
    assert world.events("MailDomain", "mail") == []
    assert len(world.zone.txt("@")) == 2


def test_a_change_and_a_deletion_during_an_outage_are_made_after_it(world: World) -> None:
    world.apply(world.mail_domain(), world.nta_record())
    world.wait_ready("MailDomain", "mail")
    world.wait_ready("NtaRecord", "nta")
    world.server.stop()
    world.change("MailDomain", "mail", spf={"mechanisms": ["mx"]})
    world.delete("NtaRecord", "nta")
    world.wait_unreachable("MailDomain", "mail")
    world.wait_unreachable("NtaRecord", "nta")
    world.server.start()
    world.wait_ready("MailDomain", "mail")
    world.wait_gone("NtaRecord", "nta")
    assert world.zone.txt("@") == ["v=spf1 mx -all"]


def test_a_resource_that_was_waiting_when_its_server_came_back_needs_nobodys_help(new_world) -> None:
    with new_world() as world:
        world.server.stop()
        world.apply(world.tsig(), world.provider(), world.mail_domain())
        message = world.wait_unreachable("DnsProvider", "zone")
        assert world.server.endpoint in message
        world.wait_unreachable("MailDomain", "mail")
        world.server.start()
        world.wait_ready("MailDomain", "mail")
        world.wait_ready("DnsProvider", "zone")


def test_a_server_that_hangs_holds_back_nobody_elses_zones(new_world) -> None:
    with new_world() as frozen, new_world() as other:
        many = [frozen.mail_domain(f"mail{n}", domain=f"d{n}.{frozen.domain}") for n in range(40)]
        frozen.server.pause()
        try:
            frozen.apply(frozen.tsig(), frozen.provider(deleteLimit={"percent": 100}), *many)
            frozen.wait_unreachable("MailDomain", "mail0")
            other.apply(other.tsig(), other.provider(), other.mail_domain())
            other.wait_ready("MailDomain", "mail", seconds=20)
            assert "suspended since" in frozen.wait_reason("DnsProvider", "zone", "ProviderSuspended")
            provider = f"DnsProvider {frozen.namespace}/zone"
            assert frozen.operator.metric("mailseal_provider_circuit_open", provider=provider) == 1
        finally:
            frozen.server.resume()
        for number in range(40):
            frozen.wait_ready("MailDomain", f"mail{number}")
        assert frozen.operator.metric("mailseal_provider_circuit_open", provider=provider) == 0
