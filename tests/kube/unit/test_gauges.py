"""The gauges say what the statuses say."""

from __future__ import annotations

from datetime import UTC, datetime

from mailseal.kube.gauges import StatusCollector
from mailseal.kube.store import Store
from support.kube_objects import resource

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


def test_a_key_has_an_age_once_it_is_published() -> None:
    keys = [{"selector": "s1", "publishedSince": "2026-01-01T00:00:00Z"}, {"selector": "s2"}]
    found = samples(resource("DkimKey", status={"keys": keys}))
    assert found["mailseal_dkim_key_published_timestamp_seconds"] == [
        (("DkimKey", "mail", "main", "example.nl", "s1"), datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    ]
