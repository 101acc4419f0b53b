"""Deletions that wait for consent, in the running loops: none slips through, and consent works at once."""

from __future__ import annotations

from datetime import timedelta

from mailseal.engine.objectkey import ObjectKey
from support.fakeoperator import DNS
from support.planning_world import ZONE

SPF = "v=spf1 mx -all"
OFTEN = timedelta(seconds=0.3)


def _many(cluster, count: int) -> list[ObjectKey]:
    return [cluster.mail_domain(f"m{number}", domain=f"d{number}.{ZONE}") for number in range(count)]


def _standing(cluster, count: int) -> int:
    return sum(SPF in cluster.texts(f"d{number}.{ZONE}") for number in range(count))


async def test_held_deletions_wait_for_consent_however_often_the_zone_is_looked_at(cluster) -> None:
    """One by one, each of them would be within the limit."""
    async with cluster.operator(resync=OFTEN):
        keys = _many(cluster, 20)
        await cluster.wait_ready(*keys)
        for key in keys[:15]:
            cluster.kube.delete(key)
        for key in keys[:15]:
            await cluster.wait_reason(key, "PlanRefused")
        reads = cluster.backend.reads
        await cluster.wait(lambda: cluster.backend.reads > reads + 40, "looked again many times")
        assert _standing(cluster, 20) == 20
        assert all(key in cluster.kube.objects for key in keys)


async def test_consent_takes_effect_at_once_and_not_at_the_next_look(cluster) -> None:
    async with cluster.operator():
        keys = _many(cluster, 20)
        await cluster.wait_ready(*keys)
        for key in keys[:15]:
            cluster.kube.delete(key)
        messages = {await cluster.wait_reason(key, "PlanRefused") for key in keys[:15]}
        (digest,) = {message.rpartition("confirm-plan=")[2].split()[0] for message in messages}
        cluster.kube.annotate(DNS, "mailseal.dev/confirm-plan", digest)
        await cluster.wait_gone(*keys[:15])
        assert _standing(cluster, 20) == 5


async def test_an_operator_that_starts_into_many_deletions_holds_them_back(cluster) -> None:
    """It has synced nothing yet, and still knows how much of the zone they are."""
    async with cluster.operator():
        keys = _many(cluster, 20)
        await cluster.wait_ready(*keys)
    for key in keys[:15]:
        cluster.kube.delete(key)
    cluster.backend.faults.latency_seconds = 0.05
    async with cluster.operator():
        for key in keys[:15]:
            await cluster.wait_reason(key, "PlanRefused")
        assert _standing(cluster, 20) == 20


async def test_a_deletion_under_dry_run_waits_for_its_values_to_be_removed(cluster) -> None:
    async with cluster.operator():
        main = cluster.mail_domain()
        await cluster.wait_ready(main)
        cluster.provider(policy="DryRun")
        cluster.kube.delete(main)
        await cluster.wait_reason(main, "DryRun")
        assert cluster.texts() == {SPF}
        cluster.provider(policy="Sync")
        await cluster.wait_gone(main)
        assert cluster.texts() == set()
