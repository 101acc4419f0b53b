"""Remembers each private key that was ever in a Secret of a world, and looks for it in what was said."""

from __future__ import annotations

import base64
import threading
from types import TracebackType
from typing import Self

from support.signatures import public_value
from support.world import World

_PAUSE_SECONDS = 0.03


class SecretKeeper:
    """Looks at all Secrets all the time, in a thread of its own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._public: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="remembers secrets")
        self._error: Exception | None = None

    @property
    def keys(self) -> int:
        """How many different keys there were."""
        return len(self._public)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._look()
                self._stop.wait(_PAUSE_SECONDS)
        except Exception as error:
            self._error = error

    def _look(self) -> None:
        found = self._world.get("Secret", "") or {"items": []}
        for item in found["items"]:
            data = {
                name: base64.b64decode(value).decode("latin-1")
                for name, value in (item.get("data") or {}).items()
            }
            self._world.secrets.remember(data)
            for name, text in data.items():
                if name.endswith(".pem"):
                    self._remember(text)

    def _remember(self, text: str) -> None:
        try:
            self._public.add(public_value(text))
        except ValueError:
            return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        if error is None:
            assert self._error is None, self._error
            self._world.check_nothing_leaked()
