"""Keeping the heritage records in step with the values that they tell of.

The record is a write-ahead journal: an entry is written before its value and dropped after it, so that a
write which stops half-way never leaves a value of ours that no record names. A plan that does both writes
the record first, with the entries of the values that it removes; the next plan finds them gone and drops
their entries.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mailseal.planning.heritage import (
    HERITAGE_TTL_SECONDS,
    Entry,
    Heritage,
    fingerprint,
    heritage_in,
    heritage_key,
)
from mailseal.planning.model import Observed
from mailseal.planning.ownership import Stake
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRsetKey, rrset_of


@dataclass(frozen=True, slots=True)
class Holding:
    """A value that is a resource's once the plan is written."""

    stake: Stake
    key: RRsetKey
    identity: bytes

    @property
    def entry(self) -> Entry:
        """The holding as a heritage record tells it."""
        return Entry(self.key, fingerprint(self.identity), self.stake.digest)


@dataclass(frozen=True, slots=True)
class HeritageChange:
    """A change to the heritage records of one domain."""

    domain: DnsName
    change: RRsetChange
    goes_first: bool
    """True: before the values, since it names new ones. False: after them, since it only forgets."""
    digests: frozenset[str]
    """The owners whose entries it adds or drops."""


@dataclass(frozen=True, slots=True)
class Journal:
    """Writes one operator's heritage records."""

    operator_id: str
    observed: Observed
    leaving: frozenset[tuple[RRsetKey, str]]
    """The values that the plan removes, by fingerprint."""
    enabled: bool
    upsert_only: bool
    """True: a record may change, but not go."""

    def is_blocked(self, domain: DnsName) -> bool:
        """True when a CNAME stands where the heritage record should."""
        return self.enabled and RRsetKey(heritage_key(domain).name, RecordType.CNAME) in self.observed

    def change(self, domain: DnsName, holdings: Iterable[Holding]) -> HeritageChange | None:
        """What to write at `domain`, whose values will be `holdings`; None when all is right as it is."""
        wanted = frozenset(holding.entry for holding in holdings if self.enabled)
        found = [heritage for _, heritage in self._ours(domain)]
        recorded = frozenset(entry for heritage in found for entry in heritage.entries)
        goes_first = not wanted <= recorded
        leaving = frozenset(entry for entry in recorded if (entry.key, entry.fingerprint) in self.leaving)
        target = wanted | leaving if goes_first else wanted
        right_already = target == recorded and len(found) == bool(target)
        if right_already or self.is_blocked(domain) or (self.upsert_only and not target):
            return None
        digests = frozenset(entry.owner for entry in target ^ recorded)
        return HeritageChange(domain, self._rewritten(domain, target), goes_first, digests)

    def _ours(self, domain: DnsName) -> list[tuple[object, Heritage]]:
        found = heritage_in(self.observed, domain)
        return [(value, heritage) for value, heritage in found if heritage.operator_id == self.operator_id]

    def _rewritten(self, domain: DnsName, entries: frozenset[Entry]) -> RRsetChange:
        """The RRset with our values replaced by one that holds `entries`; those of others stay."""
        key = heritage_key(domain)
        before = self.observed.get(key)
        ours = [value for value, _ in self._ours(domain)]
        others = [value for value in (before.values if before else ()) if value not in ours]
        new = [Heritage(domain, self.operator_id, entries).to_txt()] if entries else []
        ttl_seconds = before.ttl_seconds if before else HERITAGE_TTL_SECONDS
        return RRsetChange(key, before, rrset_of(key, ttl_seconds, [*others, *new]))
