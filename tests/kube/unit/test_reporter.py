"""Two who report on one resource at the same time lose nothing of each other's."""

from __future__ import annotations

import asyncio
from typing import Any

from mailseal.domain.status import ConditionStatus
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.conditions import Statement, Verdict
from mailseal.kube.objects import StoredObject, stored
from mailseal.kube.reporter import Reporter
from mailseal.kube.store import Store
from support.fakekube import FakeKube
from support.planning_world import NOW

KEY = ObjectKey("MailDomain", "mail", "main")
SPEC = {"domain": "example.nl", "providerRef": {"name": "dns"}, "spf": {"mechanisms": ["mx"]}}
WORKS = Statement("ExternalSelectors", ConditionStatus.TRUE, "SelectorsWorking", "valid keys stand")
READY = Verdict(True, "Published", "all is well")


class SlowKube(FakeKube):
    """Takes status writes only after everybody else has had a turn."""

    async def patch_status(self, resource: StoredObject, status: dict[str, Any]) -> dict[str, Any]:
        for _ in range(5):
            await asyncio.sleep(0)
        return await super().patch_status(resource, status)


def prepared() -> tuple[SlowKube, Reporter, StoredObject]:
    kube, store = SlowKube(), Store()
    kube.apply("MailDomain", "main", SPEC)
    found = stored(kube.objects[KEY])
    store.put(found)
    return kube, Reporter(kube.api, store, lambda: NOW), found


def told(kube: FakeKube) -> list[tuple[str, str]]:
    return [(found["type"], found["status"]) for found in kube.objects[KEY]["status"]["conditions"]]


async def test_conditions_of_two_reports_at_once_both_stand() -> None:
    kube, reporter, found = prepared()
    await asyncio.gather(reporter.report(found, READY, {}), reporter.amend(found, (WORKS,), {}))
    assert told(kube) == [("Ready", "True"), ("ExternalSelectors", "True")]


async def test_an_amendment_that_says_nothing_new_writes_nothing() -> None:
    kube, reporter, found = prepared()
    await reporter.amend(found, (WORKS,), {"externalSelectors": []})
    writes = kube.writes
    await reporter.amend(found, (WORKS,), {"externalSelectors": []})
    await reporter.amend(found, (), {"dmarcRollout": None}, without=("Signing",))
    assert kube.writes == writes


async def test_a_condition_is_taken_out_with_the_fields_it_was_about() -> None:
    kube, reporter, found = prepared()
    await reporter.report(found, READY, {})
    await reporter.amend(found, (WORKS,), {"externalSelectors": []})
    await reporter.amend(found, (), {"externalSelectors": None}, without=(WORKS.type,))
    assert told(kube) == [("Ready", "True")]
    assert "externalSelectors" not in kube.objects[KEY]["status"]


async def test_whoever_wants_to_know_hears_of_each_written_status() -> None:
    _, reporter, found = prepared()
    heard: list[tuple[StoredObject, Any]] = []
    reporter.on_written = lambda resource, before: heard.append((resource, before))
    await reporter.report(found, READY, {})
    await reporter.report(found, READY, {})
    ((after, before),) = heard
    assert (after.key, before) == (KEY, {})
    assert after.status["conditions"][0]["reason"] == "Published"
