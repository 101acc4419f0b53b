"""The gauges say what the statuses say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from mailseal.kube.gauges import StatusCollector
from mailseal.kube.objects import StoredObject
from mailseal.kube.store import Store
from support.kube_objects import resource

SENSELESS_TIMES = st.sampled_from(["", "soon", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59", "2026-01-01"])
SENSELESS_KEYS = st.fixed_dictionaries(
    {},
    optional={
        "nextRotation": SENSELESS_TIMES,
        "keys": st.lists(
            st.fixed_dictionaries(
                {"selector": st.text(max_size=5)},
                optional={
                    "state": st.text(max_size=5) | st.just("Active"),
                    "size": st.integers(),
                    "algorithm": st.text(max_size=5),
                    **dict.fromkeys(("since", "until", "publishedSince"), SENSELESS_TIMES),
                },
            ),
            max_size=4,
        ),
    },
)
READY = {"conditions": [{"type": "Ready", "status": "True"}]}


def samples(*resources) -> dict[str, list[tuple[tuple[str, ...], float]]]:
    """Label values and number of each sample, by the gauge's name."""
    store = Store()
    for kept in resources:
        store.put(kept)
    return {
        metric.name: [(tuple(sample.labels.values()), sample.value) for sample in metric.samples]
        for metric in StatusCollector(store).collect()
    }


def _registry(kept: StoredObject) -> CollectorRegistry:
    store, registry = Store(), CollectorRegistry()
    store.put(kept)
    registry.register(StatusCollector(store))
    return registry


def test_resources_and_providers_are_ready_or_not() -> None:
    provider = resource("DnsProvider", "dns", spec={"type": "memory", "memory": {}}, status=READY)
    found = samples(resource(status=READY), resource(name="new"), provider)
    assert found["mailseal_resource_ready"] == [
        (("MailDomain", "mail", "main"), 1.0),
        (("MailDomain", "mail", "new"), 0.0),
    ]
    assert found["mailseal_provider_ready"] == [(("DnsProvider", "mail", "dns"), 1.0)]


def test_records_are_counted_by_state() -> None:
    states = ["Published", "Conflict", "Published"]
    found = samples(resource(status={"records": [{"state": state} for state in states]}))
    assert found["mailseal_resource_records"] == [
        (("MailDomain", "mail", "main", "Published"), 2.0),
        (("MailDomain", "mail", "main", "Conflict"), 1.0),
    ]


def test_an_nta_record_expires_when_its_last_day_is_over_in_the_netherlands() -> None:
    found = samples(resource("NtaRecord", status={"expiresOn": "2029-03-31"}))
    ((labels, moment),) = found["mailseal_nta_record_expiry_timestamp_seconds"]
    assert labels == ("NtaRecord", "mail", "main", "example.nl")
    assert datetime.fromtimestamp(moment, UTC) == datetime(2029, 3, 31, 22, 0, tzinfo=UTC)


def test_each_domain_of_an_nta_record_expires_on_its_own_day_in_its_time_zone() -> None:
    domains = [
        {"domain": "a.example.nl", "expiresOn": "2029-03-31"},
        {"domain": "b.example.nl", "expiresOn": "2029-04-30"},
        {"domain": "c.example.nl"},
    ]
    spec = {"timeZone": "UTC"}
    found = samples(resource("NtaRecord", spec=spec, status={"expiresOn": "2029-03-31", "domains": domains}))
    assert found["mailseal_nta_record_expiry_timestamp_seconds"] == [
        (("NtaRecord", "mail", "main", "a.example.nl"), datetime(2029, 4, 1, tzinfo=UTC).timestamp()),
        (("NtaRecord", "mail", "main", "b.example.nl"), datetime(2029, 5, 1, tzinfo=UTC).timestamp()),
    ]


@pytest.mark.parametrize(
    ("status", "reasons"),
    [("True", []), ("False", ["DeclarationNeeded"]), ("Unknown", ["DeclarationNeeded"])],
)
def test_a_renewal_that_is_held_up_tells_by_what(status: str, reasons: list[str]) -> None:
    renewal = {"type": "Renewal", "status": status, "reason": "DeclarationNeeded"}
    found = samples(resource("NtaRecord", status={"conditions": [renewal]}))
    assert found["mailseal_nta_renewal_blocked"] == [
        (("NtaRecord", "mail", "main", reason), 1) for reason in reasons
    ]


