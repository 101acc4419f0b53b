"""What a status says besides its conditions."""

from __future__ import annotations

import pytest

from mailseal.kube.details import details_of, record_statuses
from mailseal.planning.model import RecordOutcome, RecordState
from mailseal.records.txt import TxtData
from support.kube_objects import resource
from support.planning_world import APEX, DMARC, ZONE

NTA = "v=NTA7516-1;startdate=2026-03;enddate=2029-03;provider=zorgmail"


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


@pytest.mark.parametrize("state", [RecordState.PUBLISHED, RecordState.PROPAGATING])
def test_a_published_nta_record_tells_its_months_and_its_last_day(state) -> None:
    details = details_of(resource("NtaRecord"), [record(NTA, state)])
    assert details["startMonth"] == "2026-03"
    assert details["endMonth"] == "2029-03"
    assert details["expiresOn"] == "2029-03-31"


@pytest.mark.parametrize(
    "outcomes",
    [[], [record(NTA, RecordState.CONFLICT)], [record("v=NTA7516-1;nonsense", RecordState.PUBLISHED)]],
    ids=["none", "conflict", "unreadable"],
)
def test_without_a_readable_published_record_the_months_stay_as_they_were(outcomes) -> None:
    details = details_of(resource("NtaRecord"), outcomes)
    assert details.keys() == {"records"}


def test_only_an_nta_record_tells_months() -> None:
    assert details_of(resource("MailDomain"), [record(NTA, RecordState.PUBLISHED)]).keys() == {"records"}
