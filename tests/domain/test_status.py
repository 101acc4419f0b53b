"""Statuses: written for the API server and read back."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from mailseal.domain.dkimkey import KeyAlgorithm
from mailseal.domain.status import (
    Condition,
    ConditionStatus,
    DkimKeyStatus,
    KeyStatus,
    NtaRecordStatus,
    RecordStatus,
)

READY = Condition(
    type="Ready",
    status=ConditionStatus.TRUE,
    reason="Published",
    message="all records are answered",
    observed_generation=3,
    last_transition_time=datetime(2026, 11, 24, 4, 5, 6, tzinfo=UTC),
)


def test_writes_camel_case_and_leaves_out_what_is_not_there() -> None:
    status = NtaRecordStatus(conditions=(READY,), end_month="2029-11", expires_on=date(2029, 11, 30))
    assert status.to_mapping() == {
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "Published",
                "message": "all records are answered",
                "observedGeneration": 3,
                "lastTransitionTime": "2026-11-24T04:05:06Z",
            }
        ],
        "records": [],
        "domains": [],
        "checks": [],
        "endMonth": "2029-11",
        "expiresOn": "2029-11-30",
    }


def test_reads_what_it_wrote() -> None:
    status = DkimKeyStatus(
        conditions=(READY,),
        records=(
            RecordStatus(name="a._domainkey.x.example", type="TXT", value="v=DKIM1", state="Published"),
        ),
        keys=(KeyStatus(selector="a", algorithm=KeyAlgorithm.RSA, size=2048, set_number=2),),
        secret_name="a",
    )
    assert status.to_mapping()["keys"] == [{"selector": "a", "algorithm": "RSA", "size": 2048, "set": 2}]
    assert DkimKeyStatus.model_validate(status.to_mapping()) == status


def test_skips_fields_of_a_newer_operator() -> None:
    assert DkimKeyStatus.model_validate({"phase": "Retiring", "secretName": "a"}).secret_name == "a"


def test_holds_each_condition_once() -> None:
    with pytest.raises(ValidationError, match="Ready stands twice"):
        NtaRecordStatus(conditions=(READY, READY))
