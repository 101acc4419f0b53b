"""What people are told of the life of keys: an Event for each step, and what the next one waits for."""

from __future__ import annotations

from collections.abc import Iterator

from mailseal.domain.rotation import Confirmation
from mailseal.planning.keylife.annotations import ROTATE, SIGNING_WITH
from mailseal.planning.keylife.model import Cause, KeyLife, KeySet, KeyState, Transition
from mailseal.planning.keylife.rules import Scene

_WHY = {
    Cause.FIRST: "the first keys of this resource",
    Cause.IMPORTED: "imported as spec.imports says",
    Cause.SCHEDULED: "the rotation is due",
    Cause.FORCED: f"the annotation {ROTATE} asks for it",
    Cause.SPEC_CHANGED: "the spec asks for other keys",
    Cause.KEY_LOST: "private keys are missing from the Secret",
    Cause.FOUND: "found in DNS, with nothing else known of it",
}


def transitions(before: KeyLife, after: KeyLife, *, deleting: bool) -> tuple[Transition, ...]:
    """The sets that came to another state, in the order of their numbers."""
    return tuple(_transitions(before, after, deleting=deleting))


def prepared(found: KeySet) -> Transition:
    """The step that makes a set."""
    return _transition(found, KeyState.PREPARED, f"made: {_WHY[found.cause]}")


def _transitions(before: KeyLife, after: KeyLife, *, deleting: bool) -> Iterator[Transition]:
    known = {found.number: found for found in before.sets}
    left = {found.number for found in after.sets}
    for found in before.sets:
        if found.number not in left:
            yield _transition(found, KeyState.GONE, "gone from DNS; its selector is never used again")
    for found in after.sets:
        old = known.get(found.number)
        if old is None or old.state is not found.state:
            yield _transition(found, found.state, _text(found, deleting=deleting))


def _transition(found: KeySet, state: KeyState, text: str) -> Transition:
    selectors = tuple(key.selector for key in found.keys)
    noun = "key" if len(selectors) == 1 else "keys"
    return Transition(found.number, state, selectors, f"Key{state}", f"{noun} {', '.join(selectors)}: {text}")


def _text(found: KeySet, *, deleting: bool) -> str:
    match found.state:
        case KeyState.PREPARED:
            return "a server no longer answers it; waiting until all do"
        case KeyState.PUBLISHED:
            return "all authoritative servers answer it"
        case KeyState.ACTIVE:
            return "the Secret names it now as the one to sign with"
        case KeyState.REVOKED:
            return "all authoritative servers answer that it is revoked"
        case _:
            return _why_retiring(found, deleting=deleting)


def _why_retiring(found: KeySet, *, deleting: bool) -> str:
    if found.cause is Cause.FOUND and found.removing_at:
        return "a CNAME of this resource that leads to no key of it; it is removed"
    if found.cause is Cause.FOUND:
        return f"{_WHY[Cause.FOUND]}; it stays published until it has retired"
    if found.removing_at:
        return "never signed and is of no use any more; its record is removed"
    if deleting:
        return "the resource is being deleted; its record stays published until mail under way has arrived"
    return "the Secret names it no more; its record stays published until mail under way has arrived"


def waiting_for(life: KeyLife, scene: Scene) -> str:
    """What the next step waits for, as a clause; empty when nothing is under way."""
    if life.coming:
        return _coming_waits_for(life.coming, scene)
    active = life.active
    if active and not active.confirmed_at:
        if scene.spec.rotation.confirmation is Confirmation.ACKNOWLEDGEMENT:
            names = ",".join(key.selector for key in active.keys)
            return f"the mail server to acknowledge by the annotation {SIGNING_WITH}={names}"
        return "the mail server to take up the Secret"
    return ""


def _coming_waits_for(coming: KeySet, scene: Scene) -> str:
    if scene.is_taken(coming):
        return "another key to be removed at the selector"
    if coming.published_at is None or not scene.is_proven(coming):
        return "all authoritative servers to answer the new keys"
    sighting = scene.facts.sighting
    if sighting and not scene.has_passed(sighting.negative_caching, coming.published_at):
        return "resolvers to forget that the new keys were not there (the zone's negative-caching time)"
    return "the maintenance window"
