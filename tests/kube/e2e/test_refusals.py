"""A name server that answers and does not take what it is asked: it is named, and nothing else is held up."""

from __future__ import annotations

from support.world import World

SPF = "v=spf1 ip4:192.0.2.0/28 -all"


def test_a_server_that_takes_no_updates_is_named_and_flaps_nothing(world: World) -> None:
    world.apply(world.mail_domain())
    world.wait_ready("MailDomain", "mail")
    before, content = world.condition("MailDomain", "mail"), world.zone.content()
    world.server.restrict("allow-update { none; };")
    world.apply(world.nta_record())
    message = world.wait_reason("NtaRecord", "nta", "AuthenticationFailed")
    assert f"{world.server.endpoint} answers REFUSED" in message
    assert f"may not update {world.domain}" in message
    assert world.condition("MailDomain", "mail") == before
    assert world.zone.content() == content
    world.server.restrict(None)
    world.wait_ready("NtaRecord", "nta")
    assert world.condition("MailDomain", "mail") == before


def test_a_name_that_the_server_refuses_holds_back_no_other(world: World) -> None:
    key = world.key.name
    world.server.restrict(
        f'update-policy {{ deny "{key}" name _dmarc.{world.domain}; grant "{key}" zonesub ANY; }};'
    )
    world.apply(world.mail_domain(dmarc={"policy": "reject"}), world.nta_record())
    message = world.wait_reason("MailDomain", "mail", "RecordRefused")
    assert f"_dmarc.{world.domain}" in message
    world.wait_ready("NtaRecord", "nta")
    assert world.zone.txt("@", "v=spf1") == [SPF]
    records = world.status("MailDomain", "mail")["records"]
    assert {record["name"]: record["state"] for record in records} == {
        world.domain: "Published",
        f"_dmarc.{world.domain}": "Refused",
    }
    world.server.restrict(None)
    world.wait_ready("MailDomain", "mail")
    assert world.zone.txt("_dmarc") == ["v=DMARC1; p=reject"]


def test_a_zone_that_goes_missing_is_named_and_flaps_nothing_and_is_used_again_once_it_is_back(
    world: World,
) -> None:
    world.apply(world.mail_domain())
    world.wait_ready("MailDomain", "mail")
    before = world.condition("MailDomain", "mail")
    del world.server.zones[world.domain]
    world.server.add_zone("andere.example")
    world.wait(lambda: not world.server.serves(world.domain), "the zone gone")
    world.apply(world.nta_record())
    assert world.domain in world.wait_reason("NtaRecord", "nta", "ZoneNotFound")
    assert world.domain in world.wait_reason("DnsProvider", "zone", "ZoneNotFound")
    world.wait_for_syncs(1, "failed")
    assert world.condition("MailDomain", "mail") == before
    world.server.add_zone(world.domain)
    world.wait_ready("NtaRecord", "nta")
    world.wait_ready("DnsProvider", "zone")
    assert world.zone.txt("@", "v=spf1") == [SPF]
    assert world.condition("MailDomain", "mail") == before
