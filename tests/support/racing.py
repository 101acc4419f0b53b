"""Several writers on one RRset; after every write each looks whether the others' values still stand."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mailseal.engine import ZoneAccess, sync_zone
from mailseal.planning.model import Claim, RecordState
from support.planning_world import NOW

Look = Callable[[], set[str]]
"""What stands at the contested RRset now, as text."""


@dataclass
class Standing:
    """What one writer has written last, and what it may be writing this very moment."""

    last: str | None = None
    coming: str | None = None

    def is_kept(self, present: set[str]) -> bool:
        """True when its value stands: the last one, or already the next."""
        return self.last is None or self.last in present or self.coming in present


@dataclass
class Contest:
    """The writers of one RRset and what the referee saw."""

    look: Look
    standings: dict[str, Standing] = field(default_factory=dict)
    losses: list[str] = field(default_factory=list)
    writes: int = 0

    def check(self, writer: str) -> None:
        """After a write of `writer`: the values of all the others are still there."""
        self.writes += 1
        present = self.look()
        for name, standing in self.standings.items():
            if not standing.is_kept(present):
                self.losses.append(f"after write {self.writes} by {writer}: {name} lost {standing.last}")


class Writer(ABC):
    """One party of a contest."""

    def __init__(self, name: str, contest: Contest) -> None:
        self.name = name
        self.contest = contest
        self.standing = contest.standings.setdefault(name, Standing())

    async def write(self, number: int) -> None:
        """Replace the own value by a new one."""
        value = self.value(number)
        self.standing.coming = value
        if await self.put(number):
            self.standing.last = value
            self.contest.check(self.name)
        self.standing.coming = None

    @abstractmethod
    def value(self, number: int) -> str:
        """The value of that number."""

    @abstractmethod
    async def put(self, number: int) -> bool:
        """Write it; False when it was not written and what was there stands."""


class EngineWriter(Writer):
    """An operator whose resource changes all the time."""

    def __init__(
        self,
        name: str,
        contest: Contest,
        access: ZoneAccess,
        claims: Callable[[int], Sequence[Claim]],
        value: Callable[[int], str],
    ) -> None:
        super().__init__(name, contest)
        self._access = access
        self._claims = claims
        self._value = value
        self.gave_up = 0

    def value(self, number: int) -> str:
        return self._value(number)

    async def put(self, number: int) -> bool:
        claims = self._claims(number)
        outcome = await sync_zone(self._access, claims, NOW)
        assert outcome.failure is None, outcome.failure
        written = all(
            record.state is RecordState.PUBLISHED
            for records in outcome.records.values()
            for record in records
        )
        self.gave_up += not written
        return written
