"""What an Event tells of an NtaRecord, by how its status changes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mailseal.kube.ntastatus import RENEWAL, REVIEWS
from mailseal.kube.reporter import NORMAL, WARNING, News
from mailseal.planning.reasons import Reason

_NAMED = 5
"""How many domains an Event names."""


def nta_news(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[News]:
    """Records that were renewed, a renewal that is held up, a review that is overdue: each once."""
    renewed = tuple(_renewed(before, after))
    if renewed:
        more = f" and {len(renewed) - _NAMED} more" if len(renewed) > _NAMED else ""
        yield News(NORMAL, "Renewed", f"renewed {'; '.join(renewed[:_NAMED])}{more}")
    renewal = _condition(after, RENEWAL)
    held_up = renewal.get("status") in {"False", "Unknown"} and renewal.get("reason") != Reason.EXPIRED
    if held_up and renewal.get("reason") != _condition(before, RENEWAL).get("reason"):
        yield News(WARNING, str(renewal["reason"]), f"the renewal waits: {renewal.get('message')}")
    reviews = _condition(after, REVIEWS)
    if reviews.get("status") == "False" != _condition(before, REVIEWS).get("status"):
        yield News(WARNING, str(reviews["reason"]), str(reviews.get("message")))


def _renewed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What is valid longer than before, as text."""
    known = {entry.get("domain"): entry for entry in before.get("domains", ())}
    for entry in after.get("domains", ()):
        last = known.get(entry.get("domain"), {}).get("endMonth")
        if last and entry.get("endMonth", "") > last:
            months = f"from {entry.get('startMonth')} through {entry.get('endMonth')}"
            yield f"{entry.get('domain')}: valid {months}"


def _condition(status: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    return next((found for found in status.get("conditions", ()) if found.get("type") == kind), {})
