"""Providers over the memory backend that break one rule each, or lack what they may or may not declare."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from mailseal.providers.base import Ability, Capabilities, Costs, ProviderError, Refused
from mailseal.providers.memory import MemoryBackend, MemoryProvider
from mailseal.providers.rrsetstore import check_batch
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import MxData, Rdata, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.backends.memory import MemoryHarness

LACKING: Mapping[Ability, str] = dict.fromkeys(Ability, "It cannot.")
POOR = (
    Ability.LONG_VALUES,
    Ability.MANY_VALUES,
    Ability.NULL_MX,
    Ability.EMPTY_STRINGS,
    Ability.ANY_BYTES,
    Ability.ANY_TEXT,
)
"""What `Picky` lacks."""


class Honest(MemoryProvider):
    """Does as it should; what it declares is given."""

    declares: Collection[Ability] = (Ability.DELEGATIONS,)
    costs: Costs | None = None

    def __init__(self, backend: MemoryBackend, zones: tuple[DnsName, ...] = ()) -> None:
        super().__init__(backend, zones)
        cannot = {ability: LACKING[ability] for ability in self.declares}
        self.capabilities = Capabilities(1000, cannot, self.costs)


class Altering(Honest):
    """Changes every set on its way to the backend."""

    def altered(self, rrset: RRset) -> RRset:
        raise NotImplementedError

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        await super().apply(zone, [self._altered(change) for change in changes])

    def _altered(self, change: RRsetChange) -> RRsetChange:
        return replace(change, after=None if change.after is None else self.altered(change.after))


class Truncating(Altering):
    """Keeps the first string of each value."""

    def altered(self, rrset: RRset) -> RRset:
        return _with_texts(rrset, lambda text: TxtData(text.strings[:1]))


class Joining(Altering):
    """Splits values anew at 255 bytes."""

    def altered(self, rrset: RRset) -> RRset:
        return _with_texts(rrset, lambda text: TxtData.of(text.joined))

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        held = await super().read(zone, keys)
        return {key: self.altered(rrset) for key, rrset in held.items()}

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """Compares what it sees, joined values, and swaps against what is held."""
        held = self.backend.rrsets(zone)
        exact = [
            replace(change, before=held[change.key])
            if change.key in held and self.altered(held[change.key]).same_as(change.before)
            else change
            for change in changes
        ]
        await super().apply(zone, exact)


class FixedTtl(Altering):
    """Has the TTLs 300 and 3600 only."""

    def altered(self, rrset: RRset) -> RRset:
        return replace(rrset, ttl_seconds=300 if rrset.ttl_seconds < 1000 else 3600)


class Blind(Honest):
    """Writes whatever stands there."""

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        held = self.backend.rrsets(zone)
        await super().apply(zone, [replace(change, before=held.get(change.key)) for change in changes])


class Overwriting(Honest):
    """Keeps the last value of a set only, as if all of it were its own."""

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        cut = [
            replace(change, after=replace(change.after, values=change.after.values[-1:]))
            if change.after
            else change
            for change in changes
        ]
        await super().apply(zone, cut)


class OneByOne(Honest):
    """Makes the changes of a batch one after another, deletions first."""

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        check_batch(zone, changes)
        for change in sorted(changes, key=lambda change: change.after is not None):
            await super().apply(zone, [change])


class Restless(Honest):
    """Writes although nothing differs."""

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        await super().apply(zone, changes)
        for change in changes:
            if change.after is not None:
                self.backend.put(replace(change.after, values=tuple(reversed(change.after.values))))
                self.backend.put(change.after)


class Picky(Honest):
    """Refuses what a poor API refuses."""

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        for change in changes:
            held = set(change.before.values if change.before else ())
            new = [value for value in change.after.values if value not in held] if change.after else []
            if problem := _poor(new, len(held) + len(new)):
                raise Refused(problem)
        await super().apply(zone, changes)


class Forgetful(Honest):
    """Takes an unknown zone for an empty one."""

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        try:
            return await super().read(zone, keys)
        except ProviderError:
            return {}


class Chatty(Honest):
    """Sends two requests for each call and states one."""

    costs = Costs(find_zone=1, read=1, read_more=0, write=1, write_more=0)

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        for _ in range(2):
            self.log.called("Read", timedelta(0), "")
        return await super().read(zone, keys)


def harness_of(kind: type[Honest], *declares: Ability) -> MemoryHarness:
    """A backend whose provider is `kind`, which declares to lack these abilities besides delegations."""

    class Declaring(kind):  # type: ignore[misc, valid-type]
        pass

    Declaring.declares = (Ability.DELEGATIONS, *declares)

    class LiarHarness(MemoryHarness):
        name = kind.__name__

        def open(self, *zones: DnsName) -> MemoryProvider:
            provider = Declaring(self.backend, zones)
            provider.log = self.log
            return provider

    return LiarHarness()


def _with_texts(rrset: RRset, change: Callable[[TxtData], TxtData]) -> RRset:
    values = tuple(change(value) if isinstance(value, TxtData) else value for value in rrset.values)
    return replace(rrset, values=tuple(dict.fromkeys(values)))


def _poor(values: Sequence[Rdata], count: int) -> str | None:
    """What is wrong with new values."""
    joined = [value.joined for value in values if isinstance(value, TxtData)]
    if count > 20:
        return "at most 20 values"
    if any(isinstance(value, MxData) and value.is_null for value in values):
        return "no null MX"
    if any(len(text) > 1024 or not text for text in joined):
        return "values of 1 to 1,024 bytes"
    if any(b"" in value.strings for value in values if isinstance(value, TxtData)):
        return "no empty strings"
    if any(not 0x20 <= byte < 0x7F or byte in b"\\`" for text in joined for byte in text):
        return "a character is not admitted"
    if any(text != text.strip() for text in joined):
        return "no blanks at the ends"
    return None
