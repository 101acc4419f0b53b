"""Who may take the Lease, and what it says then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.kube.leader import LeaseTerms, is_free, taken

TERMS = LeaseTerms("mailseal-system", "mailseal", "pod-a", timedelta(seconds=15))
NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
STAMP = "2026-03-15T12:00:00.000000Z"
OTHERS = {
    "holderIdentity": "pod-b",
    "leaseDurationSeconds": 30,
    "acquireTime": "2026-03-01T00:00:00.000000Z",
    "renewTime": "2026-03-15T11:59:59.000000Z",
    "leaseTransitions": 4,
}


@pytest.mark.parametrize(
    ("spec", "silent_seconds", "free"),
    [
        ({}, 0, True),
        ({"holderIdentity": ""}, 0, True),
        ({"holderIdentity": None}, 0, True),
        ({**OTHERS, "holderIdentity": "pod-a"}, 0, True),
        (OTHERS, 0, False),
        (OTHERS, 29.9, False),
        (OTHERS, 30, True),
        ({"holderIdentity": "pod-b"}, 14.9, False),
        ({"holderIdentity": "pod-b"}, 15, True),
        ({"holderIdentity": "pod-b", "leaseDurationSeconds": None}, 15, True),
    ],
)
def test_a_lease_is_free_when_it_is_nobodys_ours_or_silent_for_its_own_duration(
    spec, silent_seconds, free
) -> None:
    assert is_free(spec, timedelta(seconds=silent_seconds), TERMS) is free


def test_a_lease_taken_from_another_counts_the_transition() -> None:
    assert taken(OTHERS, TERMS, NOW) == {
        "holderIdentity": "pod-a",
        "leaseDurationSeconds": 15,
        "acquireTime": STAMP,
        "renewTime": STAMP,
        "leaseTransitions": 5,
    }


def test_a_new_lease_counts_none() -> None:
    assert taken({}, TERMS, NOW)["leaseTransitions"] == 0


def test_renewing_moves_the_renew_time_alone() -> None:
    first = taken(OTHERS, TERMS, NOW)
    assert taken(first, TERMS, NOW + timedelta(seconds=3)) == {
        **first,
        "renewTime": "2026-03-15T12:00:03.000000Z",
    }


@given(st.integers(7, 3600))
def test_a_holder_stops_well_before_anybody_else_may_start(seconds) -> None:
    terms = LeaseTerms("n", "l", "pod", timedelta(seconds=seconds))
    assert terms.renew_every + terms.renew_within < terms.duration


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "holderIdentity": st.sampled_from(["", "pod-a", "pod-b", None]),
            "leaseDurationSeconds": st.one_of(st.none(), st.integers(0, 60)),
            "leaseTransitions": st.one_of(st.none(), st.integers(0, 60)),
        },
    )
)
def test_what_was_just_taken_is_free_for_its_holder_and_for_nobody_else(spec) -> None:
    held = taken(spec, TERMS, NOW)
    other = LeaseTerms("mailseal-system", "mailseal", "pod-c", TERMS.duration)
    assert is_free(held, timedelta(0), TERMS)
    assert not is_free(held, timedelta(seconds=14), other)
