"""NtaRecords through the operator's loops, on a Kubernetes API and a DNS backend in memory."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.ntastatus import HOLDS_UP_RENEWAL
from mailseal.kube.outcomes import WAITING
from mailseal.kube.settings import WatchSettings
from mailseal.records.names import DnsName
from support.fakeoperator import FakeCluster
from support.planning_world import ZONE, txt_key

THERE = DnsName("there.example")
KEY = ObjectKey("NtaRecord", "mail", "nta")


@pytest.fixture
def two_zones(cluster: FakeCluster) -> FakeCluster:
    """The cluster with another zone."""
    cluster.backend.add_zone(THERE)
    cluster.provider(zones=[str(ZONE), str(THERE)])
    return cluster


def apply(cluster: FakeCluster, *domains: DnsName, **fields: Any) -> None:
    spec = {
        "providerRef": {"name": "dns"},
        "domains": [str(domain) for domain in domains],
        "provider": "zorgmail",
        "prerequisites": [],
        "declaration": {"signedOn": "2026-03-02", "reference": "x"},
        **fields,
    }
    cluster.kube.apply("NtaRecord", "nta", spec)


async def test_after_a_start_what_a_record_waits_for_is_told_when_it_was_checked(cluster) -> None:
    """A restart that every blocked resource told of, twice, would wake everybody."""
    watching = {"checks": WatchSettings(enabled=True)}
    async with cluster.operator(**watching):
        apply(cluster, ZONE, prerequisites=[{"check": "SPF"}])
        await cluster.wait(
            lambda: cluster.kube.condition(KEY).get("reason") == "PrerequisitesUnknown", "it waits"
        )
    failed = {**cluster.kube.condition(KEY), "reason": "PrerequisitesFailed", "message": "SPF fails: x"}
    cluster.kube.set_status(KEY, {**cluster.kube.objects[KEY]["status"], "conditions": [failed]})
    async with cluster.operator(**watching):
        await cluster.wait_ready(cluster.mail_domain())
        assert cluster.kube.condition(KEY) == failed
        cluster.now += timedelta(minutes=16)
        await cluster.wait_ready(cluster.mail_domain(mechanism="a"))
        await cluster.wait(
            lambda: cluster.kube.condition(KEY).get("reason") == "PrerequisitesUnknown", "nothing is known"
        )


def test_no_try_ends_what_holds_up_a_renewal() -> None:
    assert set(HOLDS_UP_RENEWAL) <= WAITING


def stands(cluster: FakeCluster, zone: DnsName) -> bool:
    return txt_key(zone) in cluster.backend.rrsets(zone)


async def test_a_domain_that_is_taken_out_while_its_record_is_written_keeps_no_record(two_zones) -> None:
    cluster = two_zones
    async with cluster.operator():
        apply(cluster, ZONE)
        await cluster.wait_ready(KEY)
        cluster.backend.faults.latency_seconds = 0.05
        apply(cluster, ZONE, THERE)
        await cluster.wait(lambda: stands(cluster, THERE), "the record is written")
        apply(cluster, ZONE)
        cluster.backend.faults.latency_seconds = 0
        await cluster.wait(lambda: not stands(cluster, THERE), "the record is gone")
        await cluster.wait_ready(KEY)
        assert stands(cluster, ZONE)
        await cluster.wait(
            lambda: [entry["name"] for entry in cluster.kube.objects[KEY]["status"]["records"]] == [ZONE],
            "the status tells of one record",
        )
