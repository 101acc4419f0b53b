"""When a plan deletes so much that a person should look at it first, and how the person names it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from mailseal.planning.model import PlannedChange


def deletes_over_limit(deletes: int, owned_values: int, percent: int, from_values: int) -> bool:
    """True when `deletes` is over `percent` of our values in a zone with at least `from_values` of them."""
    return owned_values >= from_values and deletes * 100 > owned_values * percent


def plan_digest(changes: Iterable[PlannedChange]) -> str:
    """Twelve hex digits that stand for exactly these additions and removals of values, in any order.

    Values that stay and TTLs do not count: a confirmed plan stays confirmed when somebody else adds a value.
    """
    lines = sorted(line for planned in changes for line in _edits(planned))
    return hashlib.sha256(b"\n".join(lines)).hexdigest()[:12]


def _edits(planned: PlannedChange) -> Iterable[bytes]:
    change = planned.change
    before = change.before.identities if change.before else frozenset()
    after = change.after.identities if change.after else frozenset()
    for sign, identities in ((b"-", before - after), (b"+", after - before)):
        for identity in identities:
            yield b" ".join([sign, str(change.key).encode(), identity.hex().encode()])
