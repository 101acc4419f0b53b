"""DNSEndpoint resources in memory, with the rules of an API server that providers rely on."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from mailseal.providers.base import ProviderError
from mailseal.providers.surroundings import Conflicted


class MemoryEndpoints:
    """An `ObjectStore`. `errors` are raised by the next calls, one each."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self.errors: list[ProviderError] = []
        self._versions = itertools.count(1)

    async def list(self, namespace: str, label_selector: str) -> Sequence[Mapping[str, Any]]:
        """See `ObjectStore.list`; only the empty selector is understood."""
        self._fail()
        assert not label_selector
        return [copy.deepcopy(body) for (place, _), body in self.objects.items() if place == namespace]

    async def put(self, namespace: str, body: Mapping[str, Any]) -> None:
        """See `ObjectStore.put`."""
        self._fail()
        self.put_now(namespace, body)

    def put_now(self, namespace: str, body: Mapping[str, Any]) -> None:
        """`put` of somebody else, without the errors."""
        name = body["metadata"]["name"]
        self._compare(namespace, name, body["metadata"].get("resourceVersion"))
        stored = copy.deepcopy(dict(body))
        stored["metadata"] |= {"namespace": namespace, "resourceVersion": str(next(self._versions))}
        self.objects[namespace, name] = stored

    def _compare(self, namespace: str, name: str, version: str | None) -> None:
        held = self.objects.get((namespace, name))
        if version != (held["metadata"]["resourceVersion"] if held else None):
            raise Conflicted(f"{namespace}/{name}")

    def _fail(self) -> None:
        if self.errors:
            raise self.errors.pop(0)
