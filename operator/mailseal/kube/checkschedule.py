"""When the domains are checked. Pure."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from mailseal.checks.model import Outcome
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.kube.checkmemory import Checked
from mailseal.kube.checkstatus import CHECKS, FIELD
from mailseal.kube.conditions import is_ready
from mailseal.kube.objects import StoredObject
from mailseal.kube.workqueue import backoff
from mailseal.planning.nta_gate import gate
from mailseal.planning.reasons import Reason

SOON: Final = timedelta(seconds=15)
"""After a change: long enough for others that come with it, since what is asked then is asked anew."""
UNSETTLED: Final = timedelta(minutes=2)
"""After a change that is not published yet: when it will be, it is `SOON`."""
FIRST_RETRY: Final = timedelta(minutes=5)
FIRST_RETRY_OF_GATE: Final = timedelta(minutes=2)
LONGEST_RETRY_OF_GATE: Final = timedelta(minutes=30)
AFTER_START: Final = timedelta(hours=1)
"""So long after a start the first checks are spread of what nobody waits for."""
AFTER_START_IN_TROUBLE: Final = timedelta(minutes=10)
"""The same of what its status says to fail: alerts bridge that time."""
_WAITING: Final = frozenset({Reason.PREREQUISITES_FAILED, Reason.PREREQUISITES_UNKNOWN, Reason.EXPIRED})
"""An expired record is renewed at once when nothing is in the way."""
_SIGNING_STATES: Final = frozenset({"Active", "Retiring"})


def waits_for_checks(resource: StoredObject) -> bool:
    """True for an NtaRecord that is not published, or not renewed, until prerequisites pass."""
    return resource.key.kind == "NtaRecord" and any(
        condition.get("reason") in _WAITING for condition in resource.status.get("conditions", ())
    )


def is_held_up_by(checked: Checked, resource: StoredObject) -> bool:
    """True for an NtaRecord that waits and for which the domain so `checked` is not in order.

    One that waits for another of its domains, or for a declaration, gains nothing by another check of this.
    """
    spec = resource.spec
    if not isinstance(spec, NtaRecordSpec) or not waits_for_checks(resource):
        return False
    return not gate(spec.prerequisites, checked.report.prerequisites).is_open


def is_reported(resource: StoredObject) -> bool:
    """True when the status tells what was checked of this very generation."""
    return any(
        condition.get("type") == CHECKS and condition.get("observedGeneration") == resource.generation
        for condition in resource.status.get("conditions", ())
    )


def trace_of(resource: StoredObject) -> int:
    """Another number whenever something changed that checks would see, or that waits for them."""
    records = tuple(
        (str(record.get("name")), str(record.get("type")), str(record.get("value")))
        for record in resource.status.get("records", ())
        if record.get("state") == "Published"
    )
    wish = (resource.uid, resource.generation, resource.deleting)
    return hash((wish, records, _signing(resource.status), waits_for_checks(resource)))


def pause_before_first(resource: StoredObject, interval: timedelta) -> timedelta:
    """When to check a resource that is seen for the first time, which at the start all are."""
    if waits_for_checks(resource) or not is_reported(resource):
        return pause_after_change(resource, interval)
    within = AFTER_START_IN_TROUBLE if resource.status.get(FIELD) else AFTER_START
    return random.uniform(0, 1) * min(within, interval)  # noqa: S311 - spreads load, guards nothing


def pause_after_change(resource: StoredObject, interval: timedelta) -> timedelta:
    """When to check what has changed."""
    settled = is_ready(resource.status) or waits_for_checks(resource)
    return min(SOON if settled else UNSETTLED, interval)


def pause_after_run(checked: Checked, attempts: int, interval: timedelta, *, gate_waits: bool) -> timedelta:
    """When to check again after `attempts` runs in a row that did not find all in order.

    `gate_waits`: a record is not published, or not renewed, until the domain is.
    """
    if gate_waits:
        return backoff(attempts, min(FIRST_RETRY_OF_GATE, interval), min(LONGEST_RETRY_OF_GATE, interval))
    if not is_in_order(checked):
        return backoff(attempts, min(FIRST_RETRY, interval), interval)
    return interval * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, guards nothing


def is_in_order(checked: Checked) -> bool:
    """True when nothing fails and everything could be decided."""
    bad = {Outcome.FAIL, Outcome.UNKNOWN}
    return not checked.doubts and not any(
        report.outcome in bad for report in checked.report.subjects.values()
    )


def _signing(status: Mapping[str, Any]) -> tuple[str, ...]:
    keys = status.get("keys", ())
    return tuple(str(key.get("selector")) for key in keys if key.get("state") in _SIGNING_STATES)
