"""What the operator's metrics say of the requests to each DNS backend; gone with its provider."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import Counter, Gauge, Histogram

from mailseal.engine.objectkey import ObjectKey
from mailseal.kube import metrics
from mailseal.providers.base import RateLimited

OPERATIONS = 40
RESULTS = 20
"""So many of one provider have series of their own: a plug-in may make up any number."""
OTHER = "other"
OK = "ok"


class ProviderCallLog:
    """The `CallLog` of one provider."""

    def __init__(self, provider: ObjectKey) -> None:
        self._provider = str(provider)
        self._operations: set[str] = set()
        self._results: set[str] = set()
        self._is_gone = False

    def called(self, operation: str, took: timedelta, failure: str) -> None:
        """See `CallLog.called`."""
        if self._is_gone:
            return
        shown = _bounded(operation, self._operations, OPERATIONS)
        result = _bounded(failure or OK, self._results, RESULTS)
        metrics.PROVIDER_CALLS.labels(self._provider, shown, result).inc()
        metrics.PROVIDER_CALL_SECONDS.labels(self._provider).observe(took.total_seconds())
        if failure == RateLimited.reason:
            metrics.PROVIDER_THROTTLED.labels(self._provider).inc()

    def budget_left(self, requests: float) -> None:
        """See `CallLog.budget_left`."""
        if not self._is_gone:
            metrics.PROVIDER_BUDGET_LEFT.labels(self._provider).set(requests)

    def circuit_open(self, is_open: bool) -> None:
        """Whether the backend is left alone."""
        if not self._is_gone:
            metrics.PROVIDER_CIRCUIT_OPEN.labels(self._provider).set(is_open)

    def forget(self) -> None:
        """The provider does not exist any more: no series tells of it, whatever is still under way."""
        self._is_gone = True
        for metric in _OF_PROVIDERS:
            metric.remove_by_labels({"provider": self._provider})


def _bounded(text: str, known: set[str], limit: int) -> str:
    """`text` while it is one of the first `limit`, which `known` collects."""
    if text not in known and len(known) >= limit:
        return OTHER
    known.add(text)
    return text


_OF_PROVIDERS: tuple[Counter | Gauge | Histogram, ...] = (
    metrics.PROVIDER_CALLS,
    metrics.PROVIDER_CALL_SECONDS,
    metrics.PROVIDER_THROTTLED,
    metrics.PROVIDER_BUDGET_LEFT,
    metrics.PROVIDER_CIRCUIT_OPEN,
    metrics.PROVIDER_ERRORS,
    metrics.ZONE_SYNCS,
    metrics.DNS_CHANGES,
    metrics.ORPHANED_VALUES,
)
