"""What a provider lets mailseal do in its zones."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from support.world import World

FOREIGN_SPF = "v=spf1 +all"
SPF = "v=spf1 ip4:192.0.2.0/28 -all"


def test_dry_run_writes_nothing_and_says_what_it_would_write(new_world) -> None:
    with new_world(f'@ IN TXT "{FOREIGN_SPF}"') as world:
        before, serial = world.zone.content(), world.zone.serial
        world.apply(
            world.tsig(),
            world.provider(policy="DryRun"),
            world.mail_domain(dmarc={"policy": "reject"}, adoption="Replace"),
            world.nta_record(),
        )
        assert "policy is DryRun" in world.wait_reason("MailDomain", "mail", "DryRun")
        world.wait_reason("NtaRecord", "nta", "DryRun")
        records = world.status("MailDomain", "mail")["records"]
        assert {(record["value"], record["state"]) for record in records} == {
            (SPF, "Pending"),
            ("v=DMARC1; p=reject", "Pending"),
        }
        writes = world.writes("MailDomain"), world.writes("NtaRecord")
        world.wait_for_syncs(1)
        assert (world.zone.content(), world.zone.serial) == (before, serial)
        assert (world.writes("MailDomain"), world.writes("NtaRecord")) == writes
        world.change("DnsProvider", "zone", policy="Sync")
        world.wait_ready("MailDomain", "mail")
        world.wait_ready("NtaRecord", "nta")
        assert world.zone.txt("@", "v=spf1") == [SPF]
        assert world.zone.txt("_dmarc") == ["v=DMARC1; p=reject"]


def test_a_resource_that_published_nothing_in_a_dry_run_is_deleted(new_world) -> None:
    with new_world() as world:
        world.apply(world.tsig(), world.provider(policy="DryRun"), world.mail_domain())
        world.wait_reason("MailDomain", "mail", "DryRun")
        world.delete("MailDomain", "mail")
        world.wait_gone("MailDomain", "mail")


def test_a_published_resource_that_is_deleted_in_a_dry_run_stays_until_it_may_be_removed(
    world: World,
) -> None:
    world.apply(world.mail_domain())
    world.wait_ready("MailDomain", "mail")
    world.change("DnsProvider", "zone", policy="DryRun")
    world.delete("MailDomain", "mail")
    world.wait_reason("MailDomain", "mail", "DryRun")
    assert world.zone.txt("@") == [SPF]
    world.change("DnsProvider", "zone", policy="Sync")
    world.wait_gone("MailDomain", "mail")
    assert world.zone.txt("@") == []


def test_upsert_only_adds_and_changes_but_never_removes(new_world) -> None:
    with new_world() as world:
        world.apply(
            world.tsig(), world.provider(policy="UpsertOnly"), world.mail_domain(dmarc={"policy": "none"})
        )
        world.wait_ready("MailDomain", "mail")
        world.change("MailDomain", "mail", spf={"mechanisms": ["mx"]}, dmarc=None)
        world.wait_ready("MailDomain", "mail")
        assert world.zone.txt("@") == ["v=spf1 mx -all"]
        assert world.zone.txt("_dmarc") == ["v=DMARC1; p=none"]
        records = world.status("MailDomain", "mail")["records"]
        (left,) = (record for record in records if record["name"] == f"_dmarc.{world.domain}")
        assert "UpsertOnly" in left["message"]
        world.delete("MailDomain", "mail")
        world.wait_gone("MailDomain", "mail")
        assert world.zone.txt("@") == ["v=spf1 mx -all"]


@pytest.fixture
def limited(new_world) -> Iterator[World]:
    """A provider that lets nothing be deleted without a confirmation."""
    with new_world() as world:
        world.apply(world.tsig(), world.provider(deleteLimit={"percent": 0, "fromValues": 0}))
        yield world
        world.change("DnsProvider", "zone", deleteLimit={"percent": 100})


def test_deletions_over_the_limit_wait_for_a_confirmation(limited: World) -> None:
    limited.apply(limited.mail_domain(dmarc={"policy": "none"}), limited.nta_record())
    limited.wait_ready("MailDomain", "mail")
    limited.wait_ready("NtaRecord", "nta")
    nta = limited.zone.txt("@", "v=NTA")
    limited.delete("NtaRecord", "nta")
    message = limited.wait_reason("NtaRecord", "nta", "PlanRefused")
    limited.change("MailDomain", "mail", spf={"mechanisms": ["mx"]}, dmarc={"policy": "reject"})
    limited.wait_ready("MailDomain", "mail")
    assert limited.zone.txt("_dmarc") == ["v=DMARC1; p=reject"]
    assert limited.zone.txt("@", "v=NTA") == nta
    digest = re.search(r"mailseal\.dev/confirm-plan=(\w+)", message)
    assert digest is not None, message
    limited.kubectl("annotate", "dnsprovider", "zone", digest[0])
    limited.wait_gone("NtaRecord", "nta")
    assert limited.zone.txt("@") == ["v=spf1 mx -all"]
