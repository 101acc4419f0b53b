"""What the metrics say of the syncs of zones; nothing of a provider that does not exist any more."""

from __future__ import annotations

from mailseal.engine import ZoneOutcome
from mailseal.kube import metrics
from mailseal.kube.zonestate import ZoneKey


class ZoneMetrics:
    """Counts the syncs of one zone."""

    def __init__(self, zone: ZoneKey, *, provider_exists: bool) -> None:
        self._labels = (str(zone.provider), str(zone.zone))
        self._counts = provider_exists

    def synced(self, outcome: ZoneOutcome) -> None:
        """One sync ended."""
        if not self._counts:
            return
        result = "failed" if outcome.failure else "settled" if outcome.settled else "unsettled"
        metrics.ZONE_SYNCS.labels(*self._labels, result).inc()
        metrics.DNS_CHANGES.labels(*self._labels).inc(len(outcome.written))
        if outcome.failure:
            metrics.PROVIDER_ERRORS.labels(self._labels[0], outcome.failure.reason).inc()

    def orphans(self, values: int) -> None:
        """So many values of the zone belong to resources that do not exist."""
        if self._counts:
            metrics.ORPHANED_VALUES.labels(*self._labels).set(values)
