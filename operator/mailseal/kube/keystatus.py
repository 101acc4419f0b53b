"""What the status of a DkimKey says of its keys. Pure."""

from __future__ import annotations

from typing import Any

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.status import ConditionStatus
from mailseal.kube.conditions import Statement, timestamp
from mailseal.planning.keylife.codec import to_text
from mailseal.planning.keylife.deadlines import deadline_of
from mailseal.planning.keylife.model import Decision, Facts, KeyLife, KeySet, KeyState, LifeKey
from mailseal.planning.keylife.rules import Scene

KEY_TROUBLE = "KeyTrouble"
"""True while the next step in the life of the keys cannot be taken; not there otherwise."""
SIGNING = "Signing"
"""True while the Secret names keys to sign with and holds them."""


def key_details(
    secret: str, life: KeyLife, spec: DkimKeySpec, facts: Facts, decision: Decision
) -> dict[str, Any]:
    """The fields of the status that are about keys; one that is None is removed from it."""
    scene = Scene(spec, facts)
    active = life.active
    return {
        "secretName": secret,
        "keys": [_entry(found, key, scene) for found, key in life.all_keys()],
        "signingSelectors": [key.selector for key in active.keys] if active else [],
        "nextRotation": timestamp(decision.next_rotation) if decision.next_rotation else None,
        "keyLife": to_text(life),
    }


def signing_statement(life: KeyLife, held: frozenset[str], decision: Decision) -> Statement:
    """Whether the mail server has keys to sign with that the world can verify."""
    active = life.active
    waiting = f"; waiting for {decision.waiting_for}" if decision.waiting_for else ""
    if active is None:
        coming = life.coming
        reason = f"Key{coming.state}" if coming else "NoKey"
        text = f"there is no key to sign with yet{waiting}" if coming else "there is no key to sign with"
        return Statement(SIGNING, ConditionStatus.FALSE, reason, text)
    selectors = ", ".join(key.selector for key in active.keys)
    lost = sorted(active.selectors - held)
    if lost:
        text = f"the Secret holds no private key that fits {', '.join(lost)}{waiting}"
        return Statement(SIGNING, ConditionStatus.FALSE, "KeyLost", text)
    return Statement(SIGNING, ConditionStatus.TRUE, "KeyActive", f"the Secret names {selectors}{waiting}")


def _entry(found: KeySet, key: LifeKey, scene: Scene) -> dict[str, Any]:
    until = deadline_of(found, scene)
    entry: dict[str, Any] = {
        "selector": key.selector,
        "algorithm": str(key.algorithm),
        "size": key.bits,
        "set": found.number,
        "cause": str(found.cause),
        "state": str(found.state),
        "since": timestamp(found.since),
    }
    if until:
        entry["until"] = timestamp(until)
    if found.published_at and found.state is not KeyState.REVOKED:
        entry["publishedSince"] = timestamp(found.published_at)
    return entry
