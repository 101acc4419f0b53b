"""From resources to claims: what a status remembers, and who came first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.kube.claims import claim_of, rival_of
from mailseal.kube.details import record_statuses
from mailseal.kube.objects import StoredObject
from mailseal.planning.model import RecordOutcome, RecordState, RememberedValue
from mailseal.records.nta7516 import NtaDates
from mailseal.records.txt import TxtData
from support.kube_objects import resource
from support.planning_world import APEX

WRITTEN = {RecordState.PUBLISHED, RecordState.PROPAGATING, RecordState.REMOVING}
PUBLISHED = {"name": "example.nl", "type": "TXT", "value": "v=spf1 mx -all", "state": "Published"}


def remembered(*records: dict[str, Any]) -> tuple[RememberedValue, ...]:
    claimed = claim_of(resource(status={"records": list(records)}), None)
    assert claimed is not None
    return claimed.remembered


@given(st.binary(max_size=300), st.sampled_from(RecordState))
def test_what_a_status_says_was_written_is_remembered_byte_for_byte(text, state) -> None:
    value = TxtData.of(b"v=spf1 " + text)
    written = record_statuses([RecordOutcome(APEX, value, state)])
    wanted = (RememberedValue(APEX, value.identity),) if state in WRITTEN else ()
    assert remembered(*written) == wanted


@pytest.mark.parametrize(
    "broken",
    [
        {"state": "Nonsense"},
        {"type": "AXFR"},
        {"name": "a..b"},
        {"type": "MX", "value": "no mail exchange"},
    ],
    ids=str,
)
def test_an_entry_that_cannot_be_read_is_nobodys_and_spoils_no_other(broken) -> None:
    assert remembered(PUBLISHED | broken, PUBLISHED) == remembered(PUBLISHED)
    assert len(remembered(PUBLISHED)) == 1


def test_an_entry_with_a_field_missing_is_nobodys() -> None:
    for field in PUBLISHED:
        assert remembered({name: text for name, text in PUBLISHED.items() if name != field}) == ()


def test_an_invalid_resource_claims_nothing() -> None:
    assert claim_of(resource(spec={"domain": "nonsense"}), None) is None
    assert claim_of(resource("DnsProvider", spec={"type": "memory", "memory": {}}), None) is None


@pytest.mark.parametrize("end", ["2029-03", "2029-13", "", "2020-01"])
def test_the_months_of_an_nta_record_are_kept_or_left_to_be_chosen_anew(end) -> None:
    claimed = claim_of(resource("NtaRecord", status={"startMonth": "2026-03", "endMonth": end}), None)
    assert claimed is not None
    kept = claimed.nta_dates
    assert kept is None or (isinstance(kept, NtaDates) and str(kept.end) == end == "2029-03")
    assert (kept is not None) == (end == "2029-03")


def claimant(
    namespace: str, *, day: int, provider: str = "dns", kind: str = "MailDomain", **metadata: Any
) -> StoredObject:
    return resource(
        kind,
        spec={"providerRef": {"name": provider, "kind": "ClusterDnsProvider"}},
        namespace=namespace,
        uid=f"uid-{namespace}",
        creationTimestamp=f"2026-01-{day:02}T00:00:00Z",
        **metadata,
    )


MINE = claimant("mine", day=5)


@pytest.mark.parametrize(
    ("other", "is_rival"),
    [
        (claimant("theirs", day=1, provider="other"), True),
        (claimant("theirs", day=9, provider="other"), False),
        (claimant("theirs", day=1), False),
        (claimant("mine", day=1, provider="other"), False),
        (claimant("theirs", day=1, provider="other", kind="NtaRecord"), False),
        (claimant("theirs", day=1, provider="other", deletionTimestamp="2026-01-02T00:00:00Z"), False),
    ],
    ids=["older", "younger", "same provider", "same namespace", "other kind", "deleting"],
)
def test_a_rival_is_older_and_of_another_namespace_and_provider(other, is_rival) -> None:
    assert rival_of(MINE, [MINE, other]) == (other if is_rival else None)


def test_of_several_rivals_the_oldest_is_named() -> None:
    older = [claimant(f"ns{day}", day=day, provider="other") for day in (3, 2, 4)]
    assert rival_of(MINE, older) == older[1]


def test_who_was_given_the_domain_goes_before_who_is_older() -> None:
    """Otherwise anybody could squat on a domain, with a provider of their own that says it serves it."""
    squatter = claimant("theirs", day=1, provider="other")
    assert rival_of(MINE, [squatter], lambda claimant: claimant is MINE) is None
    assert rival_of(squatter, [MINE], lambda claimant: claimant is MINE) == MINE
    assert rival_of(MINE, [squatter], lambda claimant: True) == squatter


def test_dkim_keys_have_no_rivals() -> None:
    mine = claimant("mine", day=5, kind="DkimKey")
    assert rival_of(mine, [claimant("theirs", day=1, provider="other", kind="DkimKey")]) is None
