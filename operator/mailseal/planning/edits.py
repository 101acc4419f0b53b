"""The changes to the RRsets that hold values of ours and perhaps of others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from mailseal.planning.fates import Fate
from mailseal.planning.merge import Verdict
from mailseal.planning.model import Owner, PlannedChange
from mailseal.planning.outcomes import Decisions
from mailseal.planning.ownership import Stake
from mailseal.planning.places import Place, singleton_of
from mailseal.records.change import RRsetChange
from mailseal.records.rrset import Rdata, RRset, RRsetKey, rrset_of


@dataclass(frozen=True, slots=True)
class _Edit:
    """What is decided about one RRset."""

    key: RRsetKey
    before: RRset | None
    granted: tuple[Verdict, ...]
    """The verdicts that give a place in the RRset to somebody."""
    removed: tuple[Fate, ...]

    @property
    def after(self) -> RRset | None:
        """The RRset as it shall be: what stands, less what goes, and then what is new."""
        going = {fate.value for fate in self.removed} | set(
            chain.from_iterable(verdict.gives_way for verdict in self.granted)
        )
        staying = [value for value in (self.before.values if self.before else ()) if value not in going]
        new = [verdict.winner.value for verdict in self.granted if verdict.is_new]
        return rrset_of(self.key, self._ttl_seconds([*staying, *new]), [*staying, *new])

    def _ttl_seconds(self, values: Iterable[Rdata]) -> int:
        """The wanted TTL, the lowest if owners differ; an RRset with other values keeps the one it has."""
        wanted = {verdict.granted.identity for verdict in self.granted if verdict.granted}
        all_wanted = all(value.identity in wanted for value in values)
        if self.before and not (all_wanted and self.granted):
            return self.before.ttl_seconds
        return min(verdict.winner.ttl_seconds for verdict in self.granted)

    @property
    def deletes(self) -> int:
        """The removed values whose place nobody takes; keys that have outlived their use are no deletion."""
        taken = {verdict.place for verdict in self.granted}
        return sum(_place(fate) not in taken and not fate.outlived for fate in self.removed)

    def owners(self, owners: Mapping[Stake, Owner]) -> frozenset[Owner]:
        """Everybody whose values come or go; where only the TTL changes, everybody whose values stand."""
        moving = frozenset(
            verdict.winner.owner for verdict in self.granted if verdict.is_new or verdict.gives_way
        ) | frozenset(owners[stake] for fate in self.removed for stake in fate.holders if stake in owners)
        return moving or frozenset(verdict.winner.owner for verdict in self.granted)


def value_changes(decided: Decisions, owners: Mapping[Stake, Owner]) -> Iterator[PlannedChange]:
    """The changes by name, heritage records left out.

    At one name, what goes comes before what is new, since a CNAME stands alone.
    """
    for edit in _edits(decided):
        after = edit.after
        if after == edit.before or (after and after.same_as(edit.before)):
            continue
        yield PlannedChange(
            RRsetChange(edit.key, edit.before, after),
            edit.owners(owners),
            deletes=edit.deletes,
            removes=len(edit.removed),
        )


def _edits(decided: Decisions) -> Iterator[_Edit]:
    granted: dict[RRsetKey, list[Verdict]] = {}
    for place, verdict in decided.verdicts.items():
        if verdict.granted is not None:
            granted.setdefault(place.key, []).append(verdict)
    removed: dict[RRsetKey, list[Fate]] = {}
    for fate in decided.fates:
        if not fate.stays:
            removed.setdefault(fate.key, []).append(fate)
    for key in sorted(granted.keys() | removed.keys(), key=lambda key: (key.name, key in granted, key.rtype)):
        yield _Edit(key, decided.observed.get(key), tuple(granted.get(key, ())), tuple(removed.get(key, ())))


def _place(fate: Fate) -> Place | None:
    singleton = singleton_of(fate.value)
    return Place(fate.key, singleton) if singleton else None
