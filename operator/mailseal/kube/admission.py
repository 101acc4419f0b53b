"""What must hold before a resource is planned for: provider, permission, zone, finalizer, keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mailseal.domain.common import RecordOwnerSpec
from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.domain.provider import DnsProviderSpec
from mailseal.domain.specs import Spec
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.api import Conflict, NotFound
from mailseal.kube.claims import rival_of
from mailseal.kube.conditions import Verdict
from mailseal.kube.finalizers import set_finalizers
from mailseal.kube.keykeeper import KeyKeeper
from mailseal.kube.objects import FINALIZER, StoredObject
from mailseal.kube.parts import parts_of
from mailseal.kube.providers import OpenProvider, may_publish
from mailseal.kube.runtime import Runtime
from mailseal.kube.zonestate import Route, ZoneKey
from mailseal.providers.base import ProviderError
from mailseal.records.names import DnsName


class NotYet(Exception):
    """Something that comes by itself is awaited: nothing to report, nothing to retry."""


class AwaitsKeys(NotYet):
    """The DkimKey's Secret has to be read or made first."""


class Gone(NotYet):
    """The resource does not exist any more, which a watch that was cut may never tell."""


class NotAdmitted(Exception):
    """The resource cannot be planned for now.

    `retry`: it may be soon, without anybody changing anything.
    """

    def __init__(self, reason: str, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.verdict = Verdict(False, reason, message, stalled=not retry)
        self.retry = retry


@dataclass(frozen=True, slots=True)
class Admitted:
    """Where to plan a resource."""

    routes: tuple[Route, ...]
    obstacles: tuple[tuple[StoredObject, NotAdmitted], ...] = ()
    """The parts of an NtaRecord that cannot be planned for now, unlike the others, and why."""


class Admission:
    """Checks and prepares record resources, step by step, the first obstacle ending it."""

    def __init__(self, runtime: Runtime, keys: KeyKeeper) -> None:
        self._runtime = runtime
        self._keys = keys
        self.known_route: Callable[[ObjectKey, ObjectKey, DnsName], Route | None] = (
            lambda resource, provider, domain: None
        )
        """Where a resource is planned for already, by its key, its provider and its domain."""

    async def admit(self, resource: StoredObject) -> Admitted:
        """Where to plan the resource; it then has our finalizer and, for a DkimKey, its Secret.

        Raises `AwaitsKeys`, `NotYet`, `NotAdmitted`, `ApiError`.
        """
        spec = resource.spec
        if not isinstance(spec, RecordOwnerSpec):
            raise NotAdmitted("InvalidSpec", resource.invalid)
        admitted = await self._admit_parts(resource)
        if not resource.deleting:
            await self._hold(resource)
        if isinstance(spec, DkimKeySpec) and not self._keys.is_prepared(resource):
            raise AwaitsKeys
        return admitted

    async def _admit_parts(self, resource: StoredObject) -> Admitted:
        """One domain of an NtaRecord never holds up the others; a DkimKey is planned for as a whole."""
        routes: list[Route] = []
        obstacles: list[tuple[StoredObject, NotAdmitted]] = []
        for part in parts_of(resource):
            try:
                routes.append(await self._route(part, part.spec))
            except NotAdmitted as obstacle:
                obstacles.append((part, obstacle))
        if obstacles and not (routes and isinstance(resource.spec, NtaRecordSpec)):
            raise obstacles[0][1]
        return Admitted(tuple(routes), tuple(obstacles))

    async def _route(self, part: StoredObject, spec: Spec | None) -> Route:
        if not isinstance(spec, RecordOwnerSpec):
            raise NotAdmitted("InvalidSpec", part.invalid)
        opened = self._provider(part, spec)
        self._check_rivals(part, spec)
        try:
            zone = await opened.backend.provider.zone_of(spec.domain_name)
        except ProviderError as error:
            known = self.known_route(part.key, opened.key, spec.domain_name)
            if known and error.retryable:
                return known  # It goes on being planned for: nobody else may get what it holds meanwhile.
            raise NotAdmitted(error.reason, str(error), retry=error.retryable) from None
        return Route(ZoneKey(opened.key, zone), spec.domain_name)

    def _provider(self, resource: StoredObject, spec: RecordOwnerSpec) -> OpenProvider:
        key = resource.provider_key
        if key is None or self._runtime.store.get(key) is None:
            field = "spec.delegation.providerRef" if resource.part else "spec.providerRef"
            raise NotAdmitted("ProviderNotFound", f"{key} does not exist: create it or change {field}")
        opened = self._runtime.pool.get(key)
        if opened is None:
            obstacle = self._runtime.pool.obstacle(key)
            if obstacle is None:
                raise NotYet
            raise NotAdmitted("ProviderNotReady", f"{key} cannot be used: {obstacle}")
        latest = self._runtime.store.get(key)
        if not may_publish(opened, latest, resource.key.namespace, spec.domain_name):
            raise NotAdmitted(
                "ProviderNotAllowed",
                f"{key} does not allow namespace {resource.key.namespace} to publish records of "
                f"{spec.domain}: ask its administrator for allowedNamespaces and allowedDomains",
            )
        return opened

    def _check_rivals(self, resource: StoredObject, spec: RecordOwnerSpec) -> None:
        if resource.wants_nothing:
            return
        # One that never got as far as our finalizer, such as for want of a provider, blocks nobody.
        others = [other for other in self._runtime.store.at_domain(spec.domain_name) if other.held]
        rival = rival_of(resource, others, lambda other: self._is_assigned(other, spec.domain_name))
        if rival:
            claim = (
                f"the namespace of {rival.key}, which claims {spec.domain}, too, was given that domain"
                if self._is_assigned(rival, spec.domain_name)
                else f"{rival.key} is older and claims {spec.domain}, too"
            )
            raise NotAdmitted("ClaimedByOlder", f"{claim}; ask for it in one of the two only")

    def _is_assigned(self, claimant: StoredObject, domain: DnsName) -> bool:
        provider = self._runtime.store.get(claimant.provider_key) if claimant.provider_key else None
        if provider is None or not isinstance(provider.spec, DnsProviderSpec):
            return False
        return provider.spec.assigns(claimant.key.namespace, domain)

    async def _hold(self, resource: StoredObject) -> None:
        if resource.held:
            return
        try:
            await set_finalizers(self._runtime, resource, (*resource.finalizers, FINALIZER))
        except NotFound:
            raise Gone from None
        except Conflict:
            raise NotAdmitted("Pending", "the resource was just changed; trying again", retry=True) from None
