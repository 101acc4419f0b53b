"""What a status says besides its conditions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailseal.domain.dkimkey import KeyAlgorithm
from mailseal.engine.dkimkeys import HeldKey
from mailseal.kube.details import details_of, record_statuses
from mailseal.kube.dkim_secrets import SecretView
from mailseal.planning.model import RecordOutcome, RecordState
from mailseal.records.txt import TxtData
from support.kube_objects import resource
from support.planning_world import APEX, DMARC, ZONE, txt_key

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
EARLIER = "2026-01-01T00:00:00Z"
KEY = HeldKey("s1", KeyAlgorithm.ED25519, 256, "v=DKIM1; k=ed25519; p=AAAA")
SECRET = SecretView("main", "1", (KEY,))
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


@pytest.mark.parametrize(
    ("state", "known", "since"),
    [
        (RecordState.PUBLISHED, [], "2026-03-15T12:00:00Z"),
        (RecordState.PUBLISHED, [{"selector": "s1", "publishedSince": EARLIER}], EARLIER),
        (RecordState.PUBLISHED, [{"selector": "s1"}], "2026-03-15T12:00:00Z"),
        (RecordState.PROPAGATING, [], None),
        (RecordState.CONFLICT, [{"selector": "s1", "publishedSince": EARLIER}], None),
    ],
)
def test_a_key_tells_since_when_all_servers_answer_it(state, known, since) -> None:
    outcomes = [record(KEY.record, state, txt_key(f"s1._domainkey.{ZONE}"))]
    details = details_of(resource("DkimKey", status={"keys": known}), outcomes, SECRET, NOW)
    (key,) = details["keys"]
    assert key.get("publishedSince") == since
    assert (key["selector"], key["algorithm"], key["size"]) == ("s1", "Ed25519", 256)
    assert details["secretName"] == "main"


def test_a_dkim_key_without_its_secret_keeps_what_it_said_of_its_keys() -> None:
    assert details_of(resource("DkimKey"), [], None, NOW) == {"records": []}


@pytest.mark.parametrize("state", [RecordState.PUBLISHED, RecordState.PROPAGATING])
def test_a_published_nta_record_tells_its_months_and_its_last_day(state) -> None:
    details = details_of(resource("NtaRecord"), [record(NTA, state)], None, NOW)
    assert details["startMonth"] == "2026-03"
    assert details["endMonth"] == "2029-03"
    assert details["expiresOn"] == "2029-03-31"


@pytest.mark.parametrize(
    "outcomes",
    [[], [record(NTA, RecordState.CONFLICT)], [record("v=NTA7516-1;nonsense", RecordState.PUBLISHED)]],
    ids=["none", "conflict", "unreadable"],
)
def test_without_a_readable_published_record_the_months_stay_as_they_were(outcomes) -> None:
    details = details_of(resource("NtaRecord"), outcomes, None, NOW)
    assert details.keys() == {"records"}
