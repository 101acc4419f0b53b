"""What NtaRecords say of their months, their renewal and the reviews, as gauges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, time, timedelta
from typing import Any

from prometheus_client.core import Metric

from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.kube.gaugefamily import Sample, domain_of, family, place
from mailseal.kube.ntastatus import RENEWAL, REVIEWS
from mailseal.kube.objects import StoredObject

_PLACE = ("kind", "namespace", "name")


def nta_gauges(resources: Sequence[StoredObject]) -> Iterator[Metric]:
    """How long the NTA 7516 records are valid, and what keeps them from staying so."""
    records = [resource for resource in resources if isinstance(resource.spec, NtaRecordSpec)]
    yield family(
        "mailseal_nta_record_expiry_timestamp_seconds",
        "The first moment, in seconds since the epoch, at which the NTA 7516 record is no longer valid.",
        (*_PLACE, "domain"),
        (sample for resource in records for sample in _expiries(resource)),
    )
    yield family(
        "mailseal_nta_renewal_blocked",
        "1 while something holds up the renewal of a published record, by its reason.",
        (*_PLACE, "reason"),
        (sample for resource in records for sample in _blocked(resource)),
    )
    yield family(
        "mailseal_nta_review_overdue",
        "1 while a yearly or two-yearly review (NTA 7516, 6.4.1) is overdue, else 0.",
        _PLACE,
        ((place(resource), _condition(resource, REVIEWS).get("status") == "False") for resource in records),
    )


def _expiries(resource: StoredObject) -> Iterator[Sample]:
    """One sample for each domain; a status without domains tells of that of the resource."""
    entries = resource.status.get("domains") or [{"domain": domain_of(resource), **resource.status}]
    for entry in entries:
        for moment in _end_of(resource, entry.get("expiresOn")):
            yield (*place(resource), str(entry.get("domain", ""))), moment


def _end_of(resource: StoredObject, expires_on: Any) -> Iterator[float]:
    """The end of that day where the months count; a day too late to have an end is as good as none."""
    if isinstance(resource.spec, NtaRecordSpec):
        with suppress(TypeError, ValueError, OverflowError):
            day_after = datetime.fromisoformat(expires_on) + timedelta(days=1)
            yield datetime.combine(day_after, time(), resource.spec.zone_info).timestamp()


def _blocked(resource: StoredObject) -> Iterator[Sample]:
    renewal = _condition(resource, RENEWAL)
    if renewal.get("status") in {"False", "Unknown"}:
        yield (*place(resource), str(renewal.get("reason", ""))), 1


def _condition(resource: StoredObject, kind: str) -> Mapping[str, Any]:
    found = resource.status.get("conditions", ())
    return next((condition for condition in found if condition.get("type") == kind), {})
