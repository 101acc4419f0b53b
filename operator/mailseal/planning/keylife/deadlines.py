"""When the clock alone brings the next step of each key set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mailseal.domain.rotation import Confirmation, RevocationMethod
from mailseal.planning.keylife.model import URGENT, KeyLife, KeySet, KeyState
from mailseal.planning.keylife.rules import Scene
from mailseal.planning.keylife.schedule import next_opening, rotation_due


def next_deadline(life: KeyLife, scene: Scene) -> datetime | None:
    """The first moment after now at which something may become due; None when only other events help."""
    moments = [moment for found in life.sets if (moment := deadline_of(found, scene))]
    if (rotation := next_rotation(life, scene)) is not None:
        moments.append(rotation)
    window = scene.spec.rotation.window
    if window and any(moment <= scene.now for moment in moments):
        # What did not happen in one window may happen in the next.
        moments.append(next_opening(window, scene.now))
    return min((moment for moment in moments if moment > scene.now), default=None)


def next_rotation(life: KeyLife, scene: Scene) -> datetime | None:
    """When the next rotation by interval may begin; None without one, or while another is under way.

    It does not move with the clock, so that one which is overdue shows.
    """
    active, rotation = life.active, scene.spec.rotation
    if active is None or active.confirmed_at is None or life.coming or scene.facts.deleting:
        return None
    due = rotation_due(rotation, active.confirmed_at, scene.facts.jitter_seed, active.number)
    if due is None:
        return None
    return next_opening(rotation.window, due)


def deadline_of(found: KeySet, scene: Scene) -> datetime | None:
    """When the step that a set waits for becomes due by the clock; None when it waits for something else."""
    return min(_deadlines(found, scene), default=None)


def _deadlines(found: KeySet, scene: Scene) -> Iterator[datetime]:
    rotation, revocation = scene.spec.rotation, scene.spec.revocation
    match found.state:
        case KeyState.PUBLISHED if found.published_at and scene.facts.sighting:
            remembered = found.published_at + scene.facts.sighting.negative_caching
            yield _switch_time(found, remembered, scene)
        case KeyState.ACTIVE if found.switched_at and not found.confirmed_at:
            if rotation.confirmation is Confirmation.PROPAGATION:
                yield found.switched_at + rotation.propagation
        case KeyState.RETIRING if not found.revoking_at and not found.removing_at:
            if found.retiring_at:
                yield found.retiring_at + rotation.retirement
            elif found.stopped_at:
                yield found.stopped_at + rotation.propagation
        case KeyState.REVOKED if found.revoked_at and not found.removing_at:
            by_emptying = revocation.method is RevocationMethod.EMPTY_KEY
            ttl = timedelta(seconds=scene.spec.ttl_seconds)
            yield found.revoked_at + (scene.revocation_stands if by_emptying else ttl)


def _switch_time(found: KeySet, remembered: datetime, scene: Scene) -> datetime:
    """When the set may sign, given until when resolvers may remember that it was not there."""
    if found.cause in URGENT:
        return remembered
    return next_opening(scene.spec.rotation.window, remembered)
