"""Writing a plan in as few calls as the backend allows, split round whatever it does not take."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mailseal.planning.model import PlannedChange
from mailseal.providers.base import OutcomeUnknown, Provider, ProviderError, Raced, Refused
from mailseal.records.names import DnsName

MAX_LONE_REFUSALS = 16
"""So many changes refused one by one with none taken mean that the backend refuses us, not a record."""


@dataclass(slots=True)
class Applied:
    """What became of each change of a plan; together the lists hold every change once."""

    written: list[PlannedChange] = field(default_factory=list)
    raced: list[PlannedChange] = field(default_factory=list)
    """The zone held something else than was read, or may do so: read and plan again."""
    refused: list[tuple[PlannedChange, ProviderError]] = field(default_factory=list)
    untried: list[PlannedChange] = field(default_factory=list)
    """Left when the backend failed as a whole."""
    failure: ProviderError | None = None


async def apply_changes(provider: Provider, zone: DnsName, changes: Sequence[PlannedChange]) -> Applied:
    """Write `changes` in order, in batches of the backend's limit.

    A batch that is refused or lost a race is halved until the culprit stands alone, so that it holds back
    nobody else. A failure of the backend itself ends the attempt and leaves the rest untried.
    """
    applied = Applied()
    waiting = deque(_batches(changes, provider.capabilities.batch_limit))
    while waiting and applied.failure is None:
        batch = waiting.popleft()
        try:
            await provider.apply(zone, [planned.change for planned in batch])
        except (Raced, Refused) as error:
            if len(batch) > 1:
                waiting.extendleft(reversed(_halves(batch)))
            else:
                _file_culprit(applied, batch[0], error)
        except OutcomeUnknown:
            applied.raced.extend(batch)
        except ProviderError as error:
            applied.failure = error
            applied.untried.extend(batch)
        else:
            applied.written.extend(batch)
    for batch in waiting:
        applied.untried.extend(batch)
    return applied


def _file_culprit(applied: Applied, planned: PlannedChange, error: ProviderError) -> None:
    if isinstance(error, Raced):
        applied.raced.append(planned)
        return
    applied.refused.append((planned, error))
    if len(applied.refused) >= MAX_LONE_REFUSALS and not applied.written:
        applied.failure = error


def _batches(changes: Sequence[PlannedChange], limit: int) -> Iterator[list[PlannedChange]]:
    for start in range(0, len(changes), limit):
        yield list(changes[start : start + limit])


def _halves(batch: list[PlannedChange]) -> tuple[list[PlannedChange], list[PlannedChange]]:
    middle = len(batch) // 2
    return batch[:middle], batch[middle:]
