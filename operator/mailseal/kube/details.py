"""What a status says of records. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from mailseal.planning.model import RecordOutcome
from mailseal.records.display import displayed


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
