"""The operator's loops with a DkimKey in two zones: neither runs ahead, and the statuses are one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailseal.engine import ZoneOutcome
from mailseal.engine.backends import ReadBack
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube import zonekeeper
from mailseal.kube.claims import claim_of
from mailseal.kube.objects import FINALIZER
from mailseal.kube.parts import parts_of
from mailseal.providers.base import Unavailable
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from support.engine_world import rrset
from support.fakeoperator import DNS, FakeCluster
from support.planning_world import ZONE, txt_key

KEYS_ZONE = DnsName("keys.example")
KEYS = ObjectKey("DnsProvider", "mail", "keys")
OFTEN = timedelta(seconds=0.3)
QUICK = {"propagationTime": "1s", "retireAfter": "0s"}


@pytest.fixture
def two_zones(cluster: FakeCluster) -> FakeCluster:
    """The cluster with a second zone behind a provider of its own."""
    cluster.backend.add_zone(KEYS_ZONE)
    cluster.provider("keys", zones=[str(KEYS_ZONE)])
    return cluster


def delegated(
    cluster: FakeCluster, domain: str = KEYS_ZONE, provider: str = "keys", **fields: object
) -> ObjectKey:
    spec = {"domain": domain, "providerRef": {"name": provider}}
    return cluster.dkim_key(delegation=spec, rotation=QUICK, **fields)


def names(cluster: FakeCluster, zone: DnsName) -> list[str]:
    """What stands at selectors, as name and type."""
    return sorted(str(key) for key in cluster.backend.rrsets(zone) if "_domainkey" in key.name)


def selectors(cluster: FakeCluster, state: str = "") -> list[str]:
    keys = cluster.kube.objects[ObjectKey("DkimKey", "mail", "dkim")].get("status", {}).get("keys", ())
    return [key["selector"] for key in keys if state in {"", key["state"]}]


async def wait_active(cluster: FakeCluster, other_than: str = "") -> str:
    """Let the time pass until a key signs; its selector."""

    def signs() -> bool:
        cluster.now += timedelta(seconds=20)
        return bool(set(selectors(cluster, "Active")) - {other_than})

    await cluster.wait(signs, "a key that signs")
    (selector,) = set(selectors(cluster, "Active")) - {other_than}
    return selector


async def test_one_resource_is_published_in_both_zones_and_told_in_one_status(two_zones) -> None:
    async with two_zones.operator(resync=OFTEN):
        key = delegated(two_zones)
        await two_zones.wait_ready(key)
        (selector,) = selectors(two_zones)
        assert names(two_zones, ZONE) == [f"{selector}._domainkey.{ZONE} CNAME"]
        assert names(two_zones, KEYS_ZONE) == [f"{selector}._domainkey.{KEYS_ZONE} TXT"]
        assert len(two_zones.kube.objects[key]["status"]["records"]) == 2
        assert await wait_active(two_zones) == selector


async def test_two_domains_in_one_zone_are_told_in_one_status_too(cluster) -> None:
    async with cluster.operator(resync=OFTEN):
        key = delegated(cluster, f"keys.{ZONE}", "dns")
        await cluster.wait_ready(key)
        selector = await wait_active(cluster)
        assert names(cluster, ZONE) == [
            f"{selector}._domainkey.{ZONE} CNAME",
            f"{selector}._domainkey.keys.{ZONE} TXT",
        ]
        assert len(cluster.kube.objects[key]["status"]["records"]) == 2
        cluster.kube.delete(key)
        await cluster.wait_gone(key)
        assert cluster.backend.rrsets(ZONE) == {}


@pytest.mark.parametrize("in_one_zone", [True, False])
async def test_coming_back_to_either_zone_writes_nothing(two_zones, in_one_zone: bool) -> None:
    async with two_zones.operator(resync=OFTEN):
        key = delegated(two_zones, f"keys.{ZONE}", "dns") if in_one_zone else delegated(two_zones)
        await two_zones.wait_ready(key)
        await wait_active(two_zones)
        keys = two_zones.kube.objects[key]["status"]["keys"]
        two_zones.now += timedelta(minutes=1)
        await two_zones.wait(lambda: "confirmed" in life(two_zones), "the switch confirmed")
        reads = two_zones.backend.reads
        await two_zones.wait(lambda: two_zones.backend.reads > reads + 8, "settled")
        writes, dns_writes, reads = two_zones.kube.writes, two_zones.backend.writes, two_zones.backend.reads
        await two_zones.wait(lambda: two_zones.backend.reads > reads + 12, "looked again")
        assert (two_zones.kube.writes, two_zones.backend.writes) == (writes, dns_writes)
        assert len(keys) == 1


def life(cluster: FakeCluster) -> str:
    return str(cluster.kube.objects[ObjectKey("DkimKey", "mail", "dkim")]["status"].get("keyLife"))


async def test_what_one_zone_refuses_moves_nothing_in_the_life_of_the_keys_and_is_told(two_zones) -> None:
    def refuse(change: RRsetChange) -> str | None:
        return "no keys here" if change.key.name.endswith(f"_domainkey.{KEYS_ZONE}") else None

    two_zones.backend.faults.refuse = refuse
    async with two_zones.operator(resync=OFTEN):
        key = delegated(two_zones)
        message = await two_zones.wait_reason(key, "RecordRefused")
        assert f"_domainkey.{KEYS_ZONE}" in message
        two_zones.now += timedelta(hours=5)
        reads = two_zones.backend.reads
        await two_zones.wait(lambda: two_zones.backend.reads > reads + 8, "looked again")
        assert selectors(two_zones, "Prepared") == selectors(two_zones)
        two_zones.backend.faults.refuse = None
        await two_zones.wait_ready(key)
        await wait_active(two_zones)


async def test_a_provider_that_does_not_admit_the_other_domain_is_named_and_neither_zone_written(
    two_zones,
) -> None:
    allowed = {"allowedNamespaces": ["mail"], "allowedDomains": {"mail": [str(ZONE)]}}
    two_zones.provider("shared", "ClusterDnsProvider", zones=[str(KEYS_ZONE)], **allowed)
    ref = {"name": "shared", "kind": "ClusterDnsProvider"}
    async with two_zones.operator(resync=OFTEN):
        key = two_zones.dkim_key(delegation={"domain": KEYS_ZONE, "providerRef": ref})
        message = await two_zones.wait_reason(key, "ProviderNotAllowed")
        assert "ClusterDnsProvider shared" in message
        assert KEYS_ZONE in message
        assert (names(two_zones, ZONE), names(two_zones, KEYS_ZONE)) == ([], [])
        assert FINALIZER not in two_zones.kube.objects[key]["metadata"].get("finalizers", ())


async def test_a_key_whose_second_provider_is_not_there_waits_for_it(two_zones) -> None:
    async with two_zones.operator(resync=OFTEN):
        key = delegated(two_zones, provider="later")
        message = await two_zones.wait_reason(key, "ProviderNotFound")
        assert "DnsProvider mail/later" in message
        assert "spec.delegation.providerRef" in message
        assert names(two_zones, ZONE) == []
        two_zones.provider("later", zones=[str(KEYS_ZONE)])
        await two_zones.wait_ready(key)


async def test_the_second_provider_is_held_until_the_key_is_gone(two_zones) -> None:
    kube = two_zones.kube
    async with two_zones.operator(resync=OFTEN, secret_poll=timedelta(seconds=0.2)):
        key = delegated(two_zones)
        await two_zones.wait_ready(key)
        await two_zones.wait(lambda: kube.objects[KEYS]["metadata"].get("finalizers"), "provider held")
        kube.delete(KEYS)
        kube.delete(key)
        await two_zones.wait_gone(key)
        await two_zones.wait_gone(KEYS)
        assert two_zones.backend.rrsets(ZONE) == two_zones.backend.rrsets(KEYS_ZONE) == {}


async def test_records_that_stay_in_one_zone_keep_the_resource_although_the_other_is_clean(two_zones) -> None:
    def refuse(change: RRsetChange) -> str | None:
        is_removal = change.after is None and "_domainkey" in change.key.name
        return "read only" if is_removal and change.key.name.endswith(KEYS_ZONE) else None

    async with two_zones.operator(resync=OFTEN):
        key = delegated(two_zones)
        await two_zones.wait_ready(key)
        await wait_active(two_zones)
        two_zones.backend.faults.refuse = refuse
        two_zones.kube.delete(key)
        await two_zones.wait(lambda: names(two_zones, ZONE) == [], "the CNAME removed")
        reads = two_zones.backend.reads
        await two_zones.wait(lambda: two_zones.backend.reads > reads + 8, "looked again")
        assert key in two_zones.kube.objects
        assert len(names(two_zones, KEYS_ZONE)) == 1
        two_zones.backend.faults.refuse = None
        await two_zones.wait_gone(key)
        assert names(two_zones, KEYS_ZONE) == []


async def test_the_keys_may_move_to_another_provider_of_their_domain(two_zones) -> None:
    two_zones.provider("moved", zones=[str(KEYS_ZONE)])
    async with two_zones.operator(resync=OFTEN):
        key = delegated(two_zones)
        await two_zones.wait_ready(key)
        selector = await wait_active(two_zones)
        before = names(two_zones, KEYS_ZONE)
        delegated(two_zones, provider="moved")
        await two_zones.wait_ready(key)
        assert names(two_zones, KEYS_ZONE) == before
        assert selectors(two_zones) == [selector]


async def test_what_the_old_provider_answered_proves_nothing_once_the_keys_shall_move(
    two_zones, monkeypatch
) -> None:
    async def an_hour(observer: ReadBack) -> timedelta:
        return timedelta(hours=1)

    monkeypatch.setattr(ReadBack, "negative_caching_time", an_hour)
    two_zones.provider("moved", zones=[str(KEYS_ZONE)], policy="DryRun")
    async with two_zones.operator():
        key = delegated(two_zones)
        await two_zones.wait(lambda: bool(selectors(two_zones, "Published")), "published")
        await two_zones.wait_ready(key)
        two_zones.backend.remove(
            next(name for name in two_zones.backend.rrsets(KEYS_ZONE) if "_domainkey" in name.name)
        )
        two_zones.now += timedelta(hours=5)
        delegated(two_zones, provider="moved")
        await two_zones.wait_reason(key, "DryRun")
        assert selectors(two_zones, "Active") == []


async def test_a_zone_that_could_not_be_read_proves_nothing_whatever_it_proved_before(two_zones) -> None:
    async with two_zones.operator() as controller:
        key = delegated(two_zones)
        await two_zones.wait_ready(key)
        await wait_active(two_zones)
        keeper, runtime = controller._key_keeper, controller._runtime
        resource, view = runtime.store.get(key), runtime.secrets.view(key)
        assert resource is not None
        assert view is not None
        await two_zones.wait(lambda: keeper.facts(resource, view).sighting is not None, "both zones seen")
        for part in parts_of(resource):
            claim = claim_of(part, view)
            assert claim is not None
            failed = ZoneOutcome({}, failure=Unavailable("no answer"))
            assert keeper.saw(part, claim, view.life.revision, failed) is None
            assert keeper.facts(resource, view).sighting is None


async def test_keys_of_many_mail_domains_stand_at_one_domain_side_by_side(two_zones) -> None:
    async with two_zones.operator(resync=OFTEN):
        spec = {"domain": KEYS_ZONE, "providerRef": {"name": "keys"}}
        keys = [
            two_zones.dkim_key(f"d{number}", domain=f"d{number}.{ZONE}", delegation=spec)
            for number in range(5)
        ]
        await two_zones.wait_ready(*keys)
        assert len(names(two_zones, KEYS_ZONE)) == 5
        two_zones.kube.delete(keys[0])
        two_zones.now += timedelta(days=30)
        await two_zones.wait(lambda: len(names(two_zones, ZONE)) == 4, "the CNAME of one removed")
        assert two_zones.kube.is_ready(keys[1])


def reasons(cluster: FakeCluster) -> list[str]:
    return [str(reason) for name, reason, _ in cluster.kube.events if name == "dkim"]


@pytest.mark.parametrize("zone", [ZONE, KEYS_ZONE])
async def test_what_somebody_deletes_in_either_zone_is_repaired_and_told_once(
    two_zones, zone: DnsName
) -> None:
    async with two_zones.operator(resync=OFTEN):
        await two_zones.wait_ready(delegated(two_zones))
        await wait_active(two_zones)
        before = names(two_zones, zone)
        (key,) = (key for key in two_zones.backend.rrsets(zone) if "_domainkey" in key.name)
        two_zones.backend.remove(key)
        await two_zones.wait(lambda: names(two_zones, zone) == before, "the record as it was")
        reads = two_zones.backend.reads
        await two_zones.wait(lambda: two_zones.backend.reads > reads + 8, "looked again")
        assert reasons(two_zones).count("DriftRepaired") == 1


async def test_a_key_that_is_revoked_and_removed_is_no_repair(two_zones) -> None:
    async with two_zones.operator(resync=OFTEN):
        key = delegated(two_zones)
        old = await wait_active(two_zones)
        two_zones.kube.annotate(key, "mailseal.dev/rotate", "now")
        await wait_active(two_zones, other_than=old)

        def is_over() -> bool:
            two_zones.now += timedelta(days=1)
            return old not in selectors(two_zones)

        await two_zones.wait(is_over, "the old key gone")
        assert len(names(two_zones, ZONE)) == len(names(two_zones, KEYS_ZONE)) == 1
        assert set(reasons(two_zones)) == {
            *("KeyPrepared", "KeyPublished", "KeyActive", "KeyRetiring", "KeyRevoked", "KeyGone")
        }


async def test_a_deletion_with_everything_forgotten_still_retires_what_stands_in_both_zones(
    two_zones,
) -> None:
    """A namespace that was restored without Secrets and statuses, and is deleted at once."""
    kube = two_zones.kube
    async with two_zones.operator(resync=OFTEN):
        key = delegated(two_zones)
        await two_zones.wait_ready(key)
        selector = await wait_active(two_zones)
    del kube.objects[ObjectKey("Secret", "mail", "dkim")]
    kube.objects[key]["status"] = {}
    kube.delete(key)
    two_zones.now += timedelta(hours=1)
    async with two_zones.operator(resync=OFTEN):
        await two_zones.wait(lambda: selectors(two_zones, "Retiring") == [selector], "the key found again")
        assert len(names(two_zones, ZONE)) == len(names(two_zones, KEYS_ZONE)) == 1

        def is_gone() -> bool:
            two_zones.now += timedelta(days=1)
            return key not in kube.objects

        await two_zones.wait(is_gone, "the resource gone")
        assert two_zones.backend.rrsets(ZONE) == two_zones.backend.rrsets(KEYS_ZONE) == {}


OTHER_KEY = "v=DKIM1; k=ed25519; p=aZ4rFqNqz0oIAMlqlYGgBDU7dbEUJFfrXpMs7nbCyX4="


async def test_no_cname_of_ours_goes_on_leading_to_a_key_of_somebody_else(two_zones) -> None:
    at = txt_key(f"vast1._domainkey.{KEYS_ZONE}")
    two_zones.backend.put(rrset(at, OTHER_KEY))
    async with two_zones.operator(resync=OFTEN):
        key = delegated(two_zones, selectorTemplate="vast{number}")
        await two_zones.wait(lambda: selectors(two_zones) == ["vast2"], "another selector and no other")
        alias = f"vast2._domainkey.{ZONE} CNAME"
        await two_zones.wait(lambda: names(two_zones, ZONE) == [alias], "the other CNAME removed")
        await two_zones.wait_ready(key)
        assert names(two_zones, KEYS_ZONE) == [str(at), f"vast2._domainkey.{KEYS_ZONE} TXT"]
        assert two_zones.backend.rrsets(KEYS_ZONE)[at] == rrset(at, OTHER_KEY)


async def test_a_deletion_takes_the_cname_away_that_leads_to_a_key_of_somebody_else(two_zones) -> None:
    """With a fixed selector no other key can be made, and nothing is planned for until somebody acts."""
    at = txt_key(f"vast._domainkey.{KEYS_ZONE}")
    two_zones.backend.put(rrset(at, OTHER_KEY))
    async with two_zones.operator(resync=OFTEN):
        key = delegated(two_zones, selectorTemplate="vast")
        await two_zones.wait_reason(key, "SelectorsUsedUp")
        two_zones.kube.delete(key)
        await two_zones.wait_gone(key)
        assert (names(two_zones, ZONE), names(two_zones, KEYS_ZONE)) == ([], [str(at)])


async def test_nothing_is_remembered_of_a_delegated_key_that_is_gone(two_zones, monkeypatch) -> None:
    monkeypatch.setattr(zonekeeper, "DELETE_WINDOW", timedelta(seconds=0.1))
    async with two_zones.operator(secret_poll=timedelta(seconds=0.2)) as controller:
        key = delegated(two_zones)
        await two_zones.wait_ready(key)
        two_zones.kube.delete(key)
        await two_zones.wait_gone(key)
        for provider in (DNS, KEYS):
            two_zones.kube.delete(provider)
            await two_zones.wait_gone(provider)
        zones, store = controller._zones, controller._runtime.store
        remembered = [
            *(zones._states, zones._routes, zones._outcomes._shares._known),
            *(controller._key_keeper._seen, store._by_domain, store._by_provider),
        ]
        await two_zones.wait(lambda: not any(remembered), "nothing remembered")
