"""A change of RRsets as requests for single entries, in the order in which a crash does the least harm. Pure.

Entries are written one by one, and PATCH changes a content only where no other entry has the name, the type
and the TTL. The order is thus:

1. A set of one value that becomes another is changed in place: it is never absent.
2. In a set of several values what is new is added before what is old is removed: nothing is absent.
3. But of a text that may stand only once, such as SPF, the old goes first: two of them are an error for every
   receiver (RFC 7208 section 4.5), none is neutral. Should the new one be refused, the old one is put back.
4. A set whose place another one takes, a CNAME or its counterpart, goes before that.

After a crash in between the engine reads the zone and plans what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from mailseal.providers.transip.entries import Entry, StoredDomain, content_of
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import Rdata, RecordType
from mailseal.records.txt import TxtData

Method: TypeAlias = Literal["POST", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Step:
    """One request, or two of which the second must not be left out."""

    method: Method
    entry: Entry
    successor: Entry | None = None
    """What is added at once where this entry is removed."""

    @property
    def requests(self) -> int:
        """How many requests it takes."""
        return 1 if self.successor is None else 2


def steps_of(stored: StoredDomain, changes: Sequence[RRsetChange]) -> list[Step]:
    """The requests that make all changes, in order. What `stored` holds beside them is not touched."""
    ordered = sorted(changes, key=lambda change: not _makes_room(change, changes))
    return [step for change in ordered for step in _steps(stored, change)]


def _makes_room(change: RRsetChange, changes: Sequence[RRsetChange]) -> bool:
    """True for a removal without which another change would put a CNAME beside other data."""
    return change.after is None and any(
        other.after is not None
        and other.key.name == change.key.name
        and RecordType.CNAME in (other.key.rtype, change.key.rtype)
        for other in changes
    )


def _steps(stored: StoredDomain, change: RRsetChange) -> Iterator[Step]:
    held = stored.entries.get(change.key, ())
    wanted = change.after.values if change.after else ()
    model = held[0][0] if held else _new_entry(stored.zone, change)
    removed = [(entry, value) for entry, value in held if value not in wanted]
    added = [value for value in wanted if value not in [value for _, value in held]]
    if len(held) == 1 and removed and added:
        successor = next((value for value in added if _is_successor(removed[0][1], value)), added[0])
        yield Step("PATCH", _entry(stored.zone, model, successor))
        removed, added = [], [value for value in added if value != successor]
    pairs = _successions(removed, added)
    for value in added:
        if value not in [new for _, new in pairs]:
            yield Step("POST", _entry(stored.zone, model, value))
    for entry, value in pairs:
        yield Step("DELETE", entry, successor=_entry(stored.zone, model, value))
    for entry, _ in removed:
        if entry not in [old for old, _ in pairs]:
            yield Step("DELETE", entry)


def _successions(removed: Sequence[tuple[Entry, Rdata]], added: Sequence[Rdata]) -> list[tuple[Entry, Rdata]]:
    """Entries that may stand only once, each with what takes its place."""
    pairs: list[tuple[Entry, Rdata]] = []
    for entry, value in removed:
        free = [new for new in added if new not in [taken for _, taken in pairs]]
        if (successor := next((new for new in free if _is_successor(value, new)), None)) is not None:
            pairs.append((entry, successor))
    return pairs


def _is_successor(old: Rdata, new: Rdata) -> bool:
    version = _version(old)
    return version is not None and version == _version(new)


def _version(value: Rdata) -> str | None:
    """The version tag with which mail records begin, such as `v=spf1`."""
    words = value.text.replace(";", " ").split() if isinstance(value, TxtData) else []
    return words[0].lower() if words and words[0].lower().startswith("v=") else None


def _new_entry(zone: DnsName, change: RRsetChange) -> Entry:
    ttl_seconds = change.after.ttl_seconds if change.after else 0
    return Entry(change.key.name.relative_to(zone), ttl_seconds, str(change.key.rtype), "")


def _entry(zone: DnsName, model: Entry, value: Rdata) -> Entry:
    return Entry(model.name, model.ttl_seconds, model.rtype, content_of(zone, value))
