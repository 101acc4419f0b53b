"""What is not told at once, since it is likely to pass by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from mailseal.engine import ZoneOutcome
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.conditions import UNREADY, Verdict, is_current
from mailseal.kube.objects import StoredObject
from mailseal.kube.remembering import shown_records
from mailseal.kube.repairs import STANDING
from mailseal.kube.runtime import Runtime
from mailseal.planning.model import RecordOutcome, RecordState
from mailseal.planning.nta_gate import NOT_CHECKED
from mailseal.planning.reasons import Reason

_FOR_CHECKS = frozenset({Reason.PREREQUISITES_FAILED, Reason.PREREQUISITES_UNKNOWN, Reason.EXPIRED})


class Patience:
    """Knows which trouble is too young to be told."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._troubled_since: dict[ObjectKey, datetime] = {}
        self._started = runtime.clock()

    def forget(self, resource: ObjectKey) -> None:
        """Drop what is known of a resource."""
        self._troubled_since.pop(resource, None)

    def is_passing(
        self,
        resource: StoredObject,
        outcome: ZoneOutcome,
        verdict: Verdict,
        records: Sequence[RecordOutcome] | None,
    ) -> bool:
        """True for trouble in reaching servers that is too young to call a Ready resource anything else.

        Nothing was to be written for it, so what it published is very likely still there.
        """
        owner = resource.owner
        trouble = not verdict.ready and (records is None or all(_is_silence(record) for record in records))
        if not trouble or resource.deleting or owner in outcome.blocked:
            self._troubled_since.pop(resource.key, None)
            return False
        since = self._troubled_since.setdefault(resource.key, self._runtime.clock())
        written = any(owner in planned.owners for planned in outcome.written)
        current = is_current(resource.status, resource.generation)
        return current and not written and self._is_young(since)

    def awaits_first_check(self, resource: StoredObject, records: Iterable[RecordOutcome]) -> bool:
        """True shortly after a start for records that the status says to wait for checks, as they still do.

        The first check says whether that is so for another reason than before; that there was none yet is no
        news.
        """
        found = tuple(records)
        unchecked = any(record.reason in _FOR_CHECKS and NOT_CHECKED in record.message for record in found)
        if not unchecked or resource.deleting or not self._is_young(self._started):
            return False
        return _tells_of_checks(resource) and _facts(found) == _facts(shown_records(resource.status))

    def _is_young(self, since: datetime) -> bool:
        return self._runtime.clock() - since < self._runtime.settings.stale_after


def _tells_of_checks(resource: StoredObject) -> bool:
    return any(
        condition.get("reason") in _FOR_CHECKS and condition.get("observedGeneration") == resource.generation
        for condition in resource.status.get("conditions", ())
    )


def _facts(records: Iterable[RecordOutcome]) -> frozenset[tuple[object, ...]]:
    return frozenset((record.key, record.value.identity, record.state) for record in records)


def _is_silence(record: RecordOutcome) -> bool:
    """True for a record that stands as far as the servers tell that do answer."""
    answered_otherwise = record.state is RecordState.PROPAGATING and not record.only_silence
    return record.state in STANDING and not answered_otherwise and record.reason not in UNREADY
