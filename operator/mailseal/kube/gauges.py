"""What the statuses say, as gauges: read from the store whenever Prometheus asks, so never out of step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, time, timedelta
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mailseal.domain.common import RecordOwnerSpec
from mailseal.kube.conditions import is_ready
from mailseal.kube.objects import PROVIDER_KINDS, StoredObject
from mailseal.kube.store import Store
from mailseal.planning.nta_calendar import DUTCH_TIME

_PLACE = ("kind", "namespace", "name")


class StatusCollector(Collector):
    """The gauges of all resources in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterable[Metric]:
        """One family per gauge, with a sample for each resource that it concerns."""
        resources = self._store.objects()
        yield _family(
            "mailseal_resource_ready",
            "1 when the resource's condition Ready is True, else 0.",
            _PLACE,
            (
                (_place(resource), is_ready(resource.status))
                for resource in resources
                if not _is_provider(resource)
            ),
        )
        yield _family(
            "mailseal_provider_ready",
            "1 when the provider authenticates and serves its zones, else 0.",
            _PLACE,
            (
                (_place(resource), is_ready(resource.status))
                for resource in resources
                if _is_provider(resource)
            ),
        )
        yield _family(
            "mailseal_resource_records",
            "Records of the resource by state.",
            (*_PLACE, "state"),
            (sample for resource in resources for sample in _record_counts(resource)),
        )
        yield _family(
            "mailseal_nta_record_expiry_timestamp_seconds",
            "The first moment, in seconds since the epoch, at which the NTA 7516 record is no longer valid.",
            (*_PLACE, "domain"),
            (sample for resource in resources for sample in _expiry(resource)),
        )
        yield _family(
            "mailseal_dkim_key_published_timestamp_seconds",
            "Since when, in seconds since the epoch, all authoritative servers answer the key's record.",
            (*_PLACE, "domain", "selector"),
            (sample for resource in resources for sample in _key_ages(resource)),
        )


_Sample = tuple[tuple[str, ...], float]


def _family(name: str, text: str, labels: tuple[str, ...], samples: Iterable[_Sample]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, number in samples:
        family.add_metric(values, float(number))
    return family


def _record_counts(resource: StoredObject) -> Iterator[_Sample]:
    records: list[Mapping[str, Any]] = resource.status.get("records", [])
    for state, count in Counter(str(record.get("state")) for record in records).items():
        yield (*_place(resource), state), count


def _expiry(resource: StoredObject) -> Iterator[_Sample]:
    expires_on = resource.status.get("expiresOn")
    if expires_on:
        # A status may hold any date; one too late for a day after it is as good as none.
        with suppress(ValueError, OverflowError):
            day_after = datetime.fromisoformat(expires_on) + timedelta(days=1)
            moment = datetime.combine(day_after, time(), DUTCH_TIME).timestamp()
            yield (*_place(resource), _domain(resource)), moment


def _key_ages(resource: StoredObject) -> Iterator[_Sample]:
    for key in resource.status.get("keys", ()):
        if key.get("publishedSince"):
            with suppress(ValueError, OverflowError):
                since = datetime.fromisoformat(key["publishedSince"]).timestamp()
                yield (*_place(resource), _domain(resource), key["selector"]), since


def _is_provider(resource: StoredObject) -> bool:
    return resource.key.kind in PROVIDER_KINDS


def _place(resource: StoredObject) -> tuple[str, str, str]:
    return (resource.key.kind, resource.key.namespace, resource.key.name)


def _domain(resource: StoredObject) -> str:
    return resource.spec.domain if isinstance(resource.spec, RecordOwnerSpec) else ""
