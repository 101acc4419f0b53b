"""Work that is done once for all who ask for it, and remembered."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar, cast

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


def _alike(_value: object) -> int:
    return 1


class OnceCache(Generic[Key, Value]):
    """Makes the value of each key once, however many ask for it at the same time.

    The work goes on when one who waits for it is cancelled. The values that were used last are kept, as many
    as together weigh no more than `capacity`; an older one is made again when it is asked for.
    """

    def __init__(
        self,
        make: Callable[[Key], Coroutine[Any, Any, Value]],
        capacity: int,
        weigh: Callable[[Value], int] = _alike,
    ) -> None:
        self._make = make
        self._capacity = capacity
        self._weigh = weigh
        self._weight = 0
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._running: dict[Key, asyncio.Task[Value]] = {}

    async def get(self, key: Key) -> Value:
        """The value of `key`. Raises what making it raises."""
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(self._run(key))
            self._running[key] = task
        return await asyncio.shield(cast("Awaitable[Value]", task))

    async def close(self) -> None:
        """End what is under way; who waits for it is cancelled."""
        tasks = tuple(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, key: Key) -> Value:
        try:
            value = await self._make(key)
        finally:
            del self._running[key]
        self._values[key] = value
        self._weight += self._weigh(value)
        while self._weight > self._capacity:
            _, oldest = self._values.popitem(last=False)
            self._weight -= self._weigh(oldest)
        return value
