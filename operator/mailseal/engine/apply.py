"""Writing a plan in as few calls as the backend allows, split round whatever it does not take."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mailseal.planning.heritage import is_heritage_key
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
    """Not written, since the zone held something else than was read: read and plan again. With them the
    changes that wait for one of them."""
    unknown: list[PlannedChange] = field(default_factory=list)
    """Written or not, since the answer was lost: read and plan again."""
    refused: list[tuple[PlannedChange, ProviderError]] = field(default_factory=list)
    untried: list[PlannedChange] = field(default_factory=list)
    """Left when the backend failed as a whole, or when a change that they wait for was refused."""
    failure: ProviderError | None = None


async def apply_changes(provider: Provider, zone: DnsName, changes: Sequence[PlannedChange]) -> Applied:
    """Write `changes` in order, in batches of the backend's limit.

    A batch that is refused or lost a race is halved until the culprit stands alone, so that it holds back
    nobody else but what must not be written without it. A failure of the backend itself ends the attempt
    and leaves the rest untried.
    """
    applied = Applied()
    waiting = deque(_batches(changes, provider.capabilities.batch_limit))
    while waiting and applied.failure is None:
        batch = _without_dependents(waiting.popleft(), applied)
        if not batch:
            continue
        try:
            await provider.apply(zone, [planned.change for planned in batch])
        except (Raced, Refused) as error:
            if len(batch) > 1:
                waiting.extendleft(reversed(_halves(batch)))
            else:
                _file_culprit(applied, batch[0], error)
        except OutcomeUnknown:
            applied.unknown.extend(batch)
        except ProviderError as error:
            applied.failure = error
            applied.untried.extend(batch)
        else:
            applied.written.extend(batch)
    for batch in waiting:
        applied.untried.extend(batch)
    return applied


def _without_dependents(batch: Sequence[PlannedChange], applied: Applied) -> list[PlannedChange]:
    """The changes of `batch` that wait for none that was not written; the others are filed.

    A heritage record is a journal: it must not forget a value whose removal was not written, and a value
    must not be written before it is recorded. One that the backend refuses to record is written all the same.
    """
    uncertain = [*applied.raced, *applied.unknown]
    failed = [*uncertain, *(planned for planned, _ in applied.refused)]
    free = []
    for planned in batch:
        if any(_waits_for(planned, other) for other in uncertain):
            applied.raced.append(planned)
        elif is_heritage_key(planned.change.key) and any(_waits_for(planned, other) for other in failed):
            applied.untried.append(planned)
        else:
            free.append(planned)
    return free


def _waits_for(planned: PlannedChange, earlier: PlannedChange) -> bool:
    concerns_journal = is_heritage_key(planned.change.key) or is_heritage_key(earlier.change.key)
    return concerns_journal and not planned.owners.isdisjoint(earlier.owners)


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
