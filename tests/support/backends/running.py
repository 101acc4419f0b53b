"""Backends that are started once, and only when a test wants them."""

from __future__ import annotations

from support.backends.base import Harness


class RunningBackends:
    """Started harnesses by class."""

    def __init__(self) -> None:
        self._running: dict[type[Harness], Harness] = {}

    def get(self, kind: type[Harness]) -> Harness:
        """The backend of that kind, started at its first use."""
        if kind not in self._running:
            self._running[kind] = kind()
        return self._running[kind]

    def close(self) -> None:
        """End all that were started."""
        for harness in self._running.values():
            harness.close()
