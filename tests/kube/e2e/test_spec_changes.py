"""A changed spec becomes one change in DNS and one write of the status."""

from __future__ import annotations

from typing import Any

import pytest

from support.world import World


def test_a_changed_spf_record_is_replaced_in_one_step(world: World) -> None:
    world.apply(world.mail_domain())
    world.wait_ready("MailDomain", "mail")
    old, new = "v=spf1 ip4:192.0.2.0/28 -all", "v=spf1 mx ip4:192.0.2.9 ~all"
    with world.zone.watched("@", "v=spf1") as seen:
        world.wait(lambda: (old,) in seen, "the watcher sees the old record")
        world.change("MailDomain", "mail", spf={"mechanisms": ["mx", "ip4:192.0.2.9"], "all": "softfail"})
        world.wait(lambda: (new,) in seen, "the watcher sees the new record")
        world.wait_ready("MailDomain", "mail")
    assert seen == {(old,), (new,)}


@pytest.mark.parametrize(
    ("kind", "fields", "name", "wanted"),
    [
        ("MailDomain", {"spf": {"mechanisms": ["mx"]}}, "@", "v=spf1 mx -all"),
        ("MailDomain", {"dmarc": {"policy": "reject"}}, "_dmarc", "v=DMARC1; p=reject"),
        ("NtaRecord", {"provider": "zivver", "ntamx": []}, "@", "provider=zivver"),
    ],
    ids=["spf", "dmarc", "nta"],
)
def test_a_change_costs_one_write_and_leaves_nothing_of_the_old_value(
    world: World, kind: str, fields: dict[str, Any], name: str, wanted: str
) -> None:
    world.apply(world.mail_domain(dmarc={"policy": "none"}), world.nta_record())
    objects = {"MailDomain": "mail", "NtaRecord": "nta"}
    for each, called in objects.items():
        world.wait_ready(each, called)
    before, writes = world.zone.txt(name), world.writes()
    world.change(kind, objects[kind], **fields)
    world.wait_ready(kind, objects[kind])
    after = world.zone.txt(name)
    assert world.writes() - writes == 1
    assert len(set(before) & set(after)) == len(before) - 1 == len(after) - 1
    assert sum(text.endswith(wanted) for text in after) == 1


def test_records_that_are_no_longer_asked_for_go(world: World) -> None:
    world.apply(world.mail_domain(dmarc={"policy": "none"}, tlsRpt={"rua": ["mailto:tls@voorbeeld.example"]}))
    world.wait_ready("MailDomain", "mail")
    world.change("MailDomain", "mail", dmarc=None, tlsRpt=None)
    world.wait_ready("MailDomain", "mail")
    assert world.zone.txt("_dmarc") == world.zone.txt("_smtp._tls") == []
    assert world.zone.txt("@") == ["v=spf1 ip4:192.0.2.0/28 -all"]
    (record,) = world.status("MailDomain", "mail")["records"]
    assert record["name"] == world.domain


def test_a_parked_domain_sends_and_takes_no_mail(world: World) -> None:
    world.apply(world.mail_domain())
    world.wait_ready("MailDomain", "mail")
    world.change("MailDomain", "mail", spf=None, parked=True)
    world.wait_ready("MailDomain", "mail")
    assert world.zone.txt("@") == ["v=spf1 -all"]
    assert world.zone.txt("_dmarc") == ["v=DMARC1; p=reject"]
    exchange = world.server.query(world.domain, "MX")
    assert exchange is not None
    assert [rdata.to_text() for rdata in exchange] == ["0 ."]


def test_a_changed_ttl_is_published(world: World) -> None:
    world.apply(world.mail_domain())
    world.wait_ready("MailDomain", "mail")
    world.change("MailDomain", "mail", ttlSeconds=300)
    world.wait_ready("MailDomain", "mail")
    world.wait(lambda: world.zone.ttl_seconds("@") == 300, "the new TTL")
