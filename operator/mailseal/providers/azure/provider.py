"""The provider over the record sets of Azure DNS, each guarded by its etag."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar, Final

from azure.core.credentials_async import AsyncTokenCredential
from azure.mgmt.dns.models import RecordSet, Zone

from mailseal.dnsio.client import for_each
from mailseal.providers.azure.api import PAGE_SETS, AzureDnsApi
from mailseal.providers.azure.content import Mark, Unreadable, decode, encode, mark_of
from mailseal.providers.azure.credential import open_credential
from mailseal.providers.azure.reading import gather, point_lookups
from mailseal.providers.azure.settings import AzureSettings
from mailseal.providers.base import Ability, Capabilities, Costs, NotServed, Raced, ZoneSurvey
from mailseal.providers.budget import Rate
from mailseal.providers.calls import CallLimits, Calls
from mailseal.providers.lastseen import LastSeen
from mailseal.providers.rrsetstore import alters, check_batch
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings
from mailseal.providers.zonedirectory import Listing, ZoneDirectory
from mailseal.records.change import RRsetChange
from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

BATCH_LIMIT: Final = 20
"""Each change is a request of its own: a batch only keeps the changes of one name together."""
RATE: Final = Rate(per_second=2, burst=50)
"""Azure DNS admits 1,000 writes and 500 reads in 5 minutes (learn.microsoft.com, "Understand how Azure
Resource Manager throttles requests", Network throttling); most requests of a busy time are writes."""
_PARALLEL_LOOKUPS: Final = 4
_CAPABILITIES: Final = Capabilities(
    batch_limit=BATCH_LIMIT,
    cannot={
        Ability.ATOMIC_BATCHES: "Azure DNS changes one record set at a time: when one of several is refused, "
        "those before it stay written, and mailseal reads and plans again.",
        Ability.MANY_VALUES: "A record set holds 20 records at most.",
        Ability.EMPTY_STRINGS: "An empty character-string in a TXT value of ours is refused; one of somebody "
        "else is kept.",
        Ability.ANY_BYTES: "TXT values of ours have printable ASCII only; text of somebody else is kept.",
    },
    costs=Costs(find_zone=1, read=1, read_more=0, write=1, write_more=1),
)


class AzureProvider:
    """The public zones of one resource group.

    A zone's record sets are read as a whole, up to the size where asking for single ones takes fewer
    requests. A write names the etag of the record set that was read, so that Azure refuses it when the set
    has changed since.
    """

    type_name: ClassVar[str] = "azure"
    capabilities: Capabilities = _CAPABILITIES

    def __init__(
        self, settings: AzureSettings, credential: AsyncTokenCredential, surroundings: Surroundings
    ) -> None:
        self._calls = Calls(
            surroundings,
            surroundings.budgets.of(settings.account, RATE),
            CallLimits(timeout=settings.timeout),
        )
        self._api = AzureDnsApi(settings, credential, self._calls)
        self._resource_group = settings.resource_group
        self._directory = ZoneDirectory(self._list_zones, settings.zones)
        self._seen: LastSeen[Mark] = LastSeen()
        self._sizes: dict[DnsName, int] = {}
        """Record sets of the zones that were read as a whole."""

    @classmethod
    def from_settings(
        cls,
        settings: Mapping[str, object],
        credentials: Mapping[str, bytes],
        surroundings: Surroundings = UNRESTRICTED,
    ) -> AzureProvider:
        """See `Provider.from_settings`; the fields are those of `AzureSettings.parse`."""
        parsed = AzureSettings.parse(settings, credentials, surroundings)
        return cls(parsed, open_credential(parsed), surroundings)

    async def survey(self) -> ZoneSurvey:
        """Ask for all zones of the resource group; see `Provider.survey`."""
        return await self._directory.survey()

    async def zones(self) -> tuple[DnsName, ...]:
        """See `Provider.zones`."""
        return (await self.survey()).usable()

    async def zone_of(self, name: DnsName) -> DnsName:
        """The zone with the longest suffix, of those listed in the settings or in the resource group."""
        return await self._directory.zone_of(name)

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """Ask for the zone's record sets; see `Provider.read`."""
        if not keys:
            return {}
        gathered = gather(zone, keys, await self._stored(zone, keys))
        if gathered.faults:
            raise NotServed(gathered.faults)
        for key in keys:
            self._seen.forget(zone, key)
        for key, (rrset, mark) in gathered.marks.items():
            self._seen.note(zone, key, rrset, mark)
        return gathered.rrsets

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """Write one record set after the other, each while its etag holds; see `Provider.apply`.

        Nothing is written when one of the sets is known not to be as believed, or cannot be written.
        """
        check_batch(zone, changes)
        altering = deletions_first([change for change in changes if alters(change)])
        marks = [await self._mark(zone, change) for change in altering]
        contents = [
            encode(change, mark) if change.after is not None else None
            for change, mark in zip(altering, marks, strict=True)
        ]
        for change, mark, content in zip(altering, marks, contents, strict=True):
            if content is not None:
                self._note(zone, change, await self._api.put(zone, change.key, content, mark))
            elif mark is not None:
                await self._api.delete(zone, change.key, mark)

    async def close(self) -> None:
        """See `Provider.close`."""
        self._calls.close()
        await self._api.close()

    def __repr__(self) -> str:
        return f"AzureProvider({self._resource_group})"

    async def _list_zones(self) -> Listing[str]:
        """The public zones as Azure spells them."""
        return Listing(dict(filter(None, map(_zone_entry, await self._api.zones()))))

    async def _stored(self, zone: DnsName, keys: Collection[RRsetKey]) -> list[RecordSet]:
        lookups = point_lookups(keys)
        if self._sizes.get(zone, 0) <= PAGE_SETS * (len(lookups) + 1):
            whole = await self._api.record_sets(zone)
            self._sizes[zone] = len(whole)
            return whole
        found = await self._api.delegations(zone)

        async def look_up(key: RRsetKey) -> None:
            if (stored := await self._api.record_set(zone, key)) is not None:
                found.append(stored)

        await for_each(lookups, look_up, _PARALLEL_LOOKUPS)
        return found

    def _note(self, zone: DnsName, change: RRsetChange, stored: RecordSet) -> None:
        """Remember what a write has left, if Azure took it as it is."""
        try:
            rrset, mark = decode(change.key, stored), mark_of(stored)
        except Unreadable:
            return
        self._seen.note(zone, change.key, rrset, mark)

    async def _mark(self, zone: DnsName, change: RRsetChange) -> Mark | None:
        """The mark of the state before a change; None where nothing is there. Raises `Raced`."""
        seen = self._seen.take(zone, change.key, change.before)
        if seen is not None or change.before is None:
            return seen
        stored = await self._api.record_set(zone, change.key)
        try:
            if stored is not None and change.before.same_as(decode(change.key, stored)):
                return mark_of(stored)
        except Unreadable as error:
            raise Raced(f"{change.key} has changed since it was read: {error}") from None
        raise Raced(f"{change.key} has changed since it was read")


def deletions_first(changes: Sequence[RRsetChange]) -> list[RRsetChange]:
    """The changes in their order, with deletions at a name before what is made there.

    A CNAME and other records take each other's place so.
    """
    deleted: dict[DnsName, list[RRsetChange]] = {}
    for change in changes:
        if change.after is None:
            deleted.setdefault(change.key.name, []).append(change)
    ordered: list[RRsetChange] = []
    for change in changes:
        ordered += deleted.pop(change.key.name, [])
        if change.after is not None:
            ordered.append(change)
    return ordered


def _zone_entry(zone: Zone) -> tuple[DnsName, str] | None:
    """A zone that everybody can look up, by name; None for another one."""
    if str(zone.zone_type or "Public").lower() != "public":
        return None
    try:
        return DnsName.parse(str(zone.name)), str(zone.name)
    except InvalidRecord:
        return None
