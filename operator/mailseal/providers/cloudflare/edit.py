"""What a zone of Cloudflare holds, and which of its records a change deletes, alters and creates. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mailseal.providers.base import Refused
from mailseal.providers.cloudflare.content import StoredRecord, new_record
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey

SHORTEST_TTL_SECONDS: Final = 30
"""That of Enterprise zones; 60 in all others."""
LONGEST_TTL_SECONDS: Final = 86400
_OURS: Final = frozenset(str(rtype) for rtype in RecordType)


@dataclass(frozen=True, slots=True)
class ZoneContent:
    """The records of a zone by name."""

    zone: DnsName
    records: Mapping[DnsName, Sequence[StoredRecord]]

    @classmethod
    def of(cls, zone: DnsName, records: Iterable[StoredRecord]) -> ZoneContent:
        """The content of a whole zone."""
        by_name: dict[DnsName, list[StoredRecord]] = {}
        for record in records:
            by_name.setdefault(record.name, []).append(record)
        return cls(zone, by_name)

    def stored(self, key: RRsetKey) -> list[StoredRecord]:
        """The records of one set, without those that are not answered as they stand."""
        return [
            record
            for record in self.records.get(key.name, ())
            if record.type_name == key.rtype and not record.synthesised
        ]

    def rrset(self, key: RRsetKey) -> RRset | None:
        """One set; its TTL is the lowest of its records (RFC 2181 section 5.2)."""
        found = self.stored(key)
        if not found:
            return None
        values = dict.fromkeys(record.value for record in found)
        return RRset(key, min(record.ttl_seconds for record in found), tuple(values))

    def rrsets_at(self, names: Collection[DnsName]) -> dict[RRsetKey, RRset]:
        """All sets of our types at the names."""
        keys = [RRsetKey(name, rtype) for name in names for rtype in RecordType]
        return {key: rrset for key in keys if (rrset := self.rrset(key)) is not None}

    def has_other_data(self, name: DnsName) -> bool:
        """True at the apex, where SOA and NS stand, and where types besides ours do."""
        return name == self.zone or any(
            record.type_name not in _OURS or record.synthesised for record in self.records.get(name, ())
        )

    @property
    def cuts(self) -> frozenset[DnsName]:
        """The names below the apex that the zone delegates away."""
        found = (
            name
            for name, records in self.records.items()
            if any(record.type_name == "NS" for record in records)
        )
        return frozenset(found) - {self.zone}


@dataclass(slots=True)
class Edit:
    """The operations of one batch request."""

    deletes: list[dict[str, Any]] = field(default_factory=list)
    patches: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def operations(self) -> int:
        """How many operations the plan of the zone has to allow."""
        return len(self.deletes) + len(self.patches) + len(self.posts)


def plan_edit(content: ZoneContent, changes: Iterable[RRsetChange]) -> Edit:
    """The operations that turn each `before` into its `after`; what both have keeps its record.

    Comments and tags of other people's records thus stay. Raises `Refused` for a TTL that the API does
    not take, or would take for automatic.
    """
    edit = Edit()
    for change in changes:
        after = change.after.values if change.after else ()
        ttl_seconds = _ttl(change.after) if change.after else 0
        kept = set()
        for record in content.stored(change.key):
            if record.value not in after:
                edit.deletes.append({"id": record.identifier})
                continue
            kept.add(record.value)
            if record.ttl_seconds != ttl_seconds:
                edit.patches.append({"id": record.identifier, "ttl": ttl_seconds})
        created = [value for value in dict.fromkeys(after) if value not in kept]
        edit.posts.extend(new_record(change.key, value, ttl_seconds) for value in created)
    return edit


def _ttl(after: RRset) -> int:
    if not SHORTEST_TTL_SECONDS <= after.ttl_seconds <= LONGEST_TTL_SECONDS:
        raise Refused(
            f"Cloudflare takes no TTL of {after.ttl_seconds} s for {after.key}: it must be from 60 (in an "
            f"Enterprise zone from {SHORTEST_TTL_SECONDS}) to {LONGEST_TTL_SECONDS} s"
        )
    return after.ttl_seconds
