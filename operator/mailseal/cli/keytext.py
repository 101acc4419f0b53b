"""What the life of keys says to people and programs. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from mailseal.cli.keys import KeyRing
from mailseal.planning.keylife.deadlines import deadline_of
from mailseal.planning.keylife.model import KeySet, KeyState
from mailseal.planning.keylife.rules import Scene

AGAIN = "run mailseal apply again"


def key_texts(ring: KeyRing) -> Iterator[str]:
    """One sentence on each set of keys: how far it is, and what comes next."""
    for found in ring.life.sets:
        selectors = ", ".join(key.selector for key in found.keys)
        yield f"{selectors}: {found.state} since {_moment(found.since)}, {_next(found, ring)}"


def texts_under_way(ring: KeyRing) -> Iterator[str]:
    """The same of those sets only that do not simply sign, and whether apply moves them on."""
    for found, text in zip(ring.life.sets, key_texts(ring), strict=True):
        if not (found.is_active and found.confirmed_at) or ring.deleting:
            yield text
    if ring.is_due and not ring.missing:
        yield f"apply takes the next step of these keys and writes it to {ring.secret_key}"


def key_values(ring: KeyRing) -> list[dict[str, Any]]:
    """Each key for programs."""
    values = []
    for found, key in ring.life.all_keys():
        until = _until(found, ring)
        value = {
            "selector": key.selector,
            "algorithm": str(key.algorithm),
            "size": key.bits,
            "state": str(found.state),
            "since": _moment(found.since),
            "until": _moment(until) if until else None,
        }
        values.append(value)
    return values


def deleting_text(ring: KeyRing) -> str:
    """Why a DkimKey that goes is not gone yet, and what helps."""
    selectors = ", ".join(key.selector for _, key in ring.life.all_keys())
    text = f"its keys retire before they are removed: {selectors}"
    if ring.secret is None:
        return (
            f"{text}; since when is kept nowhere: name the directory of its Secret with --secrets-dir, or "
            "set spec.rotation.retireAfter to 0s to remove them at once"
        )
    return f"{text}; {AGAIN} later"


def _next(found: KeySet, ring: KeyRing) -> str:
    until = _until(found, ring)
    by_clock = f"until {_moment(until)}; {AGAIN} then" if until else f"until its end is confirmed; {AGAIN}"
    match found.state:
        case KeyState.PREPARED:
            return "until all authoritative servers answer it"
        case KeyState.PUBLISHED:
            return "until resolvers forget that it was not there"
        case KeyState.ACTIVE if not found.confirmed_at:
            return f"waiting for {ring.decision().waiting_for}"
        case KeyState.ACTIVE:
            rotation = ring.decision().next_rotation
            return f"the next rotation is due on {_moment(rotation)}" if rotation else "signing"
        case KeyState.RETIRING:
            return f"published {by_clock}"
        case _:
            return f"its revocation published {by_clock}"


def _until(found: KeySet, ring: KeyRing) -> datetime | None:
    """When the clock alone brings the next step; for a published key that depends on the zone, too."""
    if found.state is KeyState.PUBLISHED:
        return None
    return deadline_of(found, Scene(ring.spec, ring.facts()))


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
