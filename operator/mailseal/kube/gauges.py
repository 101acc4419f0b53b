"""What the statuses say, as gauges: read from the store whenever Prometheus asks, so never out of step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from mailseal.kube.conditions import is_ready
from mailseal.kube.dkimgauges import dkim_gauges
from mailseal.kube.gaugefamily import Gauges, Sample, family, place
from mailseal.kube.ntagauges import nta_gauges
from mailseal.kube.objects import PROVIDER_KINDS, StoredObject
from mailseal.kube.selectorgauges import selector_gauges
from mailseal.kube.store import Store

_PLACE = ("kind", "namespace", "name")


class StatusCollector(Collector):
    """The gauges of all resources in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterable[Metric]:
        """One family per gauge, with a sample for each resource that it concerns."""
        resources = self._store.objects()
        for gauges in GAUGES:
            yield from gauges(resources)


def readiness_gauges(resources: Sequence[StoredObject]) -> Iterator[Metric]:
    """Which resources and providers do what they were asked for, and which are on their way out."""
    yield family(
        "mailseal_resource_ready",
        "1 when the resource's condition Ready is True, else 0.",
        _PLACE,
        (
            (place(resource), is_ready(resource.status))
            for resource in resources
            if not _is_provider(resource)
        ),
    )
    yield family(
        "mailseal_provider_ready",
        "1 when the provider authenticates and serves its zones, else 0.",
        _PLACE,
        ((place(resource), is_ready(resource.status)) for resource in resources if _is_provider(resource)),
    )
    yield family(
        "mailseal_resource_deleting",
        "1 for a resource that is deleted and waits for its values to leave DNS.",
        _PLACE,
        ((place(resource), 1) for resource in resources if resource.deleting),
    )


def record_gauges(resources: Sequence[StoredObject]) -> Iterator[Metric]:
    """How far the records of each resource are."""
    yield family(
        "mailseal_resource_records",
        "Records of the resource by state.",
        (*_PLACE, "state"),
        (sample for resource in resources for sample in _record_counts(resource)),
    )


GAUGES: tuple[Gauges, ...] = (readiness_gauges, record_gauges, nta_gauges, dkim_gauges, selector_gauges)
"""All that is served, each module's families in turn."""


def _record_counts(resource: StoredObject) -> Iterator[Sample]:
    records: list[Mapping[str, Any]] = resource.status.get("records", [])
    for state, count in Counter(str(record.get("state")) for record in records).items():
        yield (*place(resource), state), count


def _is_provider(resource: StoredObject) -> bool:
    return resource.key.kind in PROVIDER_KINDS
