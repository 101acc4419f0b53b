"""Keeps zones: gathers what changed in each, runs the engine over it, and comes back to look for drift."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import timedelta

from mailseal.engine import SyncSettings, ZoneAccess, ZoneOutcome, sync_zone
from mailseal.engine.objectkey import ObjectKey
from mailseal.engine.safety import CONFIRM_ANNOTATION
from mailseal.kube import metrics
from mailseal.kube.claims import claim_of
from mailseal.kube.dkim_secrets import SecretView
from mailseal.kube.dkimworks import dkim_works
from mailseal.kube.keykeeper import KeyKeeper
from mailseal.kube.ntaclock import NtaClock
from mailseal.kube.objects import StoredObject
from mailseal.kube.outcomes import OutcomeReporter, held_values
from mailseal.kube.parts import domain_of, parts_of
from mailseal.kube.providers import OpenProvider, may_publish
from mailseal.kube.rolloutclock import RolloutClock
from mailseal.kube.runtime import Runtime
from mailseal.kube.workqueue import Lanes, WorkQueue, backoff
from mailseal.kube.zonemetrics import ZoneMetrics
from mailseal.kube.zonestate import DELETE_WINDOW, DOMAINS_PER_SYNC, Route, ZoneKey, ZoneState
from mailseal.planning.model import Claim
from mailseal.planning.nta_gate import PrerequisiteFinding
from mailseal.records.names import DnsName

GATHER = timedelta(milliseconds=200)
"""How long a zone waits for more changes before a sync, so that they share their messages."""
LONGEST_RETRY = timedelta(minutes=1)


class ZoneKeeper:
    """Syncs zones, each by one worker at a time, and reports what came of their resources."""

    def __init__(self, runtime: Runtime, outcomes: OutcomeReporter, keys: KeyKeeper) -> None:
        self._runtime = runtime
        self._keys = keys
        self._rollouts = RolloutClock(runtime)
        self._nta_clock = NtaClock(runtime)
        self._outcomes = outcomes
        self._states: dict[ZoneKey, ZoneState] = {}
        self._routes: dict[ObjectKey, tuple[Route, ...]] = {}
        lanes: Lanes[ZoneKey] = Lanes(lambda zone: zone.provider, runtime.settings.provider_concurrency)
        self.queue: WorkQueue[ZoneKey] = WorkQueue(
            "zones", self._sync, runtime.settings.zone_concurrency, lanes=lanes
        )
        self.on_provider_trouble: Callable[[ObjectKey], None] = lambda provider: None
        self.on_synced: Callable[[StoredObject, ZoneKey], None] = lambda resource, zone: None
        """Called with each resource of a sync once it was reported what came of it."""
        self.on_overtaken: Callable[[ObjectKey], None] = lambda resource: None
        """Called when a resource or a part was withdrawn during its sync: its status may be out of step."""
        self.prerequisites: Callable[[DnsName], tuple[PrerequisiteFinding, ...]] = lambda domain: ()
        """What the live checks say of the prerequisites of an NTA 7516 record at a domain."""

    def admit(self, resource: ObjectKey, routes: tuple[Route, ...]) -> None:
        """The resource is ready to be planned for in these zones; sync its domains soon."""
        self._routes[resource] = routes
        self._mark_all(routes, timedelta(0))

    def withdraw(self, resource: ObjectKey) -> None:
        """Plan without the resource from now on; what it published stays as it is, unless others claim it."""
        self._outcomes.forget(resource)
        self._mark_all(self._routes.pop(resource, ()), timedelta(0))

    def known_route(self, resource: ObjectKey, provider: ObjectKey, domain: DnsName) -> Route | None:
        """Where the records of the resource at a domain are planned for through a provider."""
        routes = self._routes.get(resource, ())
        return next((one for one in routes if (one.zone.provider, one.domain) == (provider, domain)), None)

    def is_kept(self, part: StoredObject) -> bool:
        """True for a part of a resource that is planned for in some zone."""
        return any(route.domain == domain_of(part) for route in self._routes.get(part.key, ()))

    def look_again(self, resource: ObjectKey, after: timedelta = timedelta(0)) -> None:
        """Sync the resource's domain `after` from now, or sooner if that is due."""
        self._mark_all(self._routes.get(resource, ()), after)

    def look_again_at(self, resource: ObjectKey, domain: DnsName) -> None:
        """Sync one of the resource's domains soon, and leave the others alone."""
        routes = self._routes.get(resource, ())
        self._mark_all((route for route in routes if route.domain == domain), timedelta(0))

    def _mark_all(self, routes: Iterable[Route], after: timedelta) -> None:
        for route in routes:
            self._mark(route.zone, route.domain, after)

    def _mark(self, zone: ZoneKey, domain: DnsName, after: timedelta) -> None:
        state = self._states.setdefault(zone, ZoneState())
        at = asyncio.get_running_loop().time() + after.total_seconds()
        state.due[domain] = min(at, state.due.get(domain, at))
        self.queue.add(zone, max(after, GATHER))

    async def _sync(self, zone: ZoneKey) -> None:
        state = self._states.setdefault(zone, ZoneState())
        opened = self._runtime.pool.get(zone.provider)
        loop = asyncio.get_running_loop()
        domains = state.take(loop.time())
        if opened is None:
            self._forget_unless_routed(zone)
            return
        for domain in domains:
            state.due.pop(domain, None)
        resources = [resource for domain in domains for resource in self._permitted(opened, zone, domain)]
        try:
            with metrics.ZONE_SYNC_SECONDS.time():
                outcome, wakes = await self._run(zone, opened, state, resources)
            unsettled = await self._report(zone, resources, outcome)
        except BaseException:
            self._retry(zone, state, domains)
            raise
        self._settle(zone, state, domains, unsettled, held_values(resources, outcome))
        for resource, wake in wakes.items():
            self.look_again(resource, max(wake, timedelta(0)))
        self._metrics_of(zone).orphans(state.count_orphans(domains, outcome.orphans))
        refused = outcome.refusal.owners if outcome.refusal else frozenset()
        self._gather_held(
            zone, state, domains, {domain_of(resource) for resource in resources if resource.owner in refused}
        )
        self._schedule(zone, state)

    async def _report(
        self, zone: ZoneKey, resources: list[StoredObject], outcome: ZoneOutcome
    ) -> frozenset[DnsName]:
        """Report what came of the resources that are still planned for in this zone."""
        routed = [resource for resource in resources if self._is_routed(resource, zone)]
        unsettled = await self._outcomes.report(routed, outcome)
        for resource in routed:
            if self._is_routed(resource, zone):
                self.on_synced(resource, zone)
            else:
                self.on_overtaken(resource.key)
        for resource in resources:
            if resource not in routed and self._outcomes.overtaken(resource, outcome):
                self.on_overtaken(resource.key)
        return unsettled

    async def _run(
        self, zone: ZoneKey, opened: OpenProvider, state: ZoneState, resources: list[StoredObject]
    ) -> tuple[ZoneOutcome, Mapping[ObjectKey, timedelta]]:
        """One sync, and when the keys of its resources are to be looked at again."""
        views = {resource.key: self._runtime.secrets.view(resource.key) for resource in resources}
        claims = await self._rollouts.timely(
            [self._claim(resource, views[resource.key]) for resource in resources]
        )
        claims = await self._nta_clock.timely(claims)
        history = state.history(asyncio.get_running_loop().time())
        backend = opened.backend
        settings = self._sync_settings(opened)
        access = ZoneAccess(zone.zone, backend.provider, backend.observer(zone.zone), settings)
        outcome = await sync_zone(
            access, [claim for claim in claims if claim], self._runtime.clock(), history
        )
        self._count(zone, state, outcome)
        return outcome, dict(self._show_keys(resources, claims, views, outcome))

    def _claim(self, resource: StoredObject, view: SecretView | None) -> Claim | None:
        domain = domain_of(resource)
        works = dkim_works(self._runtime.store.about_domain(domain))
        return claim_of(resource, view, dkim_works=works, prerequisites=self.prerequisites(domain))

    def _show_keys(
        self,
        resources: Iterable[StoredObject],
        claims: Iterable[Claim | None],
        views: Mapping[ObjectKey, SecretView | None],
        outcome: ZoneOutcome,
    ) -> Iterator[tuple[ObjectKey, timedelta]]:
        """Let the key keeper see what the servers answer of the keys that the sync was asked to publish."""
        for resource, claim in zip(resources, claims, strict=True):
            view = views[resource.key]
            if claim and view:
                wake = self._keys.saw(resource, claim, view.life.revision, outcome)
                if wake is not None:
                    yield resource.key, wake

    def _sync_settings(self, opened: OpenProvider) -> SyncSettings:
        spec = opened.spec
        resource = self._runtime.store.get(opened.key)
        confirmed = resource.annotations.get(CONFIRM_ANNOTATION, "") if resource else ""
        return SyncSettings(
            operator_id=self._runtime.operator_id,
            heritage=self._runtime.settings.heritage,
            policy=spec.policy,
            delete_limit_percent=spec.delete_limit.percent,
            delete_limit_from_values=spec.delete_limit.from_values,
            confirmed_plans=frozenset(confirmed.replace(",", " ").split()),
            verify_within=self._runtime.settings.verify_within,
        )

    def _routed(self, zone: ZoneKey, domain: DnsName) -> Iterable[StoredObject]:
        """The resources of a domain that were admitted to this zone."""
        for resource in self._runtime.store.at_domain(domain):
            for part in parts_of(resource) if resource.spec else ():
                if domain_of(part) == domain and self._is_routed(part, zone):
                    yield part

    def _permitted(self, opened: OpenProvider, zone: ZoneKey, domain: DnsName) -> Iterator[StoredObject]:
        """Those of `_routed` that the provider allows: admission follows a change of it a moment later."""
        latest = self._runtime.store.get(zone.provider)
        for resource in self._routed(zone, domain):
            if may_publish(opened, latest, resource.key.namespace, domain):
                yield resource

    def _is_routed(self, resource: StoredObject, zone: ZoneKey) -> bool:
        return Route(zone, domain_of(resource)) in self._routes.get(resource.key, ())

    def _forget_unless_routed(self, zone: ZoneKey) -> None:
        """Drop what is remembered of a zone without a backend, once nobody waits for that."""
        if all(route.zone != zone for routes in self._routes.values() for route in routes):
            self._states.pop(zone, None)

    def _count(self, zone: ZoneKey, state: ZoneState, outcome: ZoneOutcome) -> None:
        if outcome.deletes:
            state.deletes.append((asyncio.get_running_loop().time(), outcome.deletes))
        self._metrics_of(zone).synced(outcome)
        if outcome.failure and not outcome.failure.retryable:
            self.on_provider_trouble(zone.provider)

    def _metrics_of(self, zone: ZoneKey) -> ZoneMetrics:
        return ZoneMetrics(zone, provider_exists=self._runtime.store.get(zone.provider) is not None)

    def _settle(
        self,
        zone: ZoneKey,
        state: ZoneState,
        domains: list[DnsName],
        unsettled: Collection[DnsName],
        held: Mapping[DnsName, int],
    ) -> None:
        """Decide for each domain when to come back: soon where something is under way, else at the resync."""
        for domain in domains:
            if domain in unsettled:
                self._retry(zone, state, [domain])
            else:
                state.attempts.pop(domain, None)
            if any(True for _ in self._routed(zone, domain)):
                state.owned[domain] = held.get(domain, 0)
                self._mark(zone, domain, self._runtime.settings.resync * random.uniform(0.9, 1.1))  # noqa: S311
            else:
                state.owned.pop(domain, None)

    def _gather_held(
        self, zone: ZoneKey, state: ZoneState, domains: list[DnsName], held: set[DnsName]
    ) -> None:
        """Plan all held deletions of a zone in one sync, so that one digest confirms them together."""
        state.held = (state.held - set(domains)) | held
        if held and not state.held <= set(domains) and len(state.held) <= DOMAINS_PER_SYNC:
            for domain in state.held:
                self._mark(zone, domain, timedelta(0))

    def _retry(self, zone: ZoneKey, state: ZoneState, domains: list[DnsName]) -> None:
        for domain in domains:
            state.attempts[domain] = state.attempts.get(domain, 0) + 1
            longest = min(LONGEST_RETRY, self._runtime.settings.resync)
            self._mark(zone, domain, backoff(state.attempts[domain], longest=longest))

    def _schedule(self, zone: ZoneKey, state: ZoneState) -> None:
        if state.due:
            wait_seconds = min(state.due.values()) - asyncio.get_running_loop().time()
            self.queue.add(zone, timedelta(seconds=max(wait_seconds, 0.0)))
        elif state.deletes:
            self.queue.add(zone, DELETE_WINDOW)
        else:
            self._states.pop(zone, None)
