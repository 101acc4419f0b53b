"""Watches the selectors that others run, beside the zones: a slow vendor holds up no sync."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from mailseal.domain.maildomain import MailDomainSpec
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.api import ApiError
from mailseal.kube.objects import StoredObject
from mailseal.kube.reporter import NORMAL, WARNING
from mailseal.kube.runtime import Runtime
from mailseal.kube.selectorstatus import (
    EXTERNAL_SELECTORS,
    FIELD,
    announcements,
    findings_in,
    is_acknowledged,
    selector_entries,
    statement_on,
    watched_selectors,
)
from mailseal.kube.workqueue import WorkQueue
from mailseal.kube.zonestate import ZoneKey
from mailseal.observing.selectors import SelectorLookup
from mailseal.planning.external_selectors import SelectorFinding, WatchedSelector, judge
from mailseal.records.names import DnsName
from mailseal.records.selector_answer import SelectorAnswer

RESOURCES_AT_ONCE = 8
SHORTEST_PAUSE = timedelta(seconds=30)
"""Between two looks at the selectors of a resource that did not change."""


class SelectorWatch:
    """Looks at the external selectors of a MailDomain after each sync of its zone, and reports on them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lookup = SelectorLookup(runtime.settings.resolvers)
        self._zones: dict[ObjectKey, ZoneKey] = {}
        self._known: dict[ObjectKey, dict[str, SelectorFinding]] = {}
        self._looked: dict[ObjectKey, tuple[int, float]] = {}
        """The generation that was looked at last, and when, in seconds of the event loop."""
        self.queue: WorkQueue[ObjectKey] = WorkQueue(
            "selectors", self._look, RESOURCES_AT_ONCE, expected=(ApiError,)
        )

    def synced(self, resource: StoredObject, zone: ZoneKey) -> None:
        """The zone of the resource was synced: look at its selectors, if others run some."""
        spec = resource.spec
        if isinstance(spec, MailDomainSpec) and (spec.dkim or FIELD in resource.status):
            self._zones[resource.key] = zone
            self.queue.add(resource.key, self._pause(resource))

    def forget(self, key: ObjectKey) -> None:
        """Drop what is known of a resource that is gone or no longer planned for."""
        for memory in (self._zones, self._known, self._looked):
            memory.pop(key, None)
        self.queue.forget(key)

    def _pause(self, resource: StoredObject) -> timedelta:
        generation, at = self._looked.get(resource.key, (-1, 0.0))
        if generation != resource.generation:
            return timedelta(0)
        passed = timedelta(seconds=asyncio.get_running_loop().time() - at)
        return max(min(SHORTEST_PAUSE, self._runtime.settings.resync / 2) - passed, timedelta(0))

    async def _look(self, key: ObjectKey) -> None:
        resource, zone = self._runtime.store.get(key), self._zones.get(key)
        if resource is None or zone is None or resource.deleting:
            self.forget(key)
        elif isinstance(resource.spec, MailDomainSpec):
            watched = watched_selectors(resource.spec)
            if watched:
                await self._watch(resource, zone, watched)
            else:
                self.forget(key)
                await self._runtime.reporter.amend(resource, (), {FIELD: None}, (EXTERNAL_SELECTORS,))

    async def _watch(
        self, resource: StoredObject, zone: ZoneKey, watched: tuple[WatchedSelector, ...]
    ) -> None:
        self._looked[resource.key] = (resource.generation, asyncio.get_running_loop().time())
        answers = await self._answers(zone, watched)
        latest = self._runtime.store.get(resource.key)
        if answers is None or latest is None or latest.uid != resource.uid:
            return
        before = self._known.get(resource.key) or findings_in(resource.status)
        accepted = is_acknowledged(resource.status, resource.generation)
        now = self._runtime.clock()
        findings = [
            judge(selector, before.get(selector.selector), answer, now, acknowledged=accepted)
            for selector, answer in zip(watched, answers, strict=True)
        ]
        details = {FIELD: selector_entries(findings)}
        await self._runtime.reporter.amend(resource, (statement_on(findings),), details)
        self._known[resource.key] = {finding.selector: finding for finding in findings}
        await self._announce(resource, before, findings)
        if any(finding.silent_since for finding in findings):
            self.queue.add(resource.key, min(SHORTEST_PAUSE, self._runtime.settings.resync))

    async def _answers(
        self, zone: ZoneKey, watched: tuple[WatchedSelector, ...]
    ) -> list[SelectorAnswer] | None:
        """What stands at each selector; None while the provider cannot be used."""
        opened = self._runtime.pool.get(zone.provider)
        if opened is None:
            return None
        observer = opened.backend.observer(zone.zone)
        names = [DnsName(selector.name) for selector in watched]
        return await asyncio.gather(*(self._lookup.look_up(name, observer) for name in names))

    async def _announce(
        self, resource: StoredObject, before: dict[str, SelectorFinding], findings: list[SelectorFinding]
    ) -> None:
        for told in announcements(before, findings):
            kind = WARNING if told.is_trouble else NORMAL
            await self._runtime.reporter.event(resource, kind, told.reason, told.message)
