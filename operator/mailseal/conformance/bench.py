"""Where cases run: a provider, a zone or a part of it, and somebody else who writes there too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, TypeAlias

from mailseal.conformance.counting import CallCounter, Cost, described
from mailseal.conformance.material import FOREIGN, LABELS, batches, same, shown
from mailseal.conformance.model import NotConform
from mailseal.providers.base import Ability, Capabilities, Provider, ProviderError, Raced
from mailseal.providers.surroundings import CallLog
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

Opener: TypeAlias = Callable[[CallLog, tuple[DnsName, ...]], Provider]
"""Opens the provider under test with these zones listed, or to find its zones by itself."""


class Hand(Protocol):
    """Somebody who reaches the backend without the provider under test. May block: not on the event loop's
    own servers."""

    def new_zone(self, records: str = "") -> DnsName:
        """A fresh zone with SOA, NS and `records` in presentation form, relative to it."""
        ...

    def add_zone(self, zone: DnsName, records: str = "") -> None:
        """Serve `zone` too."""
        ...

    def put(self, zone: DnsName, rrset: RRset) -> None:
        """Replace a set, in exactly this form."""
        ...

    def peek(self, zone: DnsName, key: RRsetKey) -> RRset | None:
        """What the backend really holds."""
        ...

    def version(self, zone: DnsName) -> object:
        """Something that is equal only while nothing is written."""
        ...


class Bench:
    """One zone for one case. Close it afterwards."""

    def __init__(self, opener: Opener, zone: DnsName, base: DnsName, hand: Hand | None = None) -> None:
        self.zone = zone
        self.base = base
        """The name at and below which the case may write: the zone, or a reserved name in it."""
        self.counter = CallCounter()
        self.costs: list[Cost] = []
        """What operations have cost so far, in order."""
        self._hand = hand
        self._opener = opener
        self._opened: list[Provider] = []
        self.provider = self.open(zone)
        """The provider under test, with the zone listed. Its requests are counted."""

    @property
    def capabilities(self) -> Capabilities:
        """What the provider declares."""
        return self.provider.capabilities

    @property
    def hand(self) -> Hand:
        """Somebody beside the provider, for cases with `needs_hand`."""
        if self._hand is None:
            raise TypeError("a case that needs a hand runs on a bench without one")
        return self._hand

    @property
    def foreign(self) -> tuple[TxtData, ...]:
        """Values that others keep in a set: odd ones too, where somebody can write them."""
        odd = self.has_hand or self.capabilities.can(Ability.ANY_TEXT)
        return FOREIGN if odd else FOREIGN[:-1]

    @property
    def has_hand(self) -> bool:
        """True when cases may look behind the provider."""
        return self._hand is not None

    def open(self, *zones: DnsName) -> Provider:
        """Another provider on the same backend, with `zones` listed or, with none, finding them."""
        provider = self._opener(self.counter, zones)
        self._opened.append(provider)
        return provider

    def key(self, label: str = "@", rtype: RecordType = RecordType.TXT) -> RRsetKey:
        """A key at a label below the base, or at the base itself. Labels are those of `LABELS`."""
        if label != "@" and label not in LABELS and not self.has_hand:
            raise KeyError(f"{label} is not in LABELS, so that nothing would remove it")
        return RRsetKey(self.base.child(label), rtype)

    async def read(self, key: RRsetKey) -> RRset | None:
        """The set as the provider reads it; None also where a CNAME is in its place."""
        return (await self.provider.read(self.zone, [key])).get(key)

    async def apply(self, *changes: RRsetChange) -> None:
        """Make the changes, in batches of the declared limit."""
        for batch in batches(changes, self.capabilities.batch_limit):
            await self.provider.apply(self.zone, batch)

    async def put(self, rrset: RRset) -> None:
        """Replace a set as somebody else: behind the provider, or through a second one."""
        if self._hand is not None:
            self._hand.put(self.zone, rrset)
            return
        other = self.open(self.zone)
        held = (await other.read(self.zone, [rrset.key])).get(rrset.key)
        await other.apply(self.zone, [RRsetChange(rrset.key, held, rrset)])

    async def peek(self, key: RRsetKey) -> RRset | None:
        """What the backend holds: seen behind the provider, or through a second one."""
        if self._hand is not None:
            return self._hand.peek(self.zone, key)
        return (await self.open(self.zone).read(self.zone, [key])).get(key)

    async def expect(self, key: RRsetKey, expected: RRset | None) -> None:
        """Raise `NotConform` unless the provider reads, and the backend holds, exactly `expected`."""
        for who, held in (("read", await self.read(key)), ("held", await self.peek(key))):
            if not same(held, expected, self.capabilities):
                raise NotConform(f"{shown(expected)} at {key}", f"{shown(held)} {who}")

    @contextmanager
    def counting(self, operation: str, stated: int) -> Iterator[None]:
        """Count the requests of the block. Raises `NotConform` unless they are as many as stated."""
        mark = self.counter.mark()
        yield
        cost = Cost(operation, stated, self.counter.since(mark))
        self.costs.append(cost)
        if cost.counted.total() != stated:
            raise NotConform(f"{operation}: {stated} requests as stated", described(cost.counted))

    async def add_value(self, provider: Provider, key: RRsetKey, add: Callable[[RRset | None], RRset]) -> int:
        """Replace a set with what `add` makes of it until no race is lost; returns how often it was raced."""
        for raced in range(500):
            before = (await provider.read(self.zone, [key])).get(key)
            try:
                await provider.apply(self.zone, [RRsetChange(key, before, add(before))])
            except Raced:
                continue
            return raced
        raise NotConform(f"that a change of {key} passes at last", "500 races lost")

    async def close(self) -> None:
        """Close every provider that was opened, whatever closing one of them raises."""
        for provider in self._opened:
            with suppress(ProviderError):
                await provider.close()
