"""Remembers each private key that was ever in a Secret of a world, and looks for it in what was said."""

from __future__ import annotations

import base64
from types import TracebackType
from typing import Self

from support.repeatedly import Repeatedly
from support.signatures import public_value
from support.world import World


class SecretKeeper:
    """Looks at all Secrets all the time, in a thread of its own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._public: set[str] = set()
        self._looking = Repeatedly(self._look, "remembers secrets")

    @property
    def keys(self) -> int:
        """How many different keys there were."""
        return len(self._public)

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
        self._looking.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._looking.stop()
        if error is None:
            self._looking.check()
            self._world.check_nothing_leaked()
