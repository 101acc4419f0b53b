"""What `apply` would do to all zones, and how much of it stands in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from mailseal.cli.desired import Desired
from mailseal.cli.exits import Exit
from mailseal.cli.keys import KeyRing
from mailseal.cli.zones import Placement, Unplaced, Zone
from mailseal.engine.preview import ZonePreview, preview_zone
from mailseal.planning.model import RecordState
from mailseal.planning.reasons import Reason

ZONES_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class PreviewedZone:
    """One zone and its plan."""

    zone: Zone
    preview: ZonePreview
    key_rings: tuple[KeyRing, ...]
    """The keys of the zone's DkimKeys."""

    @property
    def has_changes(self) -> bool:
        """True when apply would write something."""
        moving = any(ring.missing or ring.is_due for ring in self.key_rings)
        return moving or bool(self.preview.plan and self.preview.plan.changes)

    @property
    def lacking(self) -> tuple[KeyRing, ...]:
        """Those for which apply makes keys first."""
        return tuple(ring for ring in self.key_rings if ring.missing)

    @property
    def has_trouble(self) -> bool:
        """True when apply would not get everything done that it is asked for."""
        preview = self.preview
        if preview.plan is None or preview.refusal or preview.blocked:
            return True
        return any(
            record.state is RecordState.CONFLICT or record.reason == Reason.INVALID_RECORD
            for records in preview.plan.outcomes.values()
            for record in records
        )


@dataclass(frozen=True, slots=True)
class Preview:
    """All zones."""

    zones: tuple[PreviewedZone, ...]
    unplaced: tuple[Unplaced, ...]

    @property
    def has_changes(self) -> bool:
        """True when apply would write something."""
        return any(zone.has_changes for zone in self.zones)

    def exit_code(self, *, expect_no_changes: bool) -> Exit:
        """How `plan` ends; trouble counts more than changes."""
        if self.unplaced or any(zone.has_trouble for zone in self.zones):
            return Exit.NOT_DONE
        return Exit.CHANGES if expect_no_changes and self.has_changes else Exit.DONE


async def preview(desired: Desired, placement: Placement, now: datetime) -> Preview:
    """Read all zones and plan for them."""
    slots = asyncio.Semaphore(ZONES_AT_ONCE)

    async def one(zone: Zone) -> PreviewedZone:
        async with slots:
            claims = [desired.claim_of(resource) for resource in zone.records]
            found = await preview_zone(zone.access, claims, now)
            return PreviewedZone(zone, found, tuple(_key_rings(desired, zone)))

    zones = await asyncio.gather(*(one(zone) for zone in placement.zones))
    return Preview(tuple(zones), placement.unplaced)


def _key_rings(desired: Desired, zone: Zone) -> Iterator[KeyRing]:
    rings = (desired.key_rings.get(resource.key) for resource in zone.records)
    return (ring for ring in rings if ring is not None)
