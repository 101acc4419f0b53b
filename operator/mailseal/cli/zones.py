"""Which zone each resource belongs to, asked of the providers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from mailseal.cli.desired import Desired
from mailseal.cli.resources import RecordResource
from mailseal.engine.backends import Backend
from mailseal.engine.objectkey import ObjectKey
from mailseal.engine.zone import SyncSettings, ZoneAccess
from mailseal.providers.base import ProviderError, ZoneNotFound
from mailseal.records.names import DnsName


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone behind one provider, with its resources in the files."""

    provider: ObjectKey
    name: DnsName
    backend: Backend
    settings: SyncSettings
    records: tuple[RecordResource, ...]

    @property
    def access(self) -> ZoneAccess:
        """The zone as the engine takes it."""
        return ZoneAccess(self.name, self.backend.provider, self.backend.observer(self.name), self.settings)

    def __str__(self) -> str:
        return f"zone {self.name} at {self.provider}"


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A resource whose zone could not be found."""

    resource: RecordResource
    error: ProviderError


@dataclass(frozen=True, slots=True)
class Placement:
    """All resources of the files by zone."""

    zones: tuple[Zone, ...]
    unplaced: tuple[Unplaced, ...]


@asynccontextmanager
async def placed(desired: Desired, verify_within: timedelta) -> AsyncIterator[Placement]:
    """The zones of all resources; the providers are closed at the end."""
    try:
        parts = await asyncio.gather(
            *(_of_provider(desired, key, verify_within) for key in desired.providers)
        )
        yield Placement(
            tuple(zone for part in parts for zone in part.zones),
            tuple(unplaced for part in parts for unplaced in part.unplaced),
        )
    finally:
        for backend in desired.backends.values():
            await backend.provider.close()


async def _of_provider(desired: Desired, key: ObjectKey, verify_within: timedelta) -> Placement:
    """The zones behind one provider. Trouble with the provider itself ends the search for all."""
    backend = desired.backends[key]
    records = [resource for resource in desired.records if resource.provider_key == key]
    zones: dict[DnsName, list[RecordResource]] = {}
    unplaced: list[Unplaced] = []
    failure: ProviderError | None = None
    for domain in dict.fromkeys(resource.spec.domain_name for resource in records):
        at_domain = [resource for resource in records if resource.spec.domain_name == domain]
        try:
            if failure is not None:
                raise failure
            zones.setdefault(await backend.provider.zone_of(domain), []).extend(at_domain)
        except ProviderError as error:
            failure = None if isinstance(error, ZoneNotFound) else error
            unplaced += [Unplaced(resource, error) for resource in at_domain]
    settings = _settings(desired, key, verify_within)
    return Placement(
        tuple(Zone(key, name, backend, settings, _ordered(found)) for name, found in sorted(zones.items())),
        tuple(unplaced),
    )


def _ordered(resources: Sequence[RecordResource]) -> tuple[RecordResource, ...]:
    return tuple(sorted(resources, key=lambda resource: resource.position))


def _settings(desired: Desired, key: ObjectKey, verify_within: timedelta) -> SyncSettings:
    provider = desired.providers[key]
    return SyncSettings(
        operator_id=desired.request.operator_id,
        policy=provider.spec.policy,
        delete_limit_percent=provider.spec.delete_limit.percent,
        delete_limit_from_values=provider.spec.delete_limit.from_values,
        confirmed_plans=provider.confirmed_plans | desired.request.confirmed_plans,
        verify_within=verify_within,
    )
