"""A planned change as lines to read: what goes, what comes, what is kept, and whose it is. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailseal.planning.heritage import is_heritage_key
from mailseal.planning.model import PlannedChange, RecordState, ZonePlan
from mailseal.records.display import displayed
from mailseal.records.rrset import Rdata, RRset, RRsetKey

HERITAGE = "mailseal's note of what is its own"
ABSENT = "a resource that is not in the files"


class Sign(StrEnum):
    """What becomes of a value."""

    REMOVED = "-"
    ADDED = "+"
    KEPT = "="


@dataclass(frozen=True, slots=True)
class ValueLine:
    """One value of an RRset that changes."""

    sign: Sign
    value: str
    owners: tuple[str, ...]
    """Whose it is; empty: it is not mailseal's."""


@dataclass(frozen=True, slots=True)
class RRsetDiff:
    """One RRset that changes."""

    key: RRsetKey
    ttl_before: int | None
    """In seconds; None when there is no set before."""
    ttl_after: int | None
    lines: tuple[ValueLine, ...]

    def count(self, sign: Sign) -> int:
        """How many values it has of that sign."""
        return sum(line.sign is sign for line in self.lines)


def diffs_of(plan: ZonePlan) -> tuple[RRsetDiff, ...]:
    """All changes of a plan, in its order."""
    owners = dict(_owners(plan))
    return tuple(_diff(planned, owners) for planned in plan.changes)


def _diff(planned: PlannedChange, owners: Mapping[tuple[RRsetKey, str], tuple[str, ...]]) -> RRsetDiff:
    change = planned.change
    before, after = _values(change.before), _values(change.after)
    signed = [
        *((Sign.KEPT, before[identity]) for identity in before.keys() & after.keys()),
        *((Sign.REMOVED, before[identity]) for identity in before.keys() - after.keys()),
        *((Sign.ADDED, after[identity]) for identity in after.keys() - before.keys()),
    ]
    order = list(Sign)
    lines = [
        ValueLine(
            sign, text, (HERITAGE,) if is_heritage_key(change.key) else owners.get((change.key, text), ())
        )
        for sign, text in ((sign, displayed(value)) for sign, value in signed)
    ]
    return RRsetDiff(
        change.key,
        change.before.ttl_seconds if change.before else None,
        change.after.ttl_seconds if change.after else None,
        tuple(sorted(lines, key=lambda line: (order.index(line.sign), line.value))),
    )


def _values(rrset: RRset | None) -> dict[bytes, Rdata]:
    return {value.identity: value for value in rrset.values} if rrset else {}


def _owners(plan: ZonePlan) -> Iterator[tuple[tuple[RRsetKey, str], tuple[str, ...]]]:
    """Whose each value is or was, by its text."""
    found: dict[tuple[RRsetKey, str], list[str]] = {orphan: [ABSENT] for orphan in plan.orphans}
    for owner, records in plan.outcomes.items():
        for record in records:
            if record.state in {RecordState.PUBLISHED, RecordState.REMOVING}:
                found.setdefault((record.key, displayed(record.value)), []).append(str(owner))
    return ((place, tuple(names)) for place, names in found.items())
