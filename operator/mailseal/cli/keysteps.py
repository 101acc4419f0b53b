"""Syncing a zone and moving the keys in it on, step by step, as far as they come now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from mailseal.cli.desired import Desired
from mailseal.cli.exits import InvalidInput
from mailseal.cli.keys import KeyRing, take_step
from mailseal.cli.screen import write_note
from mailseal.cli.secretfiles import SecretFiles
from mailseal.cli.zones import Zone
from mailseal.domain.provider import SyncPolicy
from mailseal.engine.keysighting import sighting_of
from mailseal.engine.objectkey import ObjectKey
from mailseal.engine.sync import sync_zone
from mailseal.engine.zone import ZoneOutcome
from mailseal.planning.model import PlannedChange

MOST_SYNCS = 12
"""Syncs of one zone in one run; each key takes one step at most after each."""


async def sync_with_keys(
    desired: Desired, zone: Zone, now: datetime
) -> tuple[ZoneOutcome, Mapping[ObjectKey, KeyRing]]:
    """Write what the resources of the zone want, and take the steps of their keys that are due.

    The outcome is that of the last sync, with what all of them wrote.
    """
    rings = {resource.key: ring for resource in zone.records if (ring := desired.key_rings.get(resource.key))}
    written: tuple[PlannedChange, ...] = ()
    for _ in range(MOST_SYNCS):
        desired = desired.with_key_rings(rings)
        claims = {resource.key: desired.claim_of(resource) for resource in zone.records}
        outcome = await sync_zone(zone.access, list(claims.values()), now)
        written += outcome.written
        if zone.settings.policy is SyncPolicy.DRY_RUN:
            break
        now = datetime.now(UTC)
        seen = [
            replace(ring, now=now, sighting=sighting_of(claims[key], ring.life.revision, outcome))
            for key, ring in rings.items()
        ]
        steps = [await _taken(ring, desired.secrets) for ring in seen]
        rings = {ring.dkim_key: ring for ring, _ in steps}
        if not any(moved for _, moved in steps):
            break
    return replace(outcome, written=written), rings


async def _taken(ring: KeyRing, files: SecretFiles) -> tuple[KeyRing, bool]:
    """The key ring after the step that is due, and whether there was one: then DNS may have to follow."""
    if ring.sighting is None:
        return ring, False
    try:
        step = await take_step(replace(ring, fault=""), files)
    except InvalidInput as error:
        return replace(ring, fault=str(error)), False
    if step is None:
        return replace(ring, fault=""), False
    for transition in step.told:
        write_note(f"{ring.dkim_key}: {transition.message}")
    return step.ring, True
