"""The operator's loops: no news is lost, no status is out of step, and nothing is written without need."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

from mailseal.engine.objectkey import ObjectKey
from mailseal.kube import zonekeeper
from mailseal.kube.api import ApiError
from mailseal.kube.objects import FINALIZER
from mailseal.providers import breaker
from mailseal.providers.base import Unavailable
from mailseal.providers.memory import MemoryBackend
from support.engine_world import rrset
from support.fakeoperator import DNS
from support.planning_world import APEX, ZONE

SPF = "v=spf1 mx -all"
OFTEN = timedelta(seconds=0.3)


async def test_a_resource_is_published_with_one_finalizer_and_one_status_write(cluster) -> None:
    async with cluster.operator():
        await cluster.wait(lambda: cluster.kube.is_ready(DNS), "the provider ready")
        writes = cluster.kube.writes
        main = cluster.mail_domain()
        await cluster.wait_ready(main)
        assert cluster.texts() == {SPF}
        held_provider = 1
        assert cluster.kube.writes - writes <= 2 + held_provider


async def test_coming_back_to_what_is_right_writes_nothing(cluster) -> None:
    async with cluster.operator(resync=OFTEN):
        main, key = cluster.mail_domain(), cluster.dkim_key()
        await cluster.wait_ready(main)
        await cluster.wait_signing(key)
        await cluster.wait(lambda: cluster.kube.objects[DNS]["metadata"].get("finalizers"), "provider held")
        writes, dns_writes, reads = cluster.kube.writes, cluster.backend.writes, cluster.backend.reads
        await cluster.wait(lambda: cluster.backend.reads > reads + 6, "looked again")
        assert (cluster.kube.writes, cluster.backend.writes) == (writes, dns_writes)


async def test_a_new_operator_finds_everything_as_it_should_be(cluster) -> None:
    async with cluster.operator():
        main, key = cluster.mail_domain(), cluster.dkim_key()
        await cluster.wait_ready(main)
        await cluster.wait_signing(key)
        await cluster.wait(lambda: cluster.kube.objects[DNS]["metadata"].get("finalizers"), "provider held")
    writes, reads = cluster.kube.writes, cluster.backend.reads
    async with cluster.operator(resync=OFTEN):
        await cluster.wait(lambda: cluster.backend.reads > reads + 6, "looked")
        assert cluster.kube.writes == writes


async def test_a_change_that_our_own_status_write_shows_first_is_not_lost(cluster) -> None:
    """The user changes the spec just before a status write, whose answer overtakes the watch."""
    kube = cluster.kube

    def change() -> None:
        kube.delayed = []
        cluster.mail_domain(mechanism="a")

    async with cluster.operator():
        await cluster.wait(lambda: kube.is_ready(DNS), "the provider ready")
        kube.before_status.append(change)
        main = cluster.mail_domain()
        await cluster.wait(lambda: kube.delayed is not None, "the status written")
        kube.catch_up()
        await cluster.wait_ready(main)
        assert cluster.texts() == {"v=spf1 a -all"}


async def test_a_deletion_that_our_own_status_write_shows_first_is_not_lost(cluster) -> None:
    kube = cluster.kube
    main = ObjectKey("MailDomain", "mail", "main")

    def delete() -> None:
        kube.delayed = []
        kube.delete(main)

    async with cluster.operator():
        await cluster.wait(lambda: kube.is_ready(DNS), "the provider ready")
        kube.before_status.append(delete)
        cluster.mail_domain()
        await cluster.wait(lambda: kube.delayed is not None, "the status written")
        kube.catch_up()
        await cluster.wait_gone(main)
        assert cluster.texts() == set()


async def test_the_late_news_of_an_old_end_does_not_end_a_new_resource_of_that_name(cluster) -> None:
    kube = cluster.kube
    async with cluster.operator():
        main = cluster.mail_domain()
        await cluster.wait_ready(main)
        kube.delayed = []
        kube.delete(main)
        kube.catch_up()
        kube.delayed = []
        await cluster.wait_gone(main)
        cluster.mail_domain(mechanism="a")
        kube.delayed.reverse()
        kube.catch_up()
        await cluster.wait_ready(main)
        assert cluster.texts() == {"v=spf1 a -all"}


async def test_a_resource_that_loses_its_permission_during_a_sync_does_not_end_up_ready(cluster) -> None:
    fields = {"allowedNamespaces": ["mail"]}
    cluster.provider("shared", "ClusterDnsProvider", **fields)
    async with cluster.operator():
        main = cluster.mail_domain(providerRef={"name": "shared", "kind": "ClusterDnsProvider"})
        await cluster.wait_ready(main)
        cluster.backend.faults.latency_seconds = 0.1
        reads = cluster.backend.reads
        cluster.mail_domain(mechanism="a", providerRef={"name": "shared", "kind": "ClusterDnsProvider"})
        await cluster.wait(lambda: cluster.backend.reads > reads, "the sync began")
        cluster.provider("shared", "ClusterDnsProvider", allowedNamespaces=["other"])
        await cluster.wait_reason(main, "ProviderNotAllowed")
        cluster.backend.faults.latency_seconds = 0
        await asyncio.sleep(1)
        assert cluster.kube.condition(main)["reason"] == "ProviderNotAllowed"


async def test_a_provider_that_changes_in_the_middle_of_a_sync_breaks_nothing(cluster, caplog) -> None:
    async with cluster.operator():
        cluster.backend.faults.latency_seconds = 0.05
        main = cluster.mail_domain()
        for percent in range(31, 41):
            reads = cluster.backend.reads
            cluster.mail_domain(mechanism=f"exists:n{percent}.example")
            await cluster.wait(lambda reads=reads: cluster.backend.reads > reads, "a sync began")
            cluster.provider(deleteLimit={"percent": percent})
        cluster.backend.faults.latency_seconds = 0
        await cluster.wait_ready(main)
        assert cluster.texts() == {"v=spf1 exists:n40.example -all"}
        assert not [record for record in caplog.records if record.exc_info]


async def test_an_api_server_that_fails_for_a_while_is_asked_again_and_logged_in_one_line(
    cluster, caplog
) -> None:
    async with cluster.operator():
        await cluster.wait(lambda: cluster.kube.is_ready(DNS), "the provider ready")
        cluster.kube.errors.extend([ApiError("the API server cannot be reached")] * 2)
        main = cluster.mail_domain()
        await cluster.wait_ready(main)
        assert "cannot be reached" in caplog.text
        assert not [record for record in caplog.records if record.exc_info]


async def test_a_resource_that_somebody_touches_at_its_release_is_released_all_the_same(cluster) -> None:
    kube = cluster.kube
    async with cluster.operator():
        main = cluster.mail_domain()
        await cluster.wait_ready(main)

        def touch(backend: MemoryBackend) -> None:
            kube.delayed = []
            kube.annotate(main, "somebody.example/note", "x")

        cluster.backend.faults.before_apply.append(touch)
        kube.delete(main)
        await cluster.wait(lambda: kube.delayed is not None, "touched")
        kube.catch_up()
        await cluster.wait_gone(main)


async def test_trouble_in_reaching_the_backend_shows_once_it_has_lasted(cluster, monkeypatch) -> None:
    monkeypatch.setattr(breaker, "LONGEST_PAUSE", OFTEN)
    async with cluster.operator(resync=OFTEN, stale_after=timedelta(minutes=15), secret_poll=OFTEN):
        main = cluster.mail_domain()
        await cluster.wait_ready(main)
        stop = asyncio.create_task(_keep_failing(cluster.backend))
        await cluster.wait_reason(DNS, "ProviderSuspended")
        assert cluster.kube.is_ready(main)
        cluster.now += timedelta(minutes=16)
        await cluster.wait_reason(main, "ProviderSuspended")
        stop.cancel()
        await asyncio.wait({stop})
        cluster.backend.faults.errors.clear()
        await cluster.wait_ready(main)
        reasons = [reason for name, reason, _ in cluster.kube.events if name == "main"]
        assert reasons == ["ProviderSuspended"]


async def _keep_failing(backend: MemoryBackend) -> None:
    while True:
        if len(backend.faults.errors) < 100:
            backend.faults.errors.append(Unavailable("no answer"))
        await asyncio.sleep(0)


async def test_a_conflict_that_lasts_is_told_in_one_event(cluster) -> None:
    cluster.backend.put(rrset(APEX, "v=spf1 include:foreign.example -all"))
    async with cluster.operator(resync=OFTEN):
        main = cluster.mail_domain()
        await cluster.wait_reason(main, "ForeignValue")
        writes, reads = cluster.kube.writes, cluster.backend.reads
        await cluster.wait(lambda: cluster.backend.reads > reads + 8, "looked again")
        assert [reason for name, reason, _ in cluster.kube.events if name == "main"] == ["ForeignValue"]
        assert cluster.kube.writes == writes


async def test_the_older_gone_the_younger_takes_over_in_the_same_write(cluster) -> None:
    """Two namespaces, one provider: the domain is never without an SPF record."""
    cluster.provider("shared", "ClusterDnsProvider", allowedNamespaces=["*"])
    ref = {"name": "shared", "kind": "ClusterDnsProvider"}
    async with cluster.operator():
        older = cluster.mail_domain(providerRef=ref)
        await cluster.wait_ready(older)
        younger = cluster.mail_domain(mechanism="a", namespace="other", providerRef=ref)
        message = await cluster.wait_reason(younger, "ClaimedByOlder")
        assert "MailDomain mail/main" in message
        seen: set[frozenset[str]] = set()
        cluster.kube.delete(older)
        await cluster.wait(
            lambda: seen.add(frozenset(cluster.texts())) or cluster.kube.is_ready(younger), "taken over"
        )
        assert seen <= {frozenset({SPF}), frozenset({"v=spf1 a -all"})}


async def test_nothing_is_remembered_of_what_is_gone(cluster, monkeypatch) -> None:
    monkeypatch.setattr(zonekeeper, "DELETE_WINDOW", timedelta(seconds=0.1))
    async with cluster.operator(secret_poll=timedelta(seconds=0.2)) as controller:
        keys = [
            *(cluster.mail_domain(f"m{number}", domain=f"d{number}.{ZONE}") for number in range(5)),
            cluster.dkim_key(rotation={"retireAfter": "0s"}),
            cluster.mail_domain("bad", domain="elsewhere.example"),
        ]
        await cluster.wait_ready(*keys[:-1])
        await cluster.wait_reason(keys[-1], "ZoneNotFound")
        cluster.provider(deleteLimit={"percent": 100})
        for key in keys:
            cluster.kube.delete(key)
        await cluster.wait_gone(*keys)
        cluster.kube.delete(DNS)
        await cluster.wait_gone(DNS)
        zones, runtime = controller._zones, controller._runtime

        queues = {"objects": controller._objects, "keys": controller._keys.queue, "zones": zones.queue}

        def remembered() -> dict[str, object]:
            found = {
                "states": zones._states,
                "routes": zones._routes,
                "troubled": zones._outcomes._patience._troubled_since,
                "obstructed": controller._obstructed,
                "news": controller._news,
                "providers": controller._providers._seen,
                "secrets": runtime.secrets._known,
                "unusable": runtime.secrets._unusable,
                "told": runtime.secrets._told,
                "sightings": controller._key_keeper._seen,
                "revealed": controller._key_keeper._reveal._revealed,
                "open": runtime.pool._open,
                "objects": runtime.store._objects,
                "domains": runtime.store._by_domain,
                "by provider": runtime.store._by_provider,
                **{f"failures of {name}": queue._failures for name, queue in queues.items()},
                **{f"due {name}": queue._due for name, queue in queues.items()},
            }
            return {name: value for name, value in found.items() if value}

        with contextlib.suppress(AssertionError):
            await cluster.wait(lambda: not remembered(), "nothing remembered")
        assert remembered() == {}


async def test_a_resource_has_our_finalizer_before_its_first_value_is_written(cluster) -> None:
    held: list[bool] = []
    main = ObjectKey("MailDomain", "mail", "main")
    cluster.backend.faults.before_apply.append(
        lambda _: held.append(FINALIZER in cluster.kube.objects[main]["metadata"].get("finalizers", ()))
    )
    async with cluster.operator():
        await cluster.wait_ready(cluster.mail_domain())
    assert held == [True]
