"""The loops of the operator and what leads from one to another: preparing resources, keys, zones."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sized
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mailseal.engine.dkimsecret import owner_of_secret
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube import metrics
from mailseal.kube.admission import Admission, Admitted, AwaitsKeys, Gone, NotAdmitted, NotYet
from mailseal.kube.api import ApiError, KubeApi
from mailseal.kube.checkmemory import CheckMemory
from mailseal.kube.checkwatch import CheckWatch
from mailseal.kube.conditions import is_current
from mailseal.kube.dkim_secrets import DkimSecrets
from mailseal.kube.dkimworks import has_working_selector
from mailseal.kube.endpointstore import EndpointStore
from mailseal.kube.keykeeper import KeyKeeper
from mailseal.kube.keyreveal import KeyReveal
from mailseal.kube.keywork import KeyWork
from mailseal.kube.lending import Lending
from mailseal.kube.objects import PROVIDER_KINDS, StoredObject, stored
from mailseal.kube.outcomes import OutcomeReporter
from mailseal.kube.parts import domain_of, parts_of, providers_of, waits_for
from mailseal.kube.providerkeeper import ProviderKeeper, recheck_after
from mailseal.kube.providers import ProviderPool
from mailseal.kube.reporter import Reporter
from mailseal.kube.runtime import Runtime
from mailseal.kube.selectorwatch import SelectorWatch
from mailseal.kube.settings import OperatorSettings
from mailseal.kube.store import Store
from mailseal.kube.workqueue import Lanes, WorkQueue, backoff
from mailseal.kube.zonekeeper import ZoneKeeper
from mailseal.kube.zonestate import ZoneKey

SOON = timedelta(seconds=1)
LONGEST_RETRY = timedelta(minutes=1)


def utc_now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Obstruction:
    """Since when, and through how many tries, a resource could not be admitted."""

    since: datetime
    attempts: int = 0


class Controller:
    """Takes what the watch sees, and has the resources prepared and their zones kept."""

    def __init__(
        self,
        api: KubeApi,
        settings: OperatorSettings,
        operator_id: str,
        store: Store,
        clock: Callable[[], datetime] = utc_now,
        checks: CheckMemory | None = None,
    ) -> None:
        reveal = KeyReveal(api)
        self._threads = ThreadPoolExecutor(settings.key_threads, thread_name_prefix="dkim-keys")
        self._runtime = Runtime(
            settings=settings,
            operator_id=operator_id,
            clock=clock,
            api=api,
            store=store,
            pool=ProviderPool(
                api,
                settings.lease_namespace,
                settings.resolvers,
                Lending(settings.tenancy, os.environ, EndpointStore(api)),
                clock,
            ),
            secrets=DkimSecrets(api, self._threads, reveal),
            reporter=Reporter(api, store, clock),
        )
        self._news: set[ObjectKey] = set()
        self._obstructed: dict[ObjectKey, Obstruction] = {}
        self._key_keeper = KeyKeeper(self._runtime, reveal)
        self._admission = Admission(self._runtime, self._key_keeper)
        self._providers = ProviderKeeper(self._runtime)
        self._providers.on_news = self._provider_has_news
        self._outcomes = OutcomeReporter(self._runtime, self._key_keeper)
        self._outcomes.on_gone = self.deleted
        self._zones = ZoneKeeper(self._runtime, self._outcomes, self._key_keeper)
        self._admission.known_route = self._zones.known_route
        self._zones.on_provider_trouble = self._provider_has_trouble
        self._runtime.pool.on_suspicion = self._provider_has_trouble
        self._objects: WorkQueue[ObjectKey] = WorkQueue(
            "objects",
            self._work,
            settings.object_concurrency,
            expected=(ApiError,),
            lanes=Lanes(self._lane_of, settings.provider_concurrency),
        )
        self._zones.on_overtaken = self._objects.add
        self._keys = KeyWork(self._runtime, self._key_keeper)
        self._keys.on_done = self._objects.add
        self._keys.on_unusable = self._zones.withdraw
        self._selectors = SelectorWatch(self._runtime)
        memory = checks or CheckMemory(enabled=settings.checks.enabled)
        self._checks = CheckWatch(self._runtime, memory)
        self._checks.on_standing = self._zones.look_again_at
        self._zones.prerequisites = self._checks.prerequisites
        self._zones.on_synced = self._synced
        self._runtime.reporter.on_written = self._status_written
        self._runtime.reporter.on_gone = self.deleted
        self._key_keeper.on_step_due = self._keys.queue.add
        queues: dict[str, Sized] = {
            "objects": self._objects,
            "keys": self._keys.queue,
            "zones": self._zones.queue,
            "selectors": self._selectors.queue,
            "checks": self._checks.queue,
        }
        for name, queue in queues.items():
            metrics.QUEUE_LENGTH.labels(name).set_function(queue.__len__)

    async def run(self) -> None:
        """Work until cancelled, then close what is open."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._objects.run(), name="objects")
                group.create_task(self._keys.queue.run(), name="keys")
                group.create_task(self._zones.queue.run(), name="zones")
                group.create_task(self._selectors.queue.run(), name="selectors")
                group.create_task(self._checks.run(), name="checks")
        finally:
            await self._runtime.pool.close_all()
            self._threads.shutdown(wait=False, cancel_futures=True)

    def remember(self, body: Mapping[str, Any]) -> None:
        """Keep a resource that the watch shows, before anybody works on it."""
        seen = stored(body)
        if self._runtime.store.put(seen):
            self._news.add(seen.key)

    def changed(self, key: ObjectKey) -> None:
        """Work on a resource if what was remembered of it is news. Called when all kinds have been listed."""
        if key in self._news:
            self._news.discard(key)
            self._obstructed.pop(key, None)
            self._objects.add(key)

    def deleted(self, key: ObjectKey, uid: str) -> None:
        """A resource does not exist any more: others may get what it claimed.

        Where another one has taken its name, that is the news which brings.
        """
        resource = self._runtime.store.get(key)
        if not self._runtime.store.remove(key, uid):
            return
        self._news.discard(key)
        self._objects.add(key)
        if resource is None or key.kind in PROVIDER_KINDS:
            return
        for provider in providers_of(resource):
            self._objects.add(provider)
        for part in parts_of(resource) if resource.spec else ():
            for other in self._runtime.store.at_domain(domain_of(part)):
                self._objects.add(other.key)

    def secret_changed(self, meta: Mapping[str, Any], *, exists: bool) -> None:
        """A Secret of ours was changed or deleted: have its DkimKey look at it."""
        owner = owner_of_secret(meta)
        version = meta.get("resourceVersion") if exists else None
        if owner and self._runtime.secrets.noticed(owner, version) and self._runtime.store.get(owner):
            self._objects.add(owner)

    def _lane_of(self, key: ObjectKey) -> frozenset[ObjectKey]:
        """All that a resource may wait for: its providers; a provider waits for itself only.

        Keys that another provider publishes have a lane of their own, so that they never hold up those of
        the first one.
        """
        resource = self._runtime.store.get(key)
        return frozenset((key,)) if resource is None or not resource.spec else waits_for(resource)

    async def _work(self, key: ObjectKey) -> None:
        resource = self._runtime.store.get(key)
        if key.kind in PROVIDER_KINDS:
            await self._work_on_provider(key, resource)
        elif resource is None or (resource.deleting and not resource.held):
            self._zones.withdraw(key)
            self._key_keeper.forget(key)
            self._selectors.forget(key)
            self._checks.forget(key)
            self._obstructed.pop(key, None)
        else:
            await self._work_on_records(resource)

    async def _work_on_provider(self, key: ObjectKey, resource: StoredObject | None) -> None:
        if resource is None:
            await self._providers.gone(key)
            return
        ready = await self._providers.keep(resource)
        self._objects.add(key, recheck_after(ready, self._runtime.settings.secret_poll))

    async def _work_on_records(self, resource: StoredObject) -> None:
        key = resource.key
        self._checks.seen(resource)
        try:
            admitted = await self._admission.admit(resource)
        except Gone:
            self.deleted(key, resource.uid)
        except AwaitsKeys:
            self._keys.queue.add(key)
        except NotYet:
            return
        except NotAdmitted as obstacle:
            self._zones.withdraw(key)
            await self._obstruct(resource, obstacle)
        else:
            self._tell_of_parts(resource, admitted)
            self._zones.admit(key, admitted.routes)
            for route in admitted.routes:
                provider = self._runtime.store.get(route.zone.provider)
                if provider and not provider.held:
                    self._objects.add(route.zone.provider)

    def _tell_of_parts(self, resource: StoredObject, admitted: Admitted) -> None:
        """Have it reported which parts are not planned for, and try those again where it may pass."""
        key, known = resource.key, self._obstructed.pop(resource.key, None)
        for part, obstacle in admitted.obstacles:
            self._outcomes.not_admitted(part, obstacle.verdict)
        if any(obstacle.retry for _, obstacle in admitted.obstacles):
            attempts = known.attempts + 1 if known else 1
            self._obstructed[key] = Obstruction(self._runtime.clock(), attempts)
            self._objects.add(key, backoff(attempts, SOON, LONGEST_RETRY))

    async def _obstruct(self, resource: StoredObject, obstacle: NotAdmitted) -> None:
        """Report an obstacle, and try again where it may pass; a passing one is given some time first."""
        key, now = resource.key, self._runtime.clock()
        known = self._obstructed.get(key, Obstruction(now))
        grace = (
            self._runtime.settings.stale_after if is_current(resource.status, resource.generation) else SOON
        )
        if not obstacle.retry or now - known.since >= grace:
            await self._runtime.reporter.report(resource, obstacle.verdict, {})
        if obstacle.retry:
            self._obstructed[key] = Obstruction(known.since, known.attempts + 1)
            self._objects.add(key, backoff(known.attempts + 1, SOON, LONGEST_RETRY))

    def _status_written(self, resource: StoredObject, before: Mapping[str, Any]) -> None:
        """Have the DMARC records of the domain follow where DKIM may have begun or ceased to work.

        A domain that has left and of which only the new status tells is planned for from now on.
        """
        if any(part.leaving and not self._zones.is_kept(part) for part in parts_of(resource)):
            self._objects.add(resource.key)
        if has_working_selector(resource, before) != has_working_selector(resource, resource.status):
            for other in self._runtime.store.at_domain(domain_of(resource)):
                self._zones.look_again(other.key)

    def _synced(self, resource: StoredObject, zone: ZoneKey) -> None:
        self._selectors.synced(resource, zone)
        self._checks.seen(resource)

    def _provider_has_news(self, provider: ObjectKey) -> None:
        for key in self._runtime.store.of_provider(provider):
            self._objects.add(key)

    def _provider_has_trouble(self, provider: ObjectKey) -> None:
        self._runtime.pool.doubt(provider)
        self._objects.add(provider)
