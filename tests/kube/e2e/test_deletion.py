"""Deleting a resource takes exactly its own values out of DNS, or leaves them where that is wanted."""

from __future__ import annotations

from support.world import World

SPF = "v=spf1 ip4:192.0.2.0/28 -all"


def test_the_quickstart_is_deleted_with_its_provider_and_secret_and_leaves_nothing(new_world) -> None:
    with new_world('@ IN TXT "MS=ms12345678" "x"') as world:
        before = world.zone.content()
        world.apply(world.quickstart())
        world.wait_ready("MailDomain", "zorg-voorbeeld")
        world.wait_ready("DkimKey", "zorg-voorbeeld-dkim")
        world.wait_ready("NtaRecord", "zorg-voorbeeld-nta")
        world.kubectl("delete", "--timeout=60s", "--filename", "-", input=world.quickstart())
        assert world.zone.content() == before


def test_deleting_one_resource_leaves_the_values_of_the_others(world: World) -> None:
    world.apply(world.mail_domain(dmarc={"policy": "none"}), world.nta_record())
    world.wait_ready("MailDomain", "mail")
    world.wait_ready("NtaRecord", "nta")
    world.delete("NtaRecord", "nta")
    world.wait_gone("NtaRecord", "nta")
    assert world.zone.txt("@") == [SPF]
    assert world.condition("MailDomain", "mail")["status"] == "True"


def test_with_deletion_policy_orphan_the_records_stay_and_are_nobodys(world: World) -> None:
    world.apply(world.mail_domain(deletionPolicy="Orphan"))
    world.wait_ready("MailDomain", "mail")
    world.delete("MailDomain", "mail")
    world.wait_gone("MailDomain", "mail")
    assert world.zone.txt("@") == [SPF]
    assert world.zone.txt("_mailseal") == []
    world.apply(world.mail_domain("other", spf={"mechanisms": ["mx"]}))
    assert SPF in world.wait_reason("MailDomain", "other", "ForeignValue")


def test_a_provider_stays_until_the_last_resource_that_uses_it_is_gone(world: World) -> None:
    world.apply(world.mail_domain(), world.nta_record())
    world.wait_ready("MailDomain", "mail")
    world.wait_ready("NtaRecord", "nta")
    world.delete("Secret", "zone-tsig")
    world.delete("DnsProvider", "zone")
    world.delete("NtaRecord", "nta")
    world.wait_gone("NtaRecord", "nta")
    assert world.zone.txt("@") == [SPF]
    assert world.get("DnsProvider", "zone") is not None
    world.delete("MailDomain", "mail")
    world.wait_gone("MailDomain", "mail")
    world.wait_gone("DnsProvider", "zone")
    assert world.zone.txt("@") == []


def test_a_resource_that_never_found_its_provider_is_deleted_at_once(world: World) -> None:
    world.apply(world.mail_domain(providerRef={"name": "nowhere"}))
    world.wait_reason("MailDomain", "mail", "ProviderNotFound")
    world.delete("MailDomain", "mail")
    world.wait_gone("MailDomain", "mail")


def test_a_value_that_somebody_else_put_in_place_of_ours_is_not_deleted(world: World) -> None:
    world.apply(world.mail_domain())
    world.wait_ready("MailDomain", "mail")
    world.zone.delete("@")
    world.zone.add("@", '"v=spf1 +all"')
    world.delete("MailDomain", "mail")
    world.wait_gone("MailDomain", "mail")
    assert world.zone.txt("@") == ["v=spf1 +all"]
    assert world.zone.txt("_mailseal") == []
