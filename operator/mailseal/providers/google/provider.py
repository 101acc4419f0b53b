"""The provider over Cloud DNS: one change for a batch, all or nothing, which names what it replaces."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, ClassVar, Final

from mailseal.dnsio.client import for_each
from mailseal.providers.base import (
    BatchTooLarge,
    Capabilities,
    Costs,
    InvalidConfiguration,
    NotServed,
    ProviderError,
    Raced,
    ZoneNotFound,
    ZoneSurvey,
)
from mailseal.providers.budget import Rate
from mailseal.providers.calls import CallLimits, Calls
from mailseal.providers.google.api import CloudDnsApi
from mailseal.providers.google.content import (
    Stored,
    Unreadable,
    addition,
    decode,
    deletion,
    gather,
    names_to_ask,
    owner_and_type,
)
from mailseal.providers.google.credential import AccessToken, GoogleCredentials, find_ambient, open_key
from mailseal.providers.google.settings import GoogleSettings
from mailseal.providers.lastseen import LastSeen
from mailseal.providers.rrsetstore import alters, check_batch
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings
from mailseal.providers.zonedirectory import Listing, ZoneDirectory
from mailseal.records.change import RRsetChange
from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey

BATCH_LIMIT: Final = 100
LONGEST_CHANGE_BYTES: Final = 100_000
"""Record data in one change (cloud.google.com/dns/quotas); it also admits 1,000 additions and deletions,
which would be too many of DKIM keys."""
RATE: Final = Rate(per_second=5, burst=50)
"""Cloud DNS counts requests per minute and user, by a quota that each project sets (cloud.google.com/dns/
quotas, "Read limit for a minute for a region"); what is over it is throttled, and sent again."""
_PARALLEL_LOOKUPS: Final = 4
_CAPABILITIES: Final = Capabilities(
    batch_limit=BATCH_LIMIT, costs=Costs(find_zone=1, read=1, read_more=0, write=1, write_more=0)
)


class GoogleProvider:
    """The public managed zones of one project.

    A zone's record sets are read as a whole, up to the size where asking for single names takes fewer
    requests.
    """

    type_name: ClassVar[str] = "google"
    capabilities: Capabilities = _CAPABILITIES

    def __init__(
        self, settings: GoogleSettings, find: Callable[[], GoogleCredentials], surroundings: Surroundings
    ) -> None:
        self._calls = Calls(
            surroundings,
            surroundings.budgets.of(settings.account, RATE),
            CallLimits(timeout=settings.timeout),
        )
        token = AccessToken(find, self._calls, settings.timeout)
        self._api = CloudDnsApi(settings, token, self._calls, surroundings.reach)
        self._settings = settings
        self._directory = ZoneDirectory(self._list_zones, settings.zones)
        self._seen: LastSeen[Stored] = LastSeen()
        self._pages: dict[str, int] = {}
        """Requests that it took to read a managed zone as a whole."""

    @classmethod
    def from_settings(
        cls,
        settings: Mapping[str, object],
        credentials: Mapping[str, bytes],
        surroundings: Surroundings = UNRESTRICTED,
    ) -> GoogleProvider:
        """See `Provider.from_settings`; the fields are those of `GoogleSettings.parse`."""
        parsed = GoogleSettings.parse(settings, credentials, surroundings)
        if parsed.key is None:
            return cls(parsed, find_ambient, surroundings)
        opened = open_key(parsed.key)
        return cls(parsed, lambda: opened, surroundings)

    async def survey(self) -> ZoneSurvey:
        """Ask for all managed zones of the project; see `Provider.survey`."""
        return await self._directory.survey()

    async def zones(self) -> tuple[DnsName, ...]:
        """See `Provider.zones`."""
        return (await self.survey()).usable()

    async def zone_of(self, name: DnsName) -> DnsName:
        """The zone with the longest suffix, of those listed in the settings or in the project."""
        return await self._directory.zone_of(name)

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """Ask for the zone's record sets; see `Provider.read`."""
        if not keys:
            return {}
        gathered = gather(zone, keys, await self._bodies(zone, keys))
        if gathered.faults:
            raise NotServed(gathered.faults)
        for key in keys:
            self._seen.forget(zone, key)
        for key, stored in gathered.stored.items():
            self._seen.note(zone, key, gathered.rrsets[key], stored)
        return gathered.rrsets

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """Make one change that deletes the sets before, exactly as stored, and adds those after."""
        check_batch(zone, changes)
        altering = [change for change in changes if alters(change)]
        if not altering:
            return
        managed_zone = await self._directory.handle(zone)
        held = {change.key: await self._held(zone, managed_zone, change) for change in altering}
        body = _body(altering, held)
        try:
            made = await self._api.change(managed_zone, body, altering)
        except ZoneNotFound:
            self._directory.forget()
            raise
        self._note(zone, altering, made)

    async def close(self) -> None:
        """See `Provider.close`."""
        self._calls.close()
        await self._api.close()

    def __repr__(self) -> str:
        return f"GoogleProvider({self._settings.project})"

    async def _list_zones(self) -> Listing[str]:
        return listing(await self._api.managed_zones(), self._settings.managed_zones)

    async def _bodies(self, zone: DnsName, keys: Collection[RRsetKey]) -> list[Mapping[str, Any]]:
        managed_zone = await self._directory.handle(zone)
        names = names_to_ask(zone, keys)
        try:
            if self._pages.get(managed_zone, 1) <= len(names):
                bodies, self._pages[managed_zone] = await self._api.record_sets(managed_zone)
                return bodies
            bodies = []

            async def look_up(name: DnsName) -> None:
                bodies.extend(await self._api.record_sets_at(managed_zone, name))

            await for_each(names, look_up, _PARALLEL_LOOKUPS)
        except ZoneNotFound:
            self._directory.forget()
            raise
        return bodies

    async def _held(self, zone: DnsName, managed_zone: str, change: RRsetChange) -> Stored | None:
        """The set before a change as it is stored; None where there is none. Raises `Raced`."""
        seen = self._seen.take(zone, change.key, change.before)
        if seen is not None or change.before is None:
            return seen
        bodies = await self._api.record_sets_at(managed_zone, change.key.name)
        found = gather(zone, [change.key], bodies)
        if not change.before.same_as(found.rrsets.get(change.key)):
            raise Raced(f"{change.key} has changed since it was read")
        return found.stored[change.key]

    def _note(self, zone: DnsName, changes: Sequence[RRsetChange], made: Mapping[str, Any]) -> None:
        """Remember what a change has left, in the words of Google's answer."""
        keys = {change.key for change in changes if change.after is not None}
        additions = made.get("additions")
        for body in additions if isinstance(additions, list) else ():
            try:
                owner, kind = owner_and_type(body)
                key = RRsetKey(owner, RecordType(kind))
                rrset, stored = decode(key, body)
            except (Unreadable, ValueError, AttributeError):
                continue
            if key in keys:
                self._seen.note(zone, key, rrset, stored)


