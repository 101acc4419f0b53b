"""The fields of a status that are a kind's own. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mailseal.kube.objects import StoredObject
from mailseal.planning.model import RecordOutcome, RecordState
from mailseal.records.display import displayed
from mailseal.records.nta7516 import NtaDates, read_nta
from mailseal.records.txt import TxtData


def details_of(resource: StoredObject, records: Sequence[RecordOutcome]) -> dict[str, Any]:
    """What a status says besides its conditions; a field that is None is removed from it."""
    details: dict[str, Any] = {"records": record_statuses(records)}
    if resource.key.kind == "NtaRecord":
        details |= _nta_dates(_published_dates(records))
    return details


def record_statuses(records: Sequence[RecordOutcome]) -> list[dict[str, str]]:
    """The records as a status shows them, in a stable order."""
    ordered = sorted(records, key=lambda record: (record.key, record.value.identity))
    return [_record_status(record) for record in ordered]


def _record_status(record: RecordOutcome) -> dict[str, str]:
    shown = {
        "name": str(record.key.name),
        "type": str(record.key.rtype),
        "value": displayed(record.value),
        "state": str(record.state),
    }
    return {**shown, "message": record.message} if record.message else shown


def _published_dates(records: Iterable[RecordOutcome]) -> NtaDates | None:
    for record in records:
        if record.state in {RecordState.PUBLISHED, RecordState.PROPAGATING} and isinstance(
            record.value, TxtData
        ):
            found = read_nta(record.value.text).record
            if found:
                return found.dates
    return None


def _nta_dates(dates: NtaDates | None) -> dict[str, Any]:
    """Dates in the status stay when nothing is published for now: they are kept until renewal."""
    if dates is None:
        return {}
    return {
        "startMonth": str(dates.start),
        "endMonth": str(dates.end),
        "expiresOn": dates.last_day.isoformat(),
    }
