"""One step in the life of a DkimKey's keys: from what is committed and seen to what to commit next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.planning.keylife.deadlines import next_deadline, next_rotation
from mailseal.planning.keylife.model import (
    URGENT,
    Cause,
    Decision,
    Facts,
    KeyLife,
    KeySet,
    LifeKey,
    Making,
    request_mark,
    spec_fingerprint,
)
from mailseal.planning.keylife.rules import RULES, Scene
from mailseal.planning.keylife.schedule import next_opening, window_is_open
from mailseal.planning.keylife.telling import transitions, waiting_for

MAX_SETS = 8
"""With so many sets that are not gone yet, no rotation begins that can wait."""
MAX_URGENT_SETS = 40
"""With so many, none is made at all: all of them have to fit into the annotation that stores them."""


def advance(life: KeyLife, spec: DkimKeySpec, facts: Facts) -> Decision:
    """What comes next. `life` is what is committed; nothing in DNS may run ahead of that.

    Each set moves by one step at most, since what was seen in DNS is about its present one. A sighting of
    another revision counts as none.
    """
    sighting = facts.sighting if facts.sighting and facts.sighting.revision == life.revision else None
    scene = Scene(spec, replace(facts, sighting=sighting))
    moved = life
    for rule in RULES:
        moved = rule(moved, scene)
    if moved != life:
        moved = replace(moved, revision=life.revision + 1)
    cause = _cause_of_new_set(moved, spec, facts)
    return Decision(
        life=moved,
        making=Making(cause) if cause else None,
        transitions=transitions(life, moved, deleting=facts.deleting),
        wake_at=_wake_at(moved, scene, is_making=cause is not None),
        next_rotation=next_rotation(moved, scene),
        waiting_for=waiting_for(moved, scene),
    )


def with_new_set(
    life: KeyLife, spec: DkimKeySpec, keys: Sequence[LifeKey], making: Making, facts: Facts
) -> KeyLife:
    """The life with a set of `keys`, which were just made or imported.

    Raises `ValueError` for a used selector. A request for a rotation counts as followed by any new set.
    """
    selectors = [key.selector for key in keys]
    if len(set(selectors)) < len(selectors) or not life.used_selectors.isdisjoint(selectors):
        raise ValueError(f"a selector among {', '.join(selectors)} was used before")
    made = KeySet(life.next_number, making.cause, tuple(keys), spec_fingerprint(spec), prepared_at=facts.now)
    return replace(
        life.with_set(made),
        honoured_request=request_mark(facts.rotation_request),
        revision=life.revision + 1,
    )


def after_repair(life: KeyLife, now: datetime) -> KeyLife:
    """The life to commit with a Secret that was gone or changed by somebody else, and is written anew.

    Mail servers may have kept what they had, so the time that they take to see a change counts from now.
    """
    for found in life.sets:
        if found.is_active and not found.confirmed_at:
            life = life.with_set(replace(found, switched_at=now))
        elif found.stopped_at and not (found.retiring_at or found.removing_at):
            life = life.with_set(replace(found, stopped_at=now))
    return replace(life, revision=life.revision + 1)


def _wake_at(life: KeyLife, scene: Scene, *, is_making: bool) -> datetime | None:
    """The next deadline, or the opening of the window that a change of the spec waits for."""
    deadline = next_deadline(life, scene)
    active, window = life.active, scene.spec.rotation.window
    outdated = active is not None and active.made_for != spec_fingerprint(scene.spec)
    if window is None or not outdated or is_making or life.coming or scene.facts.deleting:
        return deadline
    opening = next_opening(window, scene.now)
    return min(deadline or opening, opening) if opening > scene.now else deadline


def _cause_of_new_set(life: KeyLife, spec: DkimKeySpec, facts: Facts) -> Cause | None:
    """Why a new set has to be made now; None when there is no need, or one is under way."""
    if facts.deleting or life.coming or len(life.sets) >= MAX_URGENT_SETS:
        return None
    cause = _need(life, spec, facts)
    if cause is None or cause in {Cause.FIRST, Cause.IMPORTED, Cause.KEY_LOST}:
        return cause
    if len(life.sets) >= MAX_SETS or life.active is None or life.active.confirmed_at is None:
        return None
    return cause if cause in URGENT or window_is_open(spec.rotation.window, facts.now) else None


def _need(life: KeyLife, spec: DkimKeySpec, facts: Facts) -> Cause | None:
    active = life.active
    if active is None:
        return _first_cause(life, spec)
    if not active.selectors <= facts.held:
        return Cause.KEY_LOST
    if facts.rotation_request and request_mark(facts.rotation_request) != life.honoured_request:
        return Cause.FORCED
    if active.made_for != spec_fingerprint(spec):
        return Cause.SPEC_CHANGED
    due = next_rotation(life, Scene(spec, facts))
    return Cause.SCHEDULED if due is not None and facts.now >= due else None


def _first_cause(life: KeyLife, spec: DkimKeySpec) -> Cause:
    imported = {entry.selector for entry in spec.imports}
    if imported and not life.sets and life.used_selectors.isdisjoint(imported):
        return Cause.IMPORTED
    return Cause.KEY_LOST if life.sets else Cause.FIRST
