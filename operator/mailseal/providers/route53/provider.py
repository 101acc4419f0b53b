"""The provider over the Route 53 API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from time import monotonic
from typing import ClassVar, Final, TypeVar

from mailseal.providers.base import (
    Ability,
    AuthenticationFailed,
    Capabilities,
    Costs,
    NotServed,
    ProviderError,
    Raced,
    ZoneNotFound,
    ZoneSurvey,
)
from mailseal.providers.budget import Rate
from mailseal.providers.calls import CallLimits, Calls
from mailseal.providers.route53.api import HostedZone, Route53Api
from mailseal.providers.route53.batch import build_batch
from mailseal.providers.route53.errors import BatchRefused, ValuesDiffer
from mailseal.providers.route53.hostedzones import CACHE_SECONDS, HostedZones, Selection
from mailseal.providers.route53.identity import Identity
from mailseal.providers.route53.insync import Propagation
from mailseal.providers.route53.listing import Position, sweep
from mailseal.providers.route53.recordsets import (
    KnownTexts,
    StoredSet,
    cut_above,
    names_to_look_at,
    obstacle,
)
from mailseal.providers.route53.settings import Route53Settings
from mailseal.providers.rrsetstore import alters, check_batch
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings
from mailseal.providers.zonelist import longest_suffix
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey

Result = TypeVar("Result")

RATE: Final = Rate(per_second=5, burst=5)
"""Requests to Route 53 of one account (Developer Guide, "Quotas on API requests")."""
BATCH_LIMIT: Final = 60
"""New DKIM keys of 2048 bits take about 430 characters each: 60 fit the 32,000 of one request."""
_CANNOT: Final = {
    Ability.LONG_VALUES: "A value takes at most 4,000 characters with its quotes and escapes, which is about "
    "3,950 bytes of text; a longer one is refused before anything is sent.",
}


class Route53Provider:
    """The hosted zones of an AWS account, or those of them that the settings name."""

    type_name: ClassVar[str] = "route53"
    capabilities = Capabilities(
        batch_limit=BATCH_LIMIT,
        cannot=_CANNOT,
        costs=Costs(find_zone=1, read=1, read_more=0, write=1, write_more=0),
    )

    def __init__(
        self, settings: Route53Settings, api: Route53Api, clock: Callable[[], float] = monotonic
    ) -> None:
        self._listed = settings.zones
        self._api = api
        self._clock = clock
        self._hosted = HostedZones(api, Selection(settings.zone_type, settings.hosted_zone_ids), clock)
        self._propagation = Propagation(api, settings.insync_within, clock)
        self._texts = KnownTexts()
        self._readable_until: dict[str, float] = {}

    @classmethod
    def from_settings(
        cls,
        settings: Mapping[str, object],
        credentials: Mapping[str, bytes],
        surroundings: Surroundings = UNRESTRICTED,
    ) -> Route53Provider:
        """See `Provider.from_settings`; the fields are those of `Route53Settings.parse`."""
        parsed = Route53Settings.parse(settings, credentials, surroundings)
        limits = CallLimits(parsed.timeout)
        calls = Calls(surroundings, surroundings.budgets.of(parsed.account, RATE), limits)
        return cls(parsed, Route53Api(Identity(parsed, calls), calls))

    async def survey(self) -> ZoneSurvey:
        """See `Provider.survey`. A zone that was read in the last ten minutes is not read again."""
        zones = self._listed or self._hosted.used()
        found = await self._hosted.again(zones)
        faults: dict[DnsName, ProviderError] = {}
        for zone, hosted in found.items():
            if isinstance(hosted, ProviderError):
                faults[zone] = hosted
                continue
            try:
                await self._prove_readable(hosted)
            except (AuthenticationFailed, ZoneNotFound) as error:
                faults[zone] = error
        return ZoneSurvey(tuple(zone for zone in zones if zone not in faults), faults)

    async def zones(self) -> tuple[DnsName, ...]:
        """See `Provider.zones`."""
        return (await self.survey()).usable()

    async def zone_of(self, name: DnsName) -> DnsName:
        """The listed zone with the longest suffix, or the hosted zone."""
        if self._listed:
            return longest_suffix(name, self._listed)
        return (await self._hosted.holding(name)).name

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """See `Provider.read`. A name that a routing policy or an alias holds is `NotServed`, too."""
        if not keys:
            return {}
        return await self._in_zone(zone, lambda hosted: self._read(hosted, keys))

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """Send one change batch; see `Provider.apply` and `batch.build_batch`."""
        check_batch(zone, changes)
        altering = [change for change in changes if alters(change)]
        if altering:
            await self._in_zone(zone, lambda hosted: self._apply(hosted, altering))

    async def close(self) -> None:
        """Send nothing any more; what is under way ends by its time-out."""
        self._api.close()

    async def _in_zone(self, zone: DnsName, work: Callable[[HostedZone], Awaitable[Result]]) -> Result:
        """Do the work in the hosted zone; in its successor when it was deleted and made anew."""
        hosted = await self._hosted.named(zone)
        try:
            return await work(hosted)
        except ZoneNotFound:
            self._hosted.forget(zone)
            successor = await self._hosted.named(zone)
            if successor == hosted:
                raise
        return await work(successor)

    async def _read(self, hosted: HostedZone, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        names = {name for key in keys for name in names_to_look_at(key.name, hosted.name)}
        sets_at = await sweep(names, lambda start: self._api.list_sets(hosted.id, start))
        self._readable_until[hosted.id] = self._clock() + CACHE_SECONDS
        faults = {key: fault for key in keys if (fault := _fault(key, hosted.name, sets_at))}
        if faults:
            raise NotServed(faults)
        return self._found(hosted.id, keys, sets_at)

    def _found(
        self, zone_id: str, keys: Collection[RRsetKey], sets_at: Mapping[DnsName, Sequence[StoredSet]]
    ) -> dict[RRsetKey, RRset]:
        found: dict[RRsetKey, RRset] = {}
        for key in {*keys, *(RRsetKey(key.name, RecordType.CNAME) for key in keys)}:
            stored = next((each for each in sets_at[key.name] if each.rtype == key.rtype), None)
            self._texts.note(zone_id, key, stored)
            if stored is not None:
                found[key] = stored.rrset()
        return found

    async def _apply(self, hosted: HostedZone, changes: Sequence[RRsetChange]) -> None:
        batch = build_batch(hosted.id, changes, self._texts)
        try:
            info = await self._api.change(hosted.id, batch)
        except ValuesDiffer:
            await self._learn_texts(hosted, [change.key for change in changes if change.before is not None])
            learned = build_batch(hosted.id, changes, self._texts)
            if learned == batch:
                raise
            info = await self._api.change(hosted.id, learned)
        except BatchRefused as refusal:
            if await self._is_stale(hosted, changes):
                raise Raced(str(refusal)) from None
            raise
        await self._propagation.wait(hosted.id, info)

    async def _is_stale(self, hosted: HostedZone, changes: Sequence[RRsetChange]) -> bool:
        """True where the zone holds something else than a change believes."""
        try:
            found = await self._read(hosted, [change.key for change in changes])
        except ProviderError:
            return False
        held = [RRsetChange(change.key, found.get(change.key), change.before) for change in changes]
        return any(alters(each) for each in held)

    async def _learn_texts(self, hosted: HostedZone, keys: Collection[RRsetKey]) -> None:
        """Read how sets are stored that another provider read, so that only their meaning is known here."""
        names = {key.name for key in keys}
        sets_at = await sweep(names, lambda start: self._api.list_sets(hosted.id, start))
        self._found(hosted.id, [key for key in keys if not obstacle(sets_at[key.name], key)], sets_at)

    async def _prove_readable(self, hosted: HostedZone) -> None:
        if self._clock() >= self._readable_until.get(hosted.id, 0.0):
            await self._api.list_sets(hosted.id, Position(hosted.name))
            self._readable_until[hosted.id] = self._clock() + CACHE_SECONDS


def _fault(key: RRsetKey, zone: DnsName, sets_at: dict[DnsName, list[StoredSet]]) -> str | None:
    cut = cut_above(key.name, zone, sets_at) if key.name != zone else None
    if cut is not None:
        return f"{key.name} is delegated away from {zone} at {cut}"
    return obstacle(sets_at[key.name], key)
