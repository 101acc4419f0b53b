"""Previews and outcomes as JSON values for programs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from mailseal.cli.diff import RRsetDiff, diffs_of
from mailseal.cli.keytext import key_values
from mailseal.cli.notes import notes_on
from mailseal.cli.outcome import AppliedZone, ResourceOutcome
from mailseal.cli.preview import Preview, PreviewedZone
from mailseal.cli.zones import Unplaced, Zone
from mailseal.engine.zone import PlanRefusal
from mailseal.planning.heritage import is_heritage_key
from mailseal.planning.model import RecordOutcome
from mailseal.providers.base import ProviderError
from mailseal.records.display import displayed


def preview_value(preview: Preview) -> dict[str, Any]:
    """What `plan --output json` prints."""
    return {
        "hasChanges": preview.has_changes,
        "zones": [_zone(previewed) for previewed in preview.zones],
        "unplaced": unplaced_value(preview.unplaced),
    }


def unplaced_value(unplaced: Iterable[Unplaced]) -> list[dict[str, Any]]:
    """The resources whose zone was not found."""
    return [
        {"resource": str(found.resource.key), "failure": failure_value(found.error)} for found in unplaced
    ]


def zone_value(zone: Zone) -> dict[str, str]:
    """Which zone it is."""
    return {"zone": str(zone.name), "provider": str(zone.provider), "policy": str(zone.settings.policy)}


def failure_value(error: ProviderError | None) -> dict[str, Any] | None:
    """Why a backend failed."""
    return {"reason": error.reason, "message": str(error), "retryable": error.retryable} if error else None


def _refusal(refusal: PlanRefusal | None) -> dict[str, Any] | None:
    if refusal is None:
        return None
    return {
        "deletes": refusal.deletes,
        "ownedValues": refusal.owned_values,
        "digest": refusal.digest,
        "resources": sorted(str(owner) for owner in refusal.owners),
    }


def _record(record: RecordOutcome) -> dict[str, str]:
    return {
        "name": str(record.key.name),
        "type": str(record.key.rtype),
        "value": displayed(record.value),
        "state": str(record.state),
        "reason": str(record.reason),
        "message": record.message,
    }


def resource_value(outcome: ResourceOutcome) -> dict[str, Any]:
    """What came of a resource."""
    return {
        "resource": str(outcome.resource.key),
        "state": outcome.state,
        "records": [_record(record) for record in outcome.records],
        "problems": list(outcome.problems),
        "keys": key_values(outcome.key_ring) if outcome.key_ring else [],
    }


def applied_value(applied: AppliedZone) -> dict[str, Any]:
    """What came of a zone."""
    outcome = applied.outcome
    return {
        **zone_value(applied.zone),
        "done": applied.is_done,
        "written": sorted({str(planned.change.key) for planned in outcome.written}),
        "resources": [resource_value(resource) for resource in applied.resources],
        "refusal": _refusal(outcome.refusal),
        "failure": failure_value(outcome.failure),
    }


def _zone(previewed: PreviewedZone) -> Mapping[str, Any]:
    preview = previewed.preview
    return {
        **zone_value(previewed.zone),
        "changes": [_change(diff) for diff in (diffs_of(preview.plan) if preview.plan else ())],
        "newKeys": [
            {"resource": str(ring.dkim_key), "algorithm": str(key.algorithm), "bits": key.bits}
            for ring in previewed.key_rings
            for key in ring.missing
        ],
        "notes": [asdict(note) for note in notes_on(previewed)],
        "refusal": _refusal(preview.refusal),
        "failure": failure_value(preview.failure),
    }


def _change(diff: RRsetDiff) -> dict[str, Any]:
    return {
        "name": str(diff.key.name),
        "type": str(diff.key.rtype),
        "heritage": is_heritage_key(diff.key),
        "ttlSecondsBefore": diff.ttl_before,
        "ttlSecondsAfter": diff.ttl_after,
        "values": [
            {"change": line.sign.name.lower(), "value": line.value, "owners": list(line.owners)}
            for line in diff.lines
        ],
    }
