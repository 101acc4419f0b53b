"""Which zones there are, and what is remembered of each between its syncs. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from mailseal.engine import ZoneHistory
from mailseal.engine.objectkey import ObjectKey
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRsetKey

DOMAINS_PER_SYNC = 500
DELETE_WINDOW = timedelta(minutes=5)
"""Deletions within this time count together against the delete limit."""


@dataclass(frozen=True, slots=True)
class ZoneKey:
    """One zone behind one provider."""

    provider: ObjectKey
    zone: DnsName

    def __str__(self) -> str:
        return f"{self.zone} of {self.provider}"


@dataclass(frozen=True, slots=True)
class Route:
    """Where the records of a resource, or a part of one, are kept."""

    zone: ZoneKey
    domain: DnsName


@dataclass(slots=True)
class ZoneState:
    """What is remembered of a zone between syncs; times are the event loop's, in seconds."""

    due: dict[DnsName, float] = field(default_factory=dict)
    """When each domain is to be looked at again."""
    attempts: dict[DnsName, int] = field(default_factory=dict)
    owned: dict[DnsName, int] = field(default_factory=dict)
    """Values of ours at each domain, as of its last sync."""
    deletes: deque[tuple[float, int]] = field(default_factory=deque)
    orphans: dict[DnsName, int] = field(default_factory=dict)
    """Values at each domain that our heritage record claims for resources that do not exist."""
    held: set[DnsName] = field(default_factory=set)
    """Domains with deletions that wait for somebody to confirm them."""

    def take(self, now: float) -> list[DnsName]:
        """The domains that are due, the longest due first, at most as many as one sync takes.

        Those with held deletions come together or not at all: one by one they would pass the delete limit.
        """
        due = sorted((at, domain) for domain, at in self.due.items() if at <= now)
        taken = [domain for _, domain in due[:DOMAINS_PER_SYNC]]
        if self.held.isdisjoint(taken):
            return taken
        return [*taken, *sorted(self.held.difference(taken))]

    def history(self, now: float) -> ZoneHistory:
        """What the delete limit weighs."""
        while self.deletes and self.deletes[0][0] < now - DELETE_WINDOW.total_seconds():
            self.deletes.popleft()
        return ZoneHistory(sum(self.owned.values()), sum(count for _, count in self.deletes))

    def count_orphans(self, domains: Collection[DnsName], orphans: Iterable[tuple[RRsetKey, str]]) -> int:
        """Bring the count up to date for the domains of one sync; that of the whole zone."""
        known = set(domains)
        for domain in known:
            self.orphans.pop(domain, None)
        for key, _ in orphans:
            at = next((name for name in key.name.ancestors() if name in known), None)
            if at is not None:
                self.orphans[at] = self.orphans.get(at, 0) + 1
        return sum(self.orphans.values())
