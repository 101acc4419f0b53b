"""What becomes of the values that are ours and stand in DNS already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mailseal.planning.heritage import is_heritage_key
from mailseal.planning.merge import Verdict
from mailseal.planning.model import Observed, Owner
from mailseal.planning.ownership import Ownership, Stake
from mailseal.planning.places import Place, singleton_of
from mailseal.records.names import DnsName
from mailseal.records.rrset import Rdata, RRsetKey


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one observed value that resources of ours hold."""

    key: RRsetKey
    value: Rdata
    holders: frozenset[Stake]
    keepers: frozenset[Stake] = frozenset()
    """The resources whose value it is from now on."""
    stays: bool = True
    granted: bool = False
    """It is what its place shall hold."""
    why: str = ""
    """For a value that its keepers do not want any more: why it stays all the same."""
    outlived: bool = False
    """It goes because a key has come to the end of its life, and not because somebody deletes something."""


@dataclass(frozen=True, slots=True)
class FateRules:
    """What the fate of a value depends on besides the value."""

    ownership: Ownership
    verdicts: Mapping[Place, Verdict]
    stakes: Mapping[Owner, Stake]
    outlived: frozenset[tuple[Stake, DnsName]]
    """The names of keys that have come to the end of their life, by the resource that they were of."""
    upsert_only: bool

    def fates(self, observed: Observed) -> Iterator[Fate]:
        """The fate of every observed value that is ours, heritage records left out."""
        for key in sorted(observed):
            for value in () if is_heritage_key(key) else observed[key].values:
                holders = self.ownership.holders(key, value)
                if holders:
                    yield self._fate(key, value, holders)

    def _fate(self, key: RRsetKey, value: Rdata, holders: frozenset[Stake]) -> Fate:
        singleton = singleton_of(value)
        verdict = self.verdicts.get(Place(key, singleton)) if singleton else None
        absent = self.ownership.absent_holders(key, value)
        if verdict and verdict.granted is not None:
            if value in verdict.gives_way:
                return Fate(key, value, holders, stays=False)
            winner = self.stakes[verdict.winner.owner]
            return Fate(key, value, holders, keepers=absent | {winner}, granted=True)
        return self._unwanted(key, value, holders, verdict)

    def _unwanted(
        self, key: RRsetKey, value: Rdata, holders: frozenset[Stake], verdict: Verdict | None
    ) -> Fate:
        """The fate of a value whose place nobody has: removed, unless somebody keeps it.

        Where only an absent resource or another operator keeps it, those who are here let go of it.
        """
        absent = self.ownership.absent_holders(key, value)
        blocked = holders & self._contenders(verdict)
        if self.upsert_only:
            return Fate(key, value, holders, holders, why="the provider's policy is UpsertOnly")
        if blocked:
            why = "the conflict about what shall stand in its place is not resolved"
            return Fate(key, value, holders, blocked | absent, why=why)
        stays = self.ownership.must_stay(key, value)
        outlived = all((holder, key.name) in self.outlived for holder in holders)
        return Fate(key, value, holders, absent, stays=stays, outlived=outlived)

    def _contenders(self, verdict: Verdict | None) -> frozenset[Stake]:
        if verdict is None:
            return frozenset()
        return frozenset(self.stakes[contender.owner] for contender in (verdict.winner, *verdict.losers))
