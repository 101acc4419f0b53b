"""What a status says besides its conditions."""

from __future__ import annotations

from mailseal.kube.details import record_statuses
from mailseal.planning.model import RecordOutcome, RecordState
from mailseal.records.txt import TxtData
from support.planning_world import APEX, DMARC, ZONE


def record(text: str, state: RecordState, key=APEX, message: str = "") -> RecordOutcome:
    return RecordOutcome(key, TxtData.of(text), state, message=message)


def test_records_stand_in_a_stable_order_with_a_message_where_there_is_one() -> None:
    outcomes = [record("b", RecordState.PUBLISHED), record("a", RecordState.PENDING, DMARC, "waits")]
    shown = record_statuses(outcomes)
    assert shown == record_statuses(outcomes[::-1])
    assert shown == [
        {"name": f"_dmarc.{ZONE}", "type": "TXT", "value": "a", "state": "Pending", "message": "waits"},
        {"name": ZONE, "type": "TXT", "value": "b", "state": "Published"},
    ]
