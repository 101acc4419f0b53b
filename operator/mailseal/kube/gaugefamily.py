"""What the modules of gauges share: one family of samples, made of what the resources say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric

from mailseal.domain.common import RecordOwnerSpec
from mailseal.kube.objects import StoredObject

Sample = tuple[tuple[str, ...], float]
"""Label values, in the order of the family's labels, and the number."""
Gauges = Callable[[Sequence[StoredObject]], Iterator[Metric]]
"""The families that one module makes of all resources."""


def family(name: str, text: str, labels: tuple[str, ...], samples: Iterable[Sample]) -> Metric:
    """One gauge with its samples."""
    gauge = GaugeMetricFamily(name, text, labels=labels)
    for values, number in samples:
        gauge.add_metric(values, float(number))
    return gauge


def place(resource: StoredObject) -> tuple[str, str, str]:
    """Values of the labels kind, namespace and name."""
    return (resource.key.kind, resource.key.namespace, resource.key.name)


def domain_of(resource: StoredObject) -> str:
    """The value of the label domain; empty while the spec is invalid."""
    return resource.spec.domain if isinstance(resource.spec, RecordOwnerSpec) else ""


def moments(text: Any) -> Iterator[float]:
    """The one time that a status names, in seconds since the epoch; none when it is absent or no time.

    A status may hold anything that fits its schema, and a scrape must not fail because of it. A time
    without a time zone is UTC.
    """
    with suppress(TypeError, ValueError, OverflowError):
        found = datetime.fromisoformat(text)
        yield (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
