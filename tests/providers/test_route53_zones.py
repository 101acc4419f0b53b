"""How the route53 provider finds hosted zones: paging, twins, ids, zones that go and come."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from mailseal.providers.base import (
    AuthenticationFailed,
    InvalidConfiguration,
    ZoneNotFound,
)
from mailseal.records.names import DnsName
from support.backends.route53 import Route53Harness
from support.route53records import create, key, operations


@pytest.fixture
def harness() -> Iterator[Route53Harness]:
    running = Route53Harness()
    yield running
    running.close()


async def test_the_longest_suffix_is_found_in_one_request_and_remembered(harness: Route53Harness) -> None:
    for zone in ("zorg.example", "sub.zorg.example", "other.example", "zzz.example"):
        harness.aws.add_zone(zone)
    provider = harness.open_with()

    assert await provider.zone_of(DnsName("_dmarc.a.sub.zorg.example")) == "sub.zorg.example"
    assert await provider.zone_of(DnsName("sel._domainkey.zorg.example")) == "zorg.example"
    assert await provider.zone_of(DnsName("other.example")) == "other.example"
    assert await provider.zone_of(DnsName("subzorg.example.zorg.example")) == "zorg.example"
    assert operations(harness) == {"ListHostedZonesByName": 1}


async def test_zones_on_later_pages_are_found(harness: Route53Harness) -> None:
    harness.aws.account.zones_per_page = 3
    for number in range(20):
        harness.aws.add_zone(f"z{number:02}.example")
    provider = harness.open_with()

    for number in range(20):
        assert await provider.zone_of(DnsName(f"_dmarc.z{number:02}.example")) == f"z{number:02}.example"
    assert operations(harness)["ListHostedZonesByName"] <= 20 // 3 + 2


async def test_all_listed_zones_are_surveyed_with_few_requests(harness: Route53Harness) -> None:
    names = [f"z{number:02}.example" for number in range(30)]
    for name in names:
        harness.aws.add_zone(name)
    provider = harness.open_with(zones=[*names, "missing.example"])

    survey = await provider.survey()
    assert survey.served == tuple(names)
    assert isinstance(survey.faults[DnsName("missing.example")], ZoneNotFound)
    assert operations(harness) == {"ListHostedZonesByName": 1, "ListResourceRecordSets": 30}

    assert (await provider.survey()).served == tuple(names)
    assert operations(harness) == {"ListHostedZonesByName": 1}


@pytest.mark.parametrize("private", [False, True])
async def test_of_public_and_private_twins_the_type_decides(harness: Route53Harness, private: bool) -> None:
    twins = {kind: harness.aws.add_zone("zorg.example", private=kind) for kind in (False, True)}
    zone, where = DnsName("zorg.example"), key("_dmarc.zorg.example")
    provider = harness.open_with(zoneType="Private" if private else "Public")

    await provider.apply(await provider.zone_of(zone), [create(where, b"ours")])

    assert harness.aws.texts(twins[private], where.name, "TXT") == (300, ['"ours"'])
    assert harness.aws.texts(twins[not private], where.name, "TXT") is None


async def test_a_private_zone_below_a_public_one_is_passed_over(harness: Route53Harness) -> None:
    harness.aws.add_zone("zorg.example")
    harness.aws.add_zone("intern.zorg.example", private=True)

    public, private = harness.open_with(), harness.open_with(zoneType="Private")
    assert await public.zone_of(DnsName("x.intern.zorg.example")) == "zorg.example"
    assert await private.zone_of(DnsName("x.intern.zorg.example")) == "intern.zorg.example"


async def test_a_zone_of_the_other_type_is_named(harness: Route53Harness) -> None:
    hidden = harness.aws.add_zone("zorg.example", private=True)

    for ask in (
        harness.open_with().zone_of(DnsName("a.zorg.example")),
        harness.open_with().read(DnsName("zorg.example"), [key("a.zorg.example")]),
    ):
        with pytest.raises(ZoneNotFound, match=f"{hidden.resource_id}.*set zoneType"):
            await ask


async def test_two_public_zones_of_one_name_are_an_error_that_names_both(harness: Route53Harness) -> None:
    first, second = (harness.aws.add_zone("zorg.example") for _ in range(2))
    other = harness.aws.add_zone("other.example")
    provider = harness.open_with(zones=["zorg.example", "other.example"])

    with pytest.raises(InvalidConfiguration, match="hostedZoneIds") as caught:
        await provider.read(DnsName("zorg.example"), [key("zorg.example")])
    assert first.resource_id in str(caught.value)
    assert second.resource_id in str(caught.value)
    survey = await provider.survey()
    assert survey.served == ("other.example",)
    assert isinstance(survey.faults[DnsName("zorg.example")], InvalidConfiguration)

    chosen = harness.open_with(hostedZoneIds=[second.resource_id, other.resource_id])
    await chosen.apply(DnsName("zorg.example"), [create(key("a.zorg.example"), b"ours")])
    assert harness.aws.texts(second, "a.zorg.example", "TXT") == (300, ['"ours"'])
    assert harness.aws.texts(first, "a.zorg.example", "TXT") is None


async def test_with_ids_no_other_zone_is_used_or_listed(harness: Route53Harness) -> None:
    harness.aws.add_zone("zorg.example")
    sub = harness.aws.add_zone("sub.zorg.example")
    provider = harness.open_with(hostedZoneIds=[sub.resource_id])

    assert await provider.zone_of(DnsName("a.sub.zorg.example")) == "sub.zorg.example"
    with pytest.raises(ZoneNotFound, match="no hosted zone"):
        await provider.zone_of(DnsName("a.zorg.example"))
    assert await provider.zones() == ("sub.zorg.example",)
    assert "ListHostedZonesByName" not in operations(harness)


async def test_an_id_of_no_zone_is_an_error(harness: Route53Harness) -> None:
    with pytest.raises(ZoneNotFound, match="NoSuchHostedZone"):
        await harness.open_with(hostedZoneIds=["Z0"]).survey()


async def test_a_zone_made_anew_is_used_at_once(harness: Route53Harness) -> None:
    zone, where = DnsName("zorg.example"), key("a.zorg.example")
    old = harness.aws.add_zone(zone)
    provider = harness.open_with(zones=[zone])
    await provider.apply(zone, [create(where, b"one")])

    harness.aws.remove_zone(old)
    with pytest.raises(ZoneNotFound):
        await provider.read(zone, [where])
    new = harness.aws.add_zone(zone)
    assert await provider.read(zone, [where]) == {}
    await provider.apply(zone, [create(where, b"two")])
    assert harness.aws.texts(new, where.name, "TXT") == (300, ['"two"'])

    harness.aws.remove_zone(new)
    newest = harness.aws.add_zone(zone)
    await provider.apply(zone, [create(where, b"three")])
    assert harness.aws.texts(newest, where.name, "TXT") == (300, ['"three"'])


async def test_a_zone_that_comes_later_is_found_without_waiting_for_the_cache(
    harness: Route53Harness,
) -> None:
    provider = harness.open_with()
    with pytest.raises(ZoneNotFound):
        await provider.zone_of(DnsName("a.zorg.example"))

    harness.aws.add_zone("zorg.example")

    assert await provider.zone_of(DnsName("a.zorg.example")) == "zorg.example"


async def test_an_empty_account_is_asked_all_the_same(harness: Route53Harness) -> None:
    assert (await harness.open_with().survey()).served == ()
    assert operations(harness) == {"ListHostedZonesByName": 1}

    harness.aws.account.keys.clear()
    harness.aws.account.keys.add("another")
    with pytest.raises(AuthenticationFailed, match="InvalidClientTokenId"):
        await harness.open_with().survey()


async def test_a_zone_that_the_policy_leaves_out_hides_no_other(harness: Route53Harness) -> None:
    harness.aws.add_zone("zorg.example")
    harness.aws.account.denied.add("ListResourceRecordSets")

    survey = await harness.open_with(zones=["zorg.example"]).survey()

    assert survey.served == ()
    fault = survey.faults[DnsName("zorg.example")]
    assert isinstance(fault, AuthenticationFailed)
    assert "route53:ListResourceRecordSets" in str(fault)


async def test_who_asks_at_the_same_time_shares_one_request(harness: Route53Harness) -> None:
    names = [f"z{number:02}.example" for number in range(50)]
    for name in names:
        harness.aws.add_zone(name)
    provider = harness.open_with()

    assert await asyncio.gather(*(provider.zone_of(DnsName(f"a.{name}")) for name in names)) == names

    assert operations(harness) == {"ListHostedZonesByName": 1}


async def test_an_id_that_is_gone_hides_no_other(harness: Route53Harness) -> None:
    hosted = harness.aws.add_zone("zorg.example")
    provider = harness.open_with(
        hostedZoneIds=["Z0GONE", hosted.resource_id], zones=["zorg.example", "x.example"]
    )

    survey = await provider.survey()

    assert survey.served == ("zorg.example",)
    assert "none of hostedZoneIds" in str(survey.faults[DnsName("x.example")])
    assert await provider.read(DnsName("zorg.example"), [key("zorg.example")]) == {}


async def test_what_was_found_is_asked_for_again_after_ten_minutes(harness: Route53Harness) -> None:
    now = [0.0]
    harness.aws.add_zone("zorg.example")
    provider = harness.open_with()
    provider._hosted._clock = lambda: now[0]

    for now[0], calls in ((0.0, 1), (599.0, 1), (601.0, 2)):
        assert await provider.zone_of(DnsName("a.zorg.example")) == "zorg.example"
        assert harness.aws.account.operations["ListHostedZonesByName"] == calls
