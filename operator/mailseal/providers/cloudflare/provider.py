"""The provider over the Cloudflare API: values are records with an identifier, written in one batch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar, Final

from mailseal.providers.base import (
    Ability,
    BatchTooLarge,
    Capabilities,
    Costs,
    NotServed,
    OutcomeUnknown,
    ProviderError,
    ZoneNotFound,
    ZoneSurvey,
)
from mailseal.providers.cloudflare.api import CloudflareApi
from mailseal.providers.cloudflare.content import StoredRecord
from mailseal.providers.cloudflare.edit import Edit, ZoneContent, plan_edit
from mailseal.providers.cloudflare.settings import CloudflareSettings
from mailseal.providers.cloudflare.zonedirectory import ZoneDirectory
from mailseal.providers.keyfaults import key_faults
from mailseal.providers.rrsetstore import alters, changed_rrsets, check_batch, check_made, read_rrsets
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings
from mailseal.providers.zonelist import longest_suffix
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

BATCH_LIMIT: Final = 100
MOST_OPERATIONS: Final = 200
"""In one batch for a zone of the free plan; others take 3,500."""

CAPABILITIES: Final = Capabilities(
    batch_limit=BATCH_LIMIT,
    cannot={
        Ability.COMPARE_AND_SWAP: "The zone is read just before and just after a write. Values are written "
        "and removed one by one, so that a value that somebody else adds in between stays.",
        Ability.EMPTY_STRINGS: "An empty TXT value is refused.",
        Ability.ANY_TTL: "TTLs are 60 to 86,400 seconds, in Enterprise zones from 30; others are refused.",
    },
    costs=Costs(find_zone=1, read=1, read_more=0, write=3, write_more=0),
)


class CloudflareProvider:
    """The zones that one API token reaches.

    A read lists the whole zone (one request for up to 5,000 records), which also shows what is delegated
    away. A CNAME that is proxied or flattened, as at every apex, is answered as addresses: it is not
    reported, and may have other records beside it.
    """

    type_name: ClassVar[str] = "cloudflare"
    capabilities: Capabilities = CAPABILITIES

    def __init__(self, settings: CloudflareSettings, surroundings: Surroundings) -> None:
        self._listed = settings.zones
        self._found: dict[DnsName, None] = {}
        self._api = CloudflareApi(settings, surroundings)
        self._directory = ZoneDirectory(self._api)

    @classmethod
    def from_settings(
        cls,
        settings: Mapping[str, object],
        credentials: Mapping[str, bytes],
        surroundings: Surroundings = UNRESTRICTED,
    ) -> CloudflareProvider:
        """See `Provider.from_settings`; the fields are those of `CloudflareSettings.parse`."""
        return cls(CloudflareSettings.parse(settings, credentials, surroundings), surroundings)

    async def survey(self) -> ZoneSurvey:
        """Ask for the zones and their state; see `Provider.survey`."""
        zones = self._listed or tuple(self._found)
        entries = await self._directory.look_up(zones)
        problems = {
            zone: entries[zone].fault if zone in entries else f"Cloudflare has no zone {zone} for this token"
            for zone in zones
        }
        faults = {zone: ZoneNotFound(problem) for zone, problem in problems.items() if problem}
        return ZoneSurvey(tuple(zone for zone in zones if zone not in faults), faults)

    async def zones(self) -> tuple[DnsName, ...]:
        """See `Provider.zones`."""
        return (await self.survey()).usable()

    async def zone_of(self, name: DnsName) -> DnsName:
        """The listed zone with the longest suffix, or that of the account (remembered for ten minutes)."""
        if self._listed:
            return longest_suffix(name, self._listed)
        zone = await self._directory.zone_of(name)
        self._found[zone] = None
        return zone

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """List the zone; see `Provider.read`."""
        if not keys:
            return {}
        content = await self._content(zone)
        if faults := key_faults(zone, keys, content.cuts, {}):
            raise NotServed(faults)
        return read_rrsets(content.rrsets_at({key.name for key in keys}), keys)

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """List the zone, compare, write one batch, and list it again; see `Provider.apply`."""
        check_batch(zone, changes)
        altering = [change for change in changes if alters(change)]
        if not altering:
            return
        content, names = await self._content(zone), {change.key.name for change in changes}
        changed_rrsets(content.rrsets_at(names), changes, content.has_other_data)
        edit = plan_edit(content, altering)
        if edit.operations > MOST_OPERATIONS:
            raise BatchTooLarge(
                f"{edit.operations} records of {zone} change at once; a free zone of Cloudflare takes "
                f"{MOST_OPERATIONS}"
            )
        await self._write(zone, edit)
        check_made((await self._written(zone)).rrsets_at(names), altering)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    def __repr__(self) -> str:
        return "CloudflareProvider()"

    async def _content(self, zone: DnsName) -> ZoneContent:
        identifier = await self._directory.identifier(zone)
        try:
            entries = await self._api.records(identifier, zone)
        except ZoneNotFound:
            self._directory.forget(zone)
            raise
        parsed = (StoredRecord.parse(entry, zone) for entry in entries)
        return ZoneContent.of(zone, (record for record in parsed if record is not None))

    async def _written(self, zone: DnsName) -> ZoneContent:
        try:
            return await self._content(zone)
        except ProviderError as error:
            raise OutcomeUnknown(f"{zone} was written but cannot be read again: {error}") from error

    async def _write(self, zone: DnsName, edit: Edit) -> None:
        try:
            await self._api.batch(await self._directory.identifier(zone), zone, edit)
        except ZoneNotFound:
            self._directory.forget(zone)
            raise
