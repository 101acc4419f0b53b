"""Zones in the memory of this process: for tests, and to try mailseal without a name server."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, Final

from mailseal.providers.base import (
    Ability,
    Capabilities,
    InvalidConfiguration,
    ProviderError,
    Refused,
    ZoneNotFound,
    ZoneSurvey,
)
from mailseal.providers.rrsetstore import changed_rrsets, check_batch, read_rrsets
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings
from mailseal.providers.zonelist import longest_suffix, parse_zones
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

_BATCH_LIMIT: Final = 1000


@dataclass
class Faults:
    """What a test makes go wrong. Every hook is optional and may be changed at any time."""

    latency_seconds: float = 0.0
    """How long each call takes."""
    errors: deque[ProviderError] = field(default_factory=deque)
    """The next calls of any kind raise these, one each."""
    refuse: Callable[[RRsetChange], str | None] | None = None
    """Says for a change why it is refused; None accepts it."""
    before_apply: deque[Callable[[MemoryBackend], None]] = field(default_factory=deque)
    """The next writes call these first, one each: somebody else who is faster."""
    after_apply: deque[ProviderError] = field(default_factory=deque)
    """The next writes that were made raise these all the same, one each: the answer was lost."""


class MemoryBackend:
    """The zones of one name, shared by every provider of this process that is opened with that name."""

    _named: ClassVar[dict[str, MemoryBackend]] = {}
    _named_lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, zones: Iterable[DnsName] = ()) -> None:
        self.faults = Faults()
        self.reads = 0
        self.writes = 0
        self._lock = threading.Lock()
        self._zones: dict[DnsName, dict[RRsetKey, RRset]] = {zone: {} for zone in zones}

    @classmethod
    def named(cls, name: str) -> MemoryBackend:
        """The backend of that name, made at its first use."""
        with cls._named_lock:
            return cls._named.setdefault(name, cls())

    @classmethod
    def forget(cls, name: str) -> None:
        """Drop the backend of that name; the next use begins empty."""
        with cls._named_lock:
            cls._named.pop(name, None)

    def add_zone(self, zone: DnsName) -> None:
        """Serve `zone`, empty unless it is served already."""
        with self._lock:
            self._zones.setdefault(zone, {})

    def zones(self) -> tuple[DnsName, ...]:
        """All zones, in order of their addition."""
        with self._lock:
            return tuple(self._zones)

    def put(self, rrset: RRset) -> None:
        """Replace a set behind everybody's back."""
        with self._lock:
            self._zones[longest_suffix(rrset.key.name, self._zones)][rrset.key] = rrset

    def remove(self, key: RRsetKey) -> None:
        """Remove a set, if there is one, behind everybody's back."""
        with self._lock:
            self._zones[longest_suffix(key.name, self._zones)].pop(key, None)

    def rrsets(self, zone: DnsName) -> dict[RRsetKey, RRset]:
        """All sets of a zone. Raises `ZoneNotFound`."""
        with self._lock:
            if zone not in self._zones:
                raise ZoneNotFound(f"the memory provider has no zone {zone}; add it to spec.zones")
            return dict(self._zones[zone])

    def swap(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """Make all changes or none. Raises `Raced`, `Refused` or `ZoneNotFound`."""
        with self._lock:
            if zone not in self._zones:
                raise ZoneNotFound(f"the memory provider has no zone {zone}; add it to spec.zones")
            self._zones[zone] = changed_rrsets(self._zones[zone], changes)


class MemoryProvider:
    """The provider over a `MemoryBackend`. Settings: `name` (default "default") and `zones`."""

    type_name: ClassVar[str] = "memory"
    capabilities: Capabilities = Capabilities(
        batch_limit=_BATCH_LIMIT,
        cannot={Ability.DELEGATIONS: "It holds no NS records, so that nothing can be delegated."},
    )

    def __init__(self, backend: MemoryBackend, zones: tuple[DnsName, ...] = ()) -> None:
        self.backend = backend
        self._listed = zones
        for zone in zones:
            backend.add_zone(zone)

    @classmethod
    def from_settings(
        cls,
        settings: Mapping[str, object],
        credentials: Mapping[str, bytes],
        surroundings: Surroundings = UNRESTRICTED,
    ) -> MemoryProvider:
        """Open the backend that `settings["name"]` names; listed zones come into being."""
        name = settings.get("name", "default")
        if not isinstance(name, str) or not name:
            raise InvalidConfiguration("name must be a non-empty text")
        if credentials:
            raise InvalidConfiguration(
                "the memory provider takes no credentials; remove credentialsSecretRef"
            )
        return cls(MemoryBackend.named(name), parse_zones(settings.get("zones")))

    async def survey(self) -> ZoneSurvey:
        """Every zone works."""
        await self._pass_faults()
        return ZoneSurvey(self._zones())

    async def zones(self) -> tuple[DnsName, ...]:
        """The listed zones, or all of the backend."""
        return (await self.survey()).usable()

    async def zone_of(self, name: DnsName) -> DnsName:
        """See `Provider.zone_of`."""
        await self._pass_faults()
        return longest_suffix(name, self._zones())

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """See `Provider.read`."""
        self.backend.reads += 1
        await self._pass_faults()
        return read_rrsets(self.backend.rrsets(zone), keys)

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """See `Provider.apply`."""
        faults = self.backend.faults
        self.backend.writes += 1
        await self._pass_faults()
        check_batch(zone, changes)
        for change in changes:
            if faults.refuse is not None and (problem := faults.refuse(change)) is not None:
                raise Refused(problem)
        if faults.before_apply:
            faults.before_apply.popleft()(self.backend)
        self.backend.swap(zone, changes)
        if faults.after_apply:
            raise faults.after_apply.popleft()

    async def negative_caching_time(self, zone: DnsName) -> timedelta:
        """None at all: nobody caches what a process remembers."""
        return timedelta(0)

    async def close(self) -> None:
        """Nothing to release: the zones live on in the process."""

    def _zones(self) -> tuple[DnsName, ...]:
        return self._listed or self.backend.zones()

    async def _pass_faults(self) -> None:
        await asyncio.sleep(self.backend.faults.latency_seconds)
        if self.backend.faults.errors:
            raise self.backend.faults.errors.popleft()
