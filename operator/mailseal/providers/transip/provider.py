"""The provider over TransIP's API: a domain's entries are read in one request and written one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Any, ClassVar, Final

from mailseal.providers.base import (
    Ability,
    Capabilities,
    Costs,
    NotServed,
    OutcomeUnknown,
    ProviderError,
    Refused,
    ZoneSurvey,
)
from mailseal.providers.keyfaults import key_faults
from mailseal.providers.rrsetstore import (
    alters,
    changed_rrsets,
    check_batch,
    check_left,
    read_rrsets,
)
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings
from mailseal.providers.transip.api import TransIpApi
from mailseal.providers.transip.entries import LONGEST_TEXT, Entry, checked
from mailseal.providers.transip.settings import TransIpSettings
from mailseal.providers.transip.steps import Step, steps_of
from mailseal.providers.zonedirectory import Listing, ZoneDirectory
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

BATCH_LIMIT: Final = 20
CANNOT: Final = {
    Ability.COMPARE_AND_SWAP: "The API writes an entry whatever else is there. The domain is read just "
    "before a write, which is given up when the RRset has changed, and just after it. Single entries are "
    "added and removed, so that a value of somebody else is never overwritten.",
    Ability.ATOMIC_BATCHES: "Entries are written one by one, in an order in which a set is not absent. All "
    "of a batch is checked before the first is written; what fails later leaves those before it written.",
    Ability.STRING_BOUNDARIES: "The API knows the whole text only; TransIP splits it.",
    Ability.EMPTY_STRINGS: "Empty texts are refused.",
    Ability.ANY_BYTES: "Texts with other characters than printable ASCII are refused.",
    Ability.ANY_TEXT: "Texts with a backslash or a backtick, or with a blank at either end, are refused.",
    Ability.LONG_VALUES: f"Texts of more than {LONGEST_TEXT:,} characters are refused.",
    Ability.ANY_TTL: "TTLs are 60 seconds to 1 day; others are refused.",
    Ability.TTL_CHANGES: "The TTL of a set that stands cannot be changed: its records have one TTL at all "
    "times, and are written one by one. A change is refused.",
    Ability.NULL_MX: "The null MX is refused.",
}


class TransIpProvider:
    """One account.

    The request that replaces all entries of a domain is never sent: it undoes what others do meanwhile.
    """

    type_name: ClassVar[str] = "transip"
    capabilities: Capabilities = Capabilities(
        batch_limit=BATCH_LIMIT,
        cannot=CANNOT,
        costs=Costs(find_zone=2, read=1, read_more=0, write=3, write_more=1),
    )

    def __init__(self, settings: TransIpSettings, surroundings: Surroundings = UNRESTRICTED) -> None:
        self._api = TransIpApi(settings, surroundings)
        self._login = settings.login
        self._zones = ZoneDirectory(self._listing, settings.zones)
        self._writing: dict[DnsName, asyncio.Lock] = {}

    @classmethod
    def from_settings(
        cls,
        settings: Mapping[str, object],
        credentials: Mapping[str, bytes],
        surroundings: Surroundings = UNRESTRICTED,
    ) -> TransIpProvider:
        """See `Provider.from_settings`; the fields are those of `TransIpSettings.parse`."""
        return cls(TransIpSettings.parse(settings, credentials, surroundings), surroundings)

    async def survey(self) -> ZoneSurvey:
        """Ask for the account's list of domains; see `Provider.survey`."""
        return await self._zones.survey()

    async def zones(self) -> tuple[DnsName, ...]:
        """See `Provider.zones`."""
        return (await self.survey()).usable()

    async def zone_of(self, name: DnsName) -> DnsName:
        """The listed zone with the longest suffix, or that of the account's list, kept for ten minutes."""
        return await self._zones.zone_of(name)

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """Read all entries in one request; see `Provider.read`."""
        if not keys:
            return {}
        stored = await self._api.domain(zone)
        if faults := key_faults(zone, keys, stored.cuts, stored.unreadable):
            raise NotServed(faults)
        return read_rrsets(stored.rrsets, keys)

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """Read, compare, write entry by entry, and read again; see `Provider.apply`.

        Raises `OutcomeUnknown` where some of the changes were made and another was not.
        """
        check_batch(zone, changes)
        fitting = [checked(change) for change in changes if alters(change)]
        altering = [change for change in fitting if alters(change)]
        if not altering:
            return
        async with self._writing.setdefault(zone, asyncio.Lock()):
            stored = await self._api.domain(zone)
            keys = [change.key for change in altering]
            for fault in key_faults(zone, keys, stored.cuts, stored.unreadable).values():
                raise Refused(fault)
            changed_rrsets(stored.rrsets, altering, lambda name: name in stored.names_with_others)
            steps = steps_of(stored, altering)
            self._api.check_room(sum(step.requests for step in steps) + 1)
            await self._write(zone, steps)
            await self._verify(zone, altering)

    async def close(self) -> None:
        """Close all connections."""
        await self._api.close()

    def __repr__(self) -> str:
        return f"TransIpProvider({self._login})"

    async def _listing(self) -> Listing[None]:
        return Listing(dict.fromkeys(await self._api.domains()))

    async def _write(self, zone: DnsName, steps: Sequence[Step]) -> None:
        for number, step in enumerate(steps):
            try:
                if step.successor is None:
                    await self._api.write(zone, step.method, step.entry)
                else:
                    await _unbroken(self._replace(zone, step.entry, step.successor))
            except ProviderError as error:
                if number:
                    raise OutcomeUnknown(f"only a part of the changes of {zone} was made: {error}") from error
                raise

    async def _replace(self, zone: DnsName, old: Entry, new: Entry) -> None:
        """Remove an entry and add another; where that fails, the old one is put back."""
        await self._api.write(zone, "DELETE", old)
        try:
            await self._api.write(zone, "POST", new)
        except OutcomeUnknown:
            raise
        except ProviderError as error:
            try:
                await self._api.write(zone, "POST", old)
            except ProviderError as second:
                raise OutcomeUnknown(
                    f"an entry of {zone} was removed, but then: {error}; {second}"
                ) from error
            raise

    async def _verify(self, zone: DnsName, altering: Sequence[RRsetChange]) -> None:
        try:
            held = (await self._api.domain(zone)).rrsets
        except ProviderError as error:
            raise OutcomeUnknown(f"{zone} was written, but then: {error}") from error
        check_left(held, altering)


async def _unbroken(work: Coroutine[Any, Any, None]) -> None:
    """Finish `work` even when the caller is cancelled meanwhile."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()
        raise
