"""A DMARC rollout over weeks, through restarts and a lost status, by the clock that the test gives."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.selectorstatus import EXTERNAL_SELECTORS
from support.engine_world import rrset
from support.fakeoperator import FakeCluster
from support.planning_world import ZONE, txt_key

OFTEN = timedelta(seconds=0.1)
STAGES = [{"policy": "none", "lasts": "14d"}, {"policy": "quarantine", "lasts": "30d"}]
DMARC = {"policy": "reject", "rollout": {"stages": STAGES}}
KEY = "v=DKIM1; k=ed25519; p=" + "A" * 43 + "="
SELECTOR = txt_key(f"s1._domainkey.{ZONE}")
WATCHED = {"dkim": {"externalSelectors": [{"selector": "s1"}]}}


def policy(cluster: FakeCluster) -> str:
    (text,) = cluster.texts(f"_dmarc.{ZONE}")
    return text.removeprefix("v=DMARC1; p=")


def rollout(cluster: FakeCluster, main: ObjectKey) -> dict[str, Any]:
    return dict(cluster.kube.objects[main].get("status", {}).get("dmarcRollout", {}))


async def wait_running(cluster: FakeCluster, main: ObjectKey, stage: int) -> None:
    """Wait until the stage stands and its time runs."""
    await cluster.wait(
        lambda: rollout(cluster, main).get("stage") == stage and "since" in rollout(cluster, main),
        f"stage {stage} running",
    )


async def test_a_rollout_takes_its_time_whatever_happens_to_the_operator_and_the_status(cluster) -> None:
    async with cluster.operator(resync=OFTEN):
        main = cluster.mail_domain(dmarc=DMARC)
        await cluster.wait_reason(main, "WaitingForDkim")
        assert policy(cluster) == "none"
        await cluster.wait_signing(cluster.dkim_key())
        await wait_running(cluster, main, 1)
        cluster.now += timedelta(days=13)
    cluster.now += timedelta(days=1)
    async with cluster.operator(resync=OFTEN):
        await wait_running(cluster, main, 2)
        assert policy(cluster) == "quarantine"
        began = rollout(cluster, main)["since"]
    cluster.now += timedelta(days=29)
    del cluster.kube.objects[main]["status"]
    async with cluster.operator(resync=OFTEN):
        await wait_running(cluster, main, 2)
        assert rollout(cluster, main)["since"] > began
        cluster.now += timedelta(days=29)
        reads = cluster.backend.reads
        await cluster.wait(lambda: cluster.backend.reads > reads + 3, "looked")
        assert policy(cluster) == "quarantine"
        cluster.now += timedelta(days=1)
        await cluster.wait(lambda: policy(cluster) == "reject", "the policy that was asked for")
        await cluster.wait_ready(main)


async def test_a_clock_that_jumped_ahead_skips_no_stage(cluster) -> None:
    async with cluster.operator(resync=OFTEN):
        main = cluster.mail_domain(dmarc=DMARC)
        await cluster.wait_signing(cluster.dkim_key())
        await wait_running(cluster, main, 1)
        cluster.now += timedelta(days=1000)
        await wait_running(cluster, main, 2)
        cluster.now -= timedelta(days=1000)
        await cluster.wait(lambda: rollout(cluster, main).get("since", "").startswith("2026-03"), "noticed")
        assert policy(cluster) == "quarantine"


async def test_dmarc_follows_at_once_when_dkim_begins_to_work(cluster) -> None:
    """Nobody comes back to the zone by himself here."""
    async with cluster.operator():
        main = cluster.mail_domain(dmarc={"policy": "reject"})
        await cluster.wait_reason(main, "WaitingForDkim")
        await cluster.wait_signing(cluster.dkim_key())
        await cluster.wait_ready(main)
        assert policy(cluster) == "reject"


async def test_an_external_selector_is_watched_without_a_needless_write(cluster) -> None:
    cluster.backend.put(rrset(SELECTOR, KEY))
    async with cluster.operator(resync=OFTEN):
        main = cluster.mail_domain(dmarc={"policy": "reject"}, **WATCHED)
        await cluster.wait_ready(main)
        assert cluster.kube.condition(main, EXTERNAL_SELECTORS)["status"] == "True"
        assert policy(cluster) == "reject"
        reads, writes = cluster.backend.reads, cluster.kube.writes
        await cluster.wait(lambda: cluster.backend.reads > reads + 6, "looked again")
        assert cluster.kube.writes == writes


async def test_a_new_operator_remembers_the_key_that_it_saw(cluster) -> None:
    cluster.backend.put(rrset(SELECTOR, KEY))
    async with cluster.operator(resync=OFTEN):
        main = cluster.mail_domain(**WATCHED)
        await cluster.wait(lambda: cluster.kube.condition(main, EXTERNAL_SELECTORS), "looked at")
    cluster.backend.put(rrset(SELECTOR, KEY.replace("AAAA", "BBBB")))
    async with cluster.operator(resync=OFTEN):
        await cluster.wait(
            lambda: cluster.kube.condition(main, EXTERNAL_SELECTORS)["reason"] == "SelectorChanged", "told"
        )
        assert [reason for _, reason, _ in cluster.kube.events].count("SelectorChanged") == 1


async def test_a_clock_that_the_api_server_does_not_share_begins_and_ends_no_stage(cluster) -> None:
    cluster.kube.clock_ahead = timedelta(days=-20)
    cluster.backend.put(rrset(SELECTOR, KEY))
    async with cluster.operator(resync=OFTEN):
        main = cluster.mail_domain(dmarc=DMARC, **WATCHED)
        await cluster.wait_ready(main)
        assert rollout(cluster, main) == {"stage": 1, "policy": "none"}

        cluster.kube.clock_ahead = timedelta(0)
        await wait_running(cluster, main, 1)
        cluster.kube.clock_ahead = timedelta(days=-20)
        cluster.now += timedelta(days=20)
        reads = cluster.backend.reads
        await cluster.wait(lambda: cluster.backend.reads > reads + 3, "looked")
        assert policy(cluster) == "none"

        cluster.kube.clock_ahead = timedelta(0)
        await wait_running(cluster, main, 2)


async def test_a_clock_that_was_put_back_for_a_while_shortens_no_stage(cluster) -> None:
    cluster.backend.put(rrset(SELECTOR, KEY))
    async with cluster.operator(resync=OFTEN):
        main = cluster.mail_domain(dmarc=DMARC, **WATCHED)
        await wait_running(cluster, main, 1)
        began = rollout(cluster, main)
        for wrong in (timedelta(days=100), timedelta(0)):
            cluster.kube.clock_ahead, right = wrong, cluster.now
            cluster.now = right - wrong
            reads = cluster.backend.reads
            await cluster.wait(lambda before=reads: cluster.backend.reads > before + 3, "looked")
            cluster.now = right
        assert (policy(cluster), rollout(cluster, main)) == ("none", began)
