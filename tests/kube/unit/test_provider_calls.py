"""The metrics of the requests to each backend: bounded whatever a plug-in says, gone with the provider."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.providercalls import OPERATIONS, RESULTS, ProviderCallLog

KEY = ObjectKey("DnsProvider", "zorg", "counted")
SECOND = timedelta(seconds=1)


@pytest.fixture
def log() -> Iterator[ProviderCallLog]:
    made = ProviderCallLog(KEY)
    yield made
    made.forget()


def sample(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"provider": str(KEY), **labels})


def series() -> list[dict[str, str]]:
    return [
        found.labels
        for family in REGISTRY.collect()
        for found in family.samples
        if found.labels.get("provider") == str(KEY)
    ]


def test_requests_are_counted_by_operation_and_result(log: ProviderCallLog) -> None:
    log.called("ListHostedZones", SECOND, "")
    log.called("ListHostedZones", SECOND, "RateLimited")
    log.called("ChangeRecords", SECOND, "ReasonOfAPlugIn")
    log.budget_left(3.5)
    log.circuit_open(True)
    calls = "mailseal_provider_calls_total"
    assert sample(calls, operation="ListHostedZones", result="ok") == 1
    assert sample(calls, operation="ListHostedZones", result="RateLimited") == 1
    assert sample(calls, operation="ChangeRecords", result="ReasonOfAPlugIn") == 1
    assert sample("mailseal_provider_throttled_total") == 1
    assert sample("mailseal_provider_call_duration_seconds_sum") == 3
    assert sample("mailseal_provider_budget_left") == 3.5
    assert sample("mailseal_provider_circuit_open") == 1


def test_a_plug_in_cannot_make_up_any_number_of_series(log: ProviderCallLog) -> None:
    for number in range(500):
        log.called(f"operation {number}", SECOND, f"failure {number}")
    assert len({labels["operation"] for labels in series() if "operation" in labels}) == OPERATIONS + 1
    assert len({labels["result"] for labels in series() if "result" in labels}) == RESULTS + 1
    assert sample("mailseal_provider_calls_total", operation="other", result="other") == 500 - OPERATIONS


def test_nothing_is_left_of_a_provider_that_is_gone(log: ProviderCallLog) -> None:
    log.called("ListHostedZones", SECOND, "")
    log.budget_left(1)
    log.circuit_open(False)
    log.forget()
    log.called("ListHostedZones", SECOND, "")
    log.budget_left(1)
    log.circuit_open(True)
    assert series() == []
