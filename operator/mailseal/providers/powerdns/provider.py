"""The provider over PowerDNS's HTTP API: whole zones are read, RRsets are replaced in one transaction."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar, Final

from mailseal.providers.base import (
    Ability,
    BatchTooLarge,
    Capabilities,
    Costs,
    InvalidConfiguration,
    NotServed,
    OutcomeUnknown,
    ProviderError,
    Refused,
    ZoneSurvey,
)
from mailseal.providers.keyfaults import key_faults
from mailseal.providers.powerdns.api import PowerDnsApi
from mailseal.providers.powerdns.settings import PowerDnsSettings
from mailseal.providers.powerdns.zone import StoredZone, is_copied, patch_body
from mailseal.providers.rrsetstore import (
    alters,
    changed_rrsets,
    check_batch,
    check_left,
    read_rrsets,
)
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings
from mailseal.providers.zonedirectory import Listing, ZoneDirectory
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

BATCH_LIMIT: Final = 250
LARGEST_BODY_BYTES: Final = 1_900_000
"""PowerDNS takes 2 MB, unless webserver-max-bodysize says otherwise, and answers more with a bare 400."""
CANNOT: Final = {
    Ability.COMPARE_AND_SWAP: "The API replaces an RRset whatever it holds. The zone is read just before a "
    "write, which is given up when the RRset has changed, and just after it. Who writes the same RRset in "
    "the moment between loses their change; writes of one operator wait for each other."
}


class PowerDnsProvider:
    """One server behind one API.

    The API has no precondition for a write. The serial cannot serve as one: it is no part of the request, it
    stays the same in zones without SOA-EDIT-API, and a gap in it tells of a lost change only afterwards.
    """

    type_name: ClassVar[str] = "powerdns"
    capabilities: Capabilities = Capabilities(
        batch_limit=BATCH_LIMIT,
        cannot=CANNOT,
        costs=Costs(find_zone=1, read=1, read_more=0, write=3, write_more=0),
    )

    def __init__(self, settings: PowerDnsSettings, surroundings: Surroundings = UNRESTRICTED) -> None:
        self._api = PowerDnsApi(settings, surroundings)
        self._listed = settings.zones
        self._zones = ZoneDirectory(self._listing, settings.zones)
        self._writing: dict[DnsName, asyncio.Lock] = {}

    @classmethod
    def from_settings(
        cls,
        settings: Mapping[str, object],
        credentials: Mapping[str, bytes],
        surroundings: Surroundings = UNRESTRICTED,
    ) -> PowerDnsProvider:
        """See `Provider.from_settings`; the fields are those of `PowerDnsSettings.parse`."""
        return cls(PowerDnsSettings.parse(settings, credentials), surroundings)

    async def survey(self) -> ZoneSurvey:
        """Ask for each listed zone, or for the list that has those found; see `Provider.survey`."""
        return await self._zones.survey()

    async def zones(self) -> tuple[DnsName, ...]:
        """See `Provider.zones`."""
        return (await self.survey()).usable()

    async def zone_of(self, name: DnsName) -> DnsName:
        """The listed zone with the longest suffix, or that of PowerDNS's list, kept for ten minutes."""
        return await self._zones.zone_of(name)

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """Read the whole zone in one request; see `Provider.read`."""
        if not keys:
            return {}
        stored = await self._api.zone(zone)
        if faults := key_faults(zone, keys, stored.cuts, stored.unreadable):
            raise NotServed(faults)
        return read_rrsets(stored.rrsets, keys)

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """Read, compare, replace in one PATCH, and read again; see `Provider.apply`."""
        check_batch(zone, changes)
        altering = [change for change in changes if alters(change)]
        if not altering:
            return
        async with self._writing.setdefault(zone, asyncio.Lock()):
            stored = await self._api.zone(zone)
            _check_writable(stored, changes)
            body = patch_body(stored, altering)
            if len(json.dumps(body)) > LARGEST_BODY_BYTES:
                raise BatchTooLarge(f"the changes of {zone} do not fit one request to PowerDNS of 2 MB")
            await self._api.patch(zone, body)
            await self._settle(stored, altering)

    async def close(self) -> None:
        """Close all connections."""
        await self._api.close()

    def __repr__(self) -> str:
        return f"PowerDnsProvider({self._api.url})"

    async def _settle(self, before: StoredZone, altering: Sequence[RRsetChange]) -> None:
        """Finish and verify a write that was made. Raises `OutcomeUnknown`: what is there has to be seen."""
        try:
            if before.needs_rectify:
                await self._api.rectify(before.name)
            held = (await self._api.zone(before.name)).rrsets
        except ProviderError as error:
            raise OutcomeUnknown(f"{before.name} was written, but then: {error}") from error
        check_left(held, altering)

    async def _listing(self) -> Listing[None]:
        """The listed zones, each asked for by its name, or all that there are."""
        answers = await asyncio.gather(*map(self._api.kinds, self._listed or (None,)))
        kinds = {zone: kind for answer in answers for zone, kind in answer.items()}
        faults = {zone: _copy_fault(zone) for zone, kind in kinds.items() if is_copied(kind)}
        return Listing(dict.fromkeys(kinds.keys() - faults.keys()), faults)


def _check_writable(stored: StoredZone, changes: Sequence[RRsetChange]) -> None:
    """Raise `Raced` or `Refused` unless the zone takes the changes as it is now."""
    if stored.is_copy:
        raise _copy_fault(stored.name)
    keys = [change.key for change in changes]
    for fault in key_faults(stored.name, keys, stored.cuts, stored.unreadable).values():
        raise Refused(fault)
    changed_rrsets(stored.rrsets, changes, lambda name: name in stored.names_with_others)


def _copy_fault(zone: DnsName) -> ProviderError:
    return InvalidConfiguration(
        f"PowerDNS fetches {zone} from a primary, so that a change here would be overwritten: name the "
        "primary in url, or use a provider of type rfc2136 for it"
    )
