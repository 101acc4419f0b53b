"""Finding names in a long sorted listing with the fewest pages. Decisions are pure; a callback asks.

Route 53 lists hosted zones and record sets by name with the labels reversed and a final dot
(`com.example.www.`), in the order of ASCII, from any name on (API reference, ListResourceRecordSets and
ListHostedZonesByName). So a page tells everything about each name between where it begins and where the next
one begins: also that it is not there.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Generic, TypeVar

from mailseal.providers.base import Unavailable
from mailseal.records.names import DnsName

Item = TypeVar("Item")

_PLAIN = re.compile(r"[a-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins."""

    name: DnsName
    within: tuple[str, ...] = ()
    """Where within the items of that name, as the API says it: only to go on with a listing."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One answer: the items from `start` on, and where the rest begins."""

    start: Position
    items: tuple[tuple[DnsName, Item], ...]
    next: Position | None
    _bounds: tuple[str, str | None] | None = field(init=False)
    """The places from which and before which it tells all; None: only of the name where it starts."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_bounds", _bounds(self))

    def tells_all_of(self, name: DnsName) -> bool:
        """True when no item of `name` is on a later page, nor on an earlier one (but for `start.within`)."""
        if name == self.start.name:
            return self.next is None or self.next.name != name
        place = _place(name)
        if self._bounds is None or place is None:
            return False
        first, end = self._bounds
        return first < place and (end is None or place < end)

    def of(self, name: DnsName) -> list[Item]:
        """The items of `name`."""
        return [item for owner, item in self.items if owner == name]


async def sweep(
    names: Collection[DnsName], fetch: Callable[[Position], Awaitable[Page[Item]]]
) -> dict[DnsName, list[Item]]:
    """The items of each of `names`, with no more pages than the names have or the listing between them has.

    Raises what `fetch` raises, and `Unavailable` when the listing does not go on.
    """
    found: dict[DnsName, list[Item]] = {name: [] for name in names}
    waiting = sorted(found, key=lambda name: (_place(name) is None, _place(name) or name))
    asked: set[Position] = set()
    going_on: Position | None = None
    while waiting:
        start = going_on or Position(waiting[0])
        if start in asked:
            raise Unavailable(f"the listing of {start.name} comes back to where it was")
        asked.add(start)
        page = await fetch(start)
        told = {name for name in waiting if page.tells_all_of(name)}
        waiting = [name for name in waiting if name not in told]
        going_on = page.next if waiting and page.next and page.next.name == waiting[0] else None
        for name, item in page.items:
            if name in told or (going_on and name == going_on.name):
                found[name].append(item)
    return found


def _place(name: DnsName) -> str | None:
    """Where the name stands in the order; None where that is not known for sure, since it is escaped."""
    return "".join(f"{label}." for label in reversed(name.labels)) if _PLAIN.fullmatch(name) else None


def _bounds(page: Page[Item]) -> tuple[str, str | None] | None:
    first = _place(page.start.name)
    names = [page.start.name, *(name for name, _ in page.items), *([page.next.name] if page.next else [])]
    places = [place for place in map(_place, names) if place is not None]
    if first is None or any(later < earlier for earlier, later in pairwise(places)):
        return None
    return first, places[-1] if page.next else None
