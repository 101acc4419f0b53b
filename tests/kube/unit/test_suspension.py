"""A backend that gives no answers is left alone: told once, felt by its own resources, over by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from mailseal.engine.objectkey import ObjectKey
from mailseal.providers import breaker
from mailseal.providers.base import Unavailable
from mailseal.providers.memory import MemoryProvider
from support.fakeoperator import DNS, FakeCluster
from support.planning_world import ZONE

OFTEN = timedelta(seconds=0.1)
FAST = {"resync": OFTEN, "secret_poll": OFTEN, "stale_after": timedelta(0)}


class Outage:
    """While it is on, every call to the backend fails; counted are those that come through."""

    def __init__(self) -> None:
        self.on = False
        self.calls = 0

    async def pass_faults(self) -> None:
        self.calls += 1
        if self.on:
            raise Unavailable("the backend is away")


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Outage:
    made = Outage()
    monkeypatch.setattr(MemoryProvider, "_pass_faults", lambda _: made.pass_faults())
    monkeypatch.setattr(breaker, "LONGEST_PAUSE", timedelta(seconds=0.3))
    return made


@pytest.fixture
async def cluster(cluster: FakeCluster) -> AsyncIterator[FakeCluster]:
    """The cluster in memory, with a clock that goes."""
    ticking = asyncio.create_task(_tick(cluster))
    yield cluster
    ticking.cancel()
    await asyncio.wait({ticking})


async def _tick(cluster: FakeCluster) -> None:
    while True:
        cluster.now += timedelta(seconds=1)
        await asyncio.sleep(0.1)


def open_circuits() -> float | None:
    return REGISTRY.get_sample_value("mailseal_provider_circuit_open", {"provider": str(DNS)})


async def test_a_suspension_is_told_once_and_ends_by_itself(cluster: FakeCluster, outage: Outage) -> None:
    async with cluster.operator(**FAST):
        main = cluster.mail_domain()
        await cluster.wait_ready(main)
        assert open_circuits() == 0
        outage.on = True
        message = await cluster.wait_reason(DNS, "ProviderSuspended")
        assert "suspended since 2026-03-15T12:" in message
        assert "the backend is away" in message
        assert open_circuits() == 1
        assert message == await cluster.wait_reason(main, "ProviderSuspended")
        writes, calls = cluster.kube.writes, outage.calls
        await cluster.wait(lambda: outage.calls > calls + 4, "tried again some times")
        assert cluster.kube.writes == writes
        outage.on = False
        await cluster.wait_ready(main)
        await cluster.wait(lambda: cluster.kube.is_ready(DNS), "the provider ready")
        assert open_circuits() == 0
    told = [reason for name, reason, _ in cluster.kube.events if name == DNS.name]
    assert told.count("ProviderSuspended") == 1
    assert told.count("ProviderResumed") <= 1


async def test_a_deletion_waits_for_the_backend_and_loses_nothing(
    cluster: FakeCluster, outage: Outage
) -> None:
    async with cluster.operator(**FAST):
        main = cluster.mail_domain()
        await cluster.wait_ready(main)
        outage.on = True
        await cluster.wait_reason(DNS, "ProviderSuspended")
        cluster.kube.delete(main)
        await cluster.wait_reason(main, "ProviderSuspended")
        assert cluster.texts()
        outage.on = False
        await cluster.wait_gone(main)
        assert cluster.texts() == set()


async def test_nothing_changes_hands_when_the_backend_comes_back(
    cluster: FakeCluster, outage: Outage
) -> None:
    """Were those that wait taken out of the plan, the first one back would find the others' places free."""
    async with cluster.operator(**FAST) as controller:
        older = cluster.mail_domain("older", mechanism="mx")
        await cluster.wait_ready(older)
        younger = cluster.mail_domain("younger", mechanism="a")
        await cluster.wait(lambda: cluster.kube.condition(younger).get("status") == "False", "a conflict")
        texts, writes = cluster.texts(), cluster.backend.writes
        for _ in range(3):
            outage.on = True
            await cluster.wait_reason(DNS, "ProviderSuspended")
            cluster.kube.annotate(younger, "somebody.example/look", str(outage.calls))
            await cluster.wait_reason(younger, "ProviderSuspended")
            assert all(controller._zones.known_route(key, DNS, ZONE) for key in (older, younger))
            outage.on = False
            await cluster.wait_ready(older)
            await cluster.wait(lambda: cluster.kube.is_ready(DNS), "the provider ready")
            await cluster.wait_reason(younger, "ClaimedByOlder")
        assert cluster.texts() == texts
        assert cluster.backend.writes == writes


async def test_new_settings_or_credentials_are_tried_at_once(
    cluster: FakeCluster, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with cluster.operator(**FAST):
        monkeypatch.setattr(breaker, "LONGEST_PAUSE", timedelta(hours=1))
        monkeypatch.setattr(breaker, "FIRST_PAUSE", timedelta(hours=1))
        outage.on = True
        await cluster.wait_reason(DNS, "ProviderSuspended")
        outage.on = False
        cluster.provider(deleteLimit={"percent": 50})
        await cluster.wait(lambda: cluster.kube.is_ready(DNS), "the provider ready")


async def test_no_metric_tells_of_a_provider_that_is_gone(cluster: FakeCluster, outage: Outage) -> None:
    other = ObjectKey("DnsProvider", "mail", "other")
    cluster.provider("other")
    async with cluster.operator(**FAST):
        main = cluster.mail_domain(providerRef={"name": "other"})
        await cluster.wait_ready(main)
        assert str(other) in _providers_in_metrics()
        cluster.kube.delete(main)
        await cluster.wait_gone(main)
        cluster.kube.delete(other)
        await cluster.wait_gone(other)
        await cluster.wait(lambda: str(other) not in _providers_in_metrics(), "the series gone")
    assert outage.calls


def _providers_in_metrics() -> set[str]:
    return {
        sample.labels["provider"]
        for family in REGISTRY.collect()
        for sample in family.samples
        if "provider" in sample.labels
    }