def listing(bodies: Sequence[Mapping[str, Any]], chosen: Collection[str]) -> Listing[str]:
    """The public zones of a project by name; one that there is twice is a fault, unless one is chosen."""
    names: dict[DnsName, list[str]] = {}
    for body in bodies:
        managed_zone, visibility = body.get("name"), body.get("visibility", "public")
        if not isinstance(managed_zone, str) or str(visibility).lower() != "public":
            continue
        if chosen and managed_zone not in chosen:
            continue
        try:
            names.setdefault(DnsName.parse(str(body.get("dnsName"))), []).append(managed_zone)
        except InvalidRecord:
            continue
    faults: dict[DnsName, ProviderError] = {
        zone: InvalidConfiguration(
            f"the project has several public managed zones of {zone}: {', '.join(sorted(twins))}; name the "
            "one to use in managedZones"
        )
        for zone, twins in names.items()
        if len(twins) > 1
    }
    return Listing({zone: twins[0] for zone, twins in names.items() if len(twins) == 1}, faults)


def _body(changes: Sequence[RRsetChange], held: Mapping[RRsetKey, Stored | None]) -> dict[str, Any]:
    """The `Change` of the API. Raises `BatchTooLarge` for more record data than one may have."""
    deletions, additions = [], []
    for change in changes:
        stored = held[change.key]
        if stored is not None:
            deletions.append(deletion(change, stored))
        if change.after is not None:
            additions.append(addition(change, change.after, stored))
    size = sum(len(text) for entry in (*deletions, *additions) for text in entry["rrdatas"])
    if size > LONGEST_CHANGE_BYTES and len(changes) > 1:
        raise BatchTooLarge(f"{size} bytes of record data, over the {LONGEST_CHANGE_BYTES} of one change")
    return {"kind": "dns#change", "deletions": deletions, "additions": additions}
