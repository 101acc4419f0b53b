"""Telling that something that we had published was changed behind our back and is written again."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from mailseal.kube import metrics
from mailseal.kube.conditions import is_ready
from mailseal.kube.objects import StoredObject
from mailseal.kube.remembering import remembered_values
from mailseal.kube.reporter import WARNING, Reporter
from mailseal.planning.heritage import is_heritage_key
from mailseal.planning.model import PlannedChange, RecordOutcome, RecordState
from mailseal.records.change import RRsetChange
from mailseal.records.rrset import RRsetKey

STANDING = frozenset({RecordState.PUBLISHED, RecordState.PROPAGATING})
"""States of values that are wanted and written."""


async def announce_repairs(
    reporter: Reporter,
    resource: StoredObject,
    written: Iterable[PlannedChange],
    records: Iterable[RecordOutcome],
) -> None:
    """An Event, and a count, for each RRset that was repaired.

    A record that another resource has won is nobody's repair, and what we replace is none either.
    """
    if resource.deleting or resource.status.get("observedGeneration") != resource.generation:
        return
    was_right = is_ready(resource.status)
    published: dict[RRsetKey, set[bytes]] = {}
    for found in remembered_values(resource.status):
        published.setdefault(found.key, set()).add(found.identity)
    won = {record.key for record in records if record.state in STANDING}
    for planned in written:
        key = planned.change.key
        if resource.owner not in planned.owners or is_heritage_key(key):
            continue
        told = published.get(key)
        if key in won and told and _is_repair(planned.change, told, was_right=was_right):
            metrics.DRIFT_REPAIRS.labels(resource.key.kind, resource.key.namespace, resource.key.name).inc()
            message = f"{key} had been changed by somebody else and was written again"
            await reporter.event(resource, WARNING, "DriftRepaired", message)


def _is_repair(change: RRsetChange, published: Collection[bytes], *, was_right: bool) -> bool:
    """True unless it is we who put something else in the place of what was published and still stands.

    Where all `was_right`, somebody may have put a value beside it, or changed the TTL.
    """
    before = change.before.identities if change.before else frozenset[bytes]()
    after = change.after.identities if change.after else frozenset[bytes]()
    return not before.issuperset(published) or (was_right and after.issuperset(published))