def test_a_review_is_overdue_or_not() -> None:
    late = resource("NtaRecord", "late", status={"conditions": [{"type": "Reviews", "status": "False"}]})
    found = samples(late, resource("NtaRecord", "new"), resource())
    assert found["mailseal_nta_review_overdue"] == [
        (("NtaRecord", "mail", "late"), 1),
        (("NtaRecord", "mail", "new"), 0),
    ]


def test_a_key_has_an_age_once_it_is_published() -> None:
    keys = [{"selector": "s1", "publishedSince": "2026-01-01T00:00:00Z"}, {"selector": "s2"}]
    found = samples(resource("DkimKey", status={"keys": keys}))
    assert found["mailseal_dkim_key_published_timestamp_seconds"] == [
        (("DkimKey", "mail", "main", "example.nl", "s1"), datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    ]


KEY = {"selector": "ms1", "algorithm": "RSA", "size": 2048, "set": 1}
"""A key of example.nl as a status has it, without its state."""


def dkim_samples(*keys, **status) -> dict[str, list[tuple[tuple[str, ...], float]]]:
    """The samples of one DkimKey with these keys in its status."""
    return samples(resource("DkimKey", status={"keys": [{**KEY, **key} for key in keys], **status}))


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_a_dkim_key_has_a_state_since_a_time_and_until_one() -> None:
    since, until = "2026-01-01T00:00:00Z", "2026-01-08T00:00:00Z"
    found = dkim_samples({"state": "Retiring", "since": since, "until": until})
    name = ("mail", "main", "example.nl", "ms1")
    assert found["mailseal_dkim_key_state"] == [((*name, "RSA", "Retiring"), 1.0)]
    assert found["mailseal_dkim_key_size_bits"] == [((*name, "RSA"), 2048.0)]
    timed = (*name, "Retiring")
    assert found["mailseal_dkim_key_state_timestamp_seconds"] == [(timed, moment(since))]
    assert found["mailseal_dkim_key_state_until_timestamp_seconds"] == [(timed, moment(until))]


def test_only_an_active_key_signs() -> None:
    since = "2026-02-01T00:00:00Z"
    states = ["Prepared", "Published", "Active", "Retiring", "Revoked"]
    keys = [{"selector": f"s-{state}", "state": state, "since": since} for state in states]
    found = dkim_samples(*keys)
    assert found["mailseal_dkim_key_active_timestamp_seconds"] == [
        (("mail", "main", "example.nl", "s-Active"), moment(since))
    ]
    assert found["mailseal_dkim_signing_keys"] == [(("mail", "main", "example.nl"), 1.0)]


def test_a_dkim_key_without_keys_signs_with_none() -> None:
    """Its sample is there and 0, so that a rule can tell it from one that does not exist."""
    found = samples(resource("DkimKey"), resource("MailDomain", "other"))
    assert found["mailseal_dkim_signing_keys"] == [(("mail", "main", "example.nl"), 0.0)]
    assert found["mailseal_dkim_next_rotation_timestamp_seconds"] == []


def test_the_next_rotation_has_a_time() -> None:
    found = dkim_samples(nextRotation="2026-06-01T02:00:00Z")
    assert found["mailseal_dkim_next_rotation_timestamp_seconds"] == [
        (("mail", "main", "example.nl"), moment("2026-06-01T02:00:00Z"))
    ]


def test_a_resource_on_its_way_out_says_so() -> None:
    deleted = resource(name="old", deletionTimestamp="2026-01-01T00:00:00Z")
    assert samples(resource(), deleted)["mailseal_resource_deleting"] == [
        (("MailDomain", "mail", "old"), 1.0)
    ]


@given(status=SENSELESS_KEYS)
def test_no_status_makes_a_scrape_fail(status: dict[str, Any]) -> None:
    """A status that fits its schema may still hold what no operator wrote."""
    generate_latest(_registry(resource("DkimKey", status=status)))


def test_the_state_of_each_external_selector_is_counted() -> None:
    since = "2026-03-15T12:00:00Z"
    entries = [
        {"selector": "s1", "state": "Working", "since": since},
        {"selector": "s2", "state": "Gone", "since": since},
        {"selector": "s3"},
    ]
    found = samples(resource(status={"externalSelectors": entries}), resource("NtaRecord", "nta"))
    assert sorted(found["mailseal_external_selector_state"]) == [
        (("mail", "main", "example.nl", "s1", "Working"), 1.0),
        (("mail", "main", "example.nl", "s2", "Gone"), 1.0),
    ]
