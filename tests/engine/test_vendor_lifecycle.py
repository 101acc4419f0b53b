"""The main job through the backend of every vendor: mail records come, change and go beside those of others.

What is at stake is the apex TXT set that an organisation shares with others, and its DKIM keys. So what is
others' is looked at after each request that a backend answers.
"""

from __future__ import annotations

import pytest

from mailseal.planning.model import Claim, RecordState
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, RecordType, RRset
from support.backends import AzureHarness, Harness
from support.backends.running import RunningBackends
from support.engine_world import states
from support.planning_world import gone, mail_domain, spf
from support.vendorlife import VendorZone, vendor_zone
from support.vendormail import (
    LABELS,
    OTHER_SPF,
    QUICK_VENDORS,
    SLOW_VENDORS,
    SPF,
    SPF_TAG,
    dkim_record,
    mail,
)

PUBLISHED = {RecordState.PUBLISHED}


@pytest.fixture(params=(*QUICK_VENDORS, *SLOW_VENDORS), ids=lambda kind: kind.name)
def harness(request: pytest.FixtureRequest, vendors: RunningBackends) -> Harness:
    """The backend of each vendor in turn."""
    return vendors.get(request.param)


async def test_mail_records_live_and_die_beside_those_of_others(harness: Harness) -> None:
    async with vendor_zone(harness) as world:
        claims = mail(world.zone)
        before = {label: world.texts(label) for label in ("", "_dmarc.other")}
        outcome = await world.settle(*claims)
        for claim in claims:
            assert states(outcome, claim) == PUBLISHED
        assert [text for text in world.ours() if text.startswith(SPF_TAG)] == [SPF]
        assert world.texts("m1._domainkey") == [dkim_record()]

        await _nothing_is_written_twice(world, claims)
        await _a_change_replaces_one_value(world)
        await _drift_is_repaired_and_what_came_stays(world)

        await world.settle(*(gone(claim) for claim in claims))
        assert world.texts() == sorted([*before[""], "new of others"])
        assert world.texts("_dmarc.other") == before["_dmarc.other"]
        for label in LABELS[1:]:
            assert world.texts(label) == []
        assert world.losses == []


async def _nothing_is_written_twice(world: VendorZone, claims: list[Claim]) -> None:
    version, wrote = world.harness.version(world.zone), len(world.spf_counts)
    await world.settle(*claims)
    assert world.harness.version(world.zone) == version
    assert len(world.spf_counts) == wrote


async def _a_change_replaces_one_value(world: VendorZone) -> None:
    ours = world.ours()
    await world.settle(*mail(world.zone, "mx", "ip4:192.0.2.0/28"))
    assert world.ours() == sorted([OTHER_SPF, *(text for text in ours if text != SPF)])


async def _drift_is_repaired_and_what_came_stays(world: VendorZone) -> None:
    ours = world.ours()
    world.put_apex(without=SPF_TAG, more=["new of others"])
    await world.settle(*mail(world.zone, "mx", "ip4:192.0.2.0/28"))
    assert world.ours() == ours
    assert "new of others" in world.texts()


async def test_a_record_of_others_is_a_conflict_until_it_may_be_replaced(harness: Harness) -> None:
    async with vendor_zone(harness) as world:
        world.put_apex(more=["v=spf1 include:spf.elsewhere.example ~all"])
        before, claims = world.texts(), mail(world.zone)
        outcome = await world.sync(*claims)
        assert RecordState.CONFLICT in states(outcome, claims[0])
        assert states(outcome, claims[2]) == PUBLISHED
        assert set(before) < set(world.texts())

        world.forget(SPF_TAG)
        world.spf_counts.clear()
        await world.settle(mail_domain(domain=str(world.zone), **spf("mx"), adoption="Replace"), *claims[1:])
        assert [text for text in world.texts() if text.startswith(SPF_TAG)] == [SPF]
        assert max(world.spf_counts) == 1
        assert world.losses == []


async def test_an_alias_in_the_way_stops_the_record_below_it_and_no_other(harness: Harness) -> None:
    async with vendor_zone(harness) as world:
        alias = world.key("_dmarc", RecordType.CNAME)
        harness.put(world.zone, RRset(alias, 900, (CnameData(DnsName("dmarc.elsewhere.example")),)))
        claims = mail(world.zone)
        outcome = await world.sync(*claims)
        told = {str(record.key.name): record.state for record in outcome.records[claims[0].owner]}
        assert told[f"_dmarc.{world.zone}"] is RecordState.CONFLICT
        assert SPF in world.texts()
        assert harness.peek(world.zone, alias) is not None
        assert world.texts("_dmarc") == []


async def test_a_full_set_at_azure_refuses_its_owner_and_no_other(vendors: RunningBackends) -> None:
    """A record set of Azure holds 20 values: what does not fit is said, and what is there stays."""
    async with vendor_zone(vendors.get(AzureHarness)) as world:
        world.put_apex(more=[f"site verification {number}" for number in range(16)])
        before, claims = world.texts(), mail(world.zone)
        outcome = await world.sync(*claims)
        told = {record.key.name: record for record in outcome.records[claims[0].owner]}
        assert told[world.zone].state is RecordState.REFUSED
        assert "20 records" in told[world.zone].message
        assert states(outcome, claims[2]) == PUBLISHED
        assert world.texts() == before
        assert world.losses == []
