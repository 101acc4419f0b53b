"""Whatever a body holds, the operator keeps it, or keeps what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.kube.claims import claim_of
from mailseal.kube.gauges import StatusCollector
from mailseal.kube.ntastatus import nta_details
from mailseal.kube.objects import FINALIZER, PLURALS, RECORD_KINDS, StoredObject, stored
from mailseal.kube.parts import parts_of
from mailseal.kube.store import Store
from mailseal.planning.model import Claim
from support.kube_objects import body, resource

_leaves = st.one_of(st.none(), st.booleans(), st.integers(-(10**12), 10**12), st.floats(), st.text())
nonsense: st.SearchStrategy[Any] = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)
kinds = st.sampled_from(sorted(PLURALS))
_spec_fields = st.sampled_from(
    ["domain", "providerRef", "spf", "dmarc", "keys", "ntamx", "secret", "type", "ttlSeconds", "rfc2136"]
)
specs = st.dictionaries(st.one_of(_spec_fields, st.text()), nonsense, max_size=6)


@given(kinds, specs)
def test_every_spec_is_either_valid_or_told_what_is_wrong(kind, spec) -> None:
    kept = stored({**body(kind), "spec": spec})
    assert (kept.spec is None) == bool(kept.invalid)
    assert (kept.provider_key is None) or kept.spec is not None


def test_of_the_annotations_only_ours_are_kept() -> None:
    annotations = {"mailseal.dev/confirm-plan": "abc", "kubectl.kubernetes.io/last-applied": "{}"}
    assert resource(annotations=annotations).annotations == {"mailseal.dev/confirm-plan": "abc"}


@pytest.mark.parametrize("absent", [{"annotations": None}, {}])
def test_what_the_api_server_leaves_out_is_empty(absent) -> None:
    kept = resource(**absent)
    assert (kept.annotations, kept.finalizers, kept.status, kept.deleting) == ({}, (), {}, False)


def test_a_resource_is_held_by_our_finalizer_alone() -> None:
    assert resource(finalizers=["example.org/other", FINALIZER]).held
    assert not resource(finalizers=["example.org/other"]).held


def test_a_provider_refers_to_none() -> None:
    assert resource("DnsProvider", spec={"type": "memory", "memory": {}}).provider_key is None


words = st.one_of(st.text(max_size=20), st.sampled_from(["TXT", "MX", "CNAME", "Published", "example.nl"]))
records = st.lists(
    st.dictionaries(st.sampled_from(["name", "type", "value", "state", "message"]), words), max_size=4
)
dates = st.dates().map(str)
months = st.one_of(st.sampled_from(["2026-03", "2026-13", "0000-00", "9999-12"]), st.text(max_size=8))
moments = st.datetimes().map(lambda moment: f"{moment.isoformat(timespec='seconds')}Z")
keys = st.lists(
    st.fixed_dictionaries({"selector": st.text()}, optional={"publishedSince": moments}), max_size=3
)
statuses = st.fixed_dictionaries(
    {},
    optional={
        "observedGeneration": st.integers(0, 2**62),
        "conditions": st.lists(
            st.fixed_dictionaries({"type": words, "status": st.sampled_from(["True", "False", "Unknown"])}),
            max_size=3,
        ),
        "records": records,
        "startMonth": months,
        "endMonth": months,
        "expiresOn": dates,
        "domains": st.lists(
            st.fixed_dictionaries(
                {"domain": words}, optional={"startMonth": months, "endMonth": months, "declaredOn": words}
            ),
            max_size=3,
        ),
        "keys": keys,
        "secretName": st.text(),
        "keyLife": st.text(),
    },
)
"""What the schema of the CRDs lets into a status, whoever writes it."""


def _of_any_status(kind: str, status: Any) -> StoredObject:
    return resource(kind, status=status)


@given(st.sampled_from(sorted(RECORD_KINDS)), statuses)
def test_no_status_keeps_a_resource_from_being_claimed_for(kind, status) -> None:
    kept = _of_any_status(kind, status)
    claimed = claim_of(kept, None)
    assert isinstance(claimed, Claim)
    assert len(claimed.remembered) <= len(status.get("records", ()))
    if isinstance(kept.spec, NtaRecordSpec):
        assert nta_details(kept.spec, kept.status, ())["domains"]
    assert parts_of(kept)[0].spec == kept.spec


@given(st.sampled_from(sorted(RECORD_KINDS)), statuses)
@example("NtaRecord", {"expiresOn": "9999-12-31"})
@example("NtaRecord", {"expiresOn": "0001-01-01"})
@example("DkimKey", {"keys": [{"selector": "s1", "publishedSince": "0001-01-01T00:00:00Z"}]})
def test_no_status_keeps_the_metrics_from_being_read(kind, status) -> None:
    store = Store()
    store.put(_of_any_status(kind, status))
    names = {metric.name for metric in StatusCollector(store).collect()}
    assert "mailseal_resource_ready" in names
