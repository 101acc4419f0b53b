"""The provider over external-dns' webhook protocol.

The protocol has one request that lists everything and one that makes changes; it has no version, etag or
condition. So every write reads just before, and writes only when the sets are what they are believed to be,
and reads just after. Endpoints that a change does not name are never sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Final

from mailseal.providers.base import (
    Ability,
    Capabilities,
    Costs,
    NotServed,
    OutcomeUnknown,
    ProviderError,
    ZoneNotFound,
    ZoneSurvey,
)
from mailseal.providers.rrsetstore import alters, check_batch
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings
from mailseal.providers.webhook.changes import in_steps, to_changes
from mailseal.providers.webhook.client import WebhookClient, WriteFailed
from mailseal.providers.webhook.listing import Listing
from mailseal.providers.webhook.protocol import Changes
from mailseal.providers.webhook.settings import WebhookSettings
from mailseal.providers.webhook.txtforms import FORMS, FormName
from mailseal.providers.webhook.verdicts import check_adjusted, check_after, check_before
from mailseal.providers.zonedirectory import Listing as ZoneListing
from mailseal.providers.zonedirectory import ZoneDirectory
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

BATCH_LIMIT: Final = 100
_CANNOT: Final[Mapping[Ability, str]] = {
    Ability.COMPARE_AND_SWAP: "The protocol has no conditions: the zone is read just before and just after a "
    "write, so that only a change within that moment can be overwritten, and is then noticed.",
    Ability.ATOMIC_BATCHES: "A webhook may make some changes of a request and fail at others.",
}
_TTLS_REMEMBERED: Final = 20_000


class WebhookProvider:
    """One webhook provider of external-dns."""

    type_name: ClassVar[str] = "webhook"
    capabilities: Capabilities = Capabilities(
        batch_limit=BATCH_LIMIT,
        cannot={**_CANNOT, **FORMS[FormName.QUOTED].cannot},
        costs=Costs(find_zone=1, read=1, read_more=0, write=4, write_more=0, delete=3),
    )
    """Those of the txtForm Quoted; others may promise less."""

    def __init__(self, settings: WebhookSettings, surroundings: Surroundings = UNRESTRICTED) -> None:
        self._form = FORMS[settings.txt_form]
        self.capabilities = replace(self.capabilities, cannot={**_CANNOT, **self._form.cannot})
        self._client = WebhookClient(settings, surroundings)
        self._directory = ZoneDirectory(self._fetch_zones, settings.zones)
        self._listed = settings.zones
        self._ttls: dict[RRsetKey, int] = {}
        """TTLs that were written, for webhooks that list none."""
        self._writing = asyncio.Lock()

    @classmethod
    def from_settings(
        cls,
        settings: Mapping[str, object],
        credentials: Mapping[str, bytes],
        surroundings: Surroundings = UNRESTRICTED,
    ) -> WebhookProvider:
        """See `Provider.from_settings`; the fields are those of `WebhookSettings.parse`."""
        return cls(WebhookSettings.parse(settings, credentials), surroundings)

    async def survey(self) -> ZoneSurvey:
        """Ask for the webhook's domain filter; see `Provider.survey`."""
        return await self._directory.survey()

    async def zones(self) -> tuple[DnsName, ...]:
        """See `Provider.zones`."""
        return (await self.survey()).usable()

    async def zone_of(self, name: DnsName) -> DnsName:
        """The listed zone, or the name of the webhook's domain filter, with the longest suffix."""
        return await self._directory.zone_of(name)

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """One request, however many keys; see `Provider.read`."""
        if not keys:
            return {}
        await self._directory.handle(zone)
        found, faults = (await self._list()).rrsets(zone, keys)
        if faults:
            raise NotServed(faults)
        return found

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """Read, compare, write, and read again; see `Provider.apply`."""
        check_batch(zone, changes)
        altering = [change for change in changes if alters(change)]
        if not altering:
            return
        await self._directory.handle(zone)
        async with self._writing:
            listing = await self._list()
            check_before(listing, altering)
            for step in in_steps(altering):
                await self._write(listing, step)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    def __repr__(self) -> str:
        return f"WebhookProvider({self._client.where})"

    async def _fetch_zones(self) -> ZoneListing[None]:
        domain_filter = await self._client.negotiate()
        candidates = self._listed or domain_filter.zones()
        served = {zone: None for zone in candidates if domain_filter.admits(zone)}
        faults: dict[DnsName, ProviderError] = {
            zone: ZoneNotFound(f"{self._client.where} does not serve {zone}: its domain filter leaves it out")
            for zone in candidates
            if zone not in served
        }
        return ZoneListing(served, faults)

    async def _list(self) -> Listing:
        return Listing(await self._client.records(), self._form, self._ttls)

    async def _write(self, listing: Listing, changes: Sequence[RRsetChange]) -> None:
        wanted = await self._adjusted(to_changes(changes, listing, self._form))
        failure: WriteFailed | None = None
        try:
            await self._client.apply(wanted)
        except WriteFailed as error:
            failure = error
        self._remember_ttls(changes)
        try:
            held = await self._list()
        except ProviderError as error:
            raise OutcomeUnknown(f"what became of a change is unknown: {error}") from None
        check_after(held, changes, failure)

    async def _adjusted(self, wanted: Changes) -> Changes:
        """`wanted` with what the webhook adds to the endpoints before they are written."""
        proposed = (*wanted.create, *wanted.update_new)
        if not proposed:
            return wanted
        adjusted = {(each.name, each.rtype): each for each in await self._client.adjust(proposed)}
        check_adjusted(proposed, adjusted, self._form)
        bodies = [
            adjusted[DnsName.parse(body["dnsName"]), body["recordType"].upper()].body for body in proposed
        ]
        created = len(wanted.create)
        return Changes(tuple(bodies[:created]), wanted.update_old, tuple(bodies[created:]), wanted.delete)

    def _remember_ttls(self, changes: Sequence[RRsetChange]) -> None:
        for change in changes:
            self._ttls.pop(change.key, None)
            if change.after is not None:
                self._ttls[change.key] = change.after.ttl_seconds
        while len(self._ttls) > _TTLS_REMEMBERED:
            del self._ttls[next(iter(self._ttls))]
