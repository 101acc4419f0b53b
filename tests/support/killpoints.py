"""The moments at which an operator is killed: right after it has written one step anywhere."""

from __future__ import annotations

import time
from collections.abc import Mapping

from mailseal.planning.keylife.model import KeyLife, times_of
from support.keywatch import seen_secret
from support.world import World

COMMITS = (
    "prepared",
    "published",
    "switched",
    "confirmed",
    "retiring",
    "revoking",
    "revoked",
    "removing",
    "gone",
)
"""What a write of the Secret commits, in the order of a life."""
DNS, STATUS = "DNS", "status"
KILL_POINTS = (*COMMITS, DNS, STATUS)
_LOOK_SECONDS = 0.005


class KillPoints:
    """Waits for the next step of a kind; what has happened before does not count."""

    def __init__(self, world: World) -> None:
        self._world = world

    def wait(self, point: str, seconds: float) -> bool:
        """True once a step of the kind `point` is seen; False when there was none in time."""
        deadline = time.monotonic() + seconds
        look = {DNS: self._serial, STATUS: self._statuses}.get(point, self._steps)
        before = look()
        while time.monotonic() < deadline:
            now = look()
            if now != before if point in {DNS, STATUS} else self._is_committed(point, before, now):
                return True
            time.sleep(_LOOK_SECONDS)
        return False

    def _is_committed(self, point: str, before: object, now: object) -> bool:
        assert isinstance(before, Mapping)
        assert isinstance(now, Mapping)
        return any(step == point for step in now.keys() - before.keys() for step in step[2:])

    def _serial(self) -> object:
        return self._world.zone.serial

    def _statuses(self) -> object:
        found = self._world.get("DkimKey", "") or {"items": []}
        return {item["metadata"]["name"]: item.get("status") for item in found["items"]}

    def _steps(self) -> object:
        """Every step that some set has taken: secret, number, step."""
        found = self._world.get("Secret", "") or {"items": []}
        seen = {item["metadata"]["name"]: seen_secret(item) for item in found["items"]}
        return {
            (name, *step): None for name, secret in seen.items() if secret for step in _steps(secret.life)
        }


def _steps(life: KeyLife) -> list[tuple[int, str]]:
    taken = [(found.number, name.removesuffix("_at")) for found in life.sets for name in times_of(found)]
    there = {found.number for found in life.sets}
    return [*taken, *((number, "gone") for number in range(1, life.made + 1) if number not in there)]
