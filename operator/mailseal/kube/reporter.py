"""Telling Kubernetes what came of a resource: one status patch when something changed, Events on the way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakValueDictionary

from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.api import ApiError, KubeApi, NotFound
from mailseal.kube.conditions import STALLED, Statement, Verdict, amended, conditions, is_ready
from mailseal.kube.objects import StoredObject, stored
from mailseal.kube.store import Store

EVENT_SOURCE = "mailseal"
NORMAL = "Normal"
WARNING = "Warning"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class News:
    """What an Event tells."""

    kind: str
    reason: str
    message: str


def no_news(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[News]:
    """Nothing to tell, however a status changes."""
    return ()


class Reporter:
    """Writes statuses and Events, and keeps the store and the gauges in step with them."""

    def __init__(self, api: KubeApi, store: Store, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._store = store
        self._clock = clock
        self.on_gone: Callable[[ObjectKey, str], None] = lambda resource, uid: None
        """Called when a resource turns out not to exist any more; a watch that was cut may never tell."""
        self.on_written: Callable[[StoredObject, Mapping[str, Any]], None] = lambda resource, before: None
        """Called with a resource whose status was written, and with the status that it had before."""
        self._locks: WeakValueDictionary[ObjectKey, asyncio.Lock] = WeakValueDictionary()

    async def report(
        self,
        resource: StoredObject,
        verdict: Verdict,
        details: Mapping[str, Any],
        news: Callable[[Mapping[str, Any], Mapping[str, Any]], Iterable[News]] = no_news,
    ) -> None:
        """Bring the resource's status to `verdict` and `details`; no write where it says so already.

        `details` are the kind's own fields; one that is left out keeps what it says. `news` says which Events
        tell of a status that changed from one to another.
        Raises `ApiError` when the API server does not take it.
        """

        def wanted(current: Mapping[str, Any]) -> dict[str, Any]:
            previous = current.get("conditions", ())
            decided = conditions(verdict, previous, resource.generation, self._clock())
            return {"observedGeneration": resource.generation, "conditions": decided, **details}

        before = await self._bring(resource, wanted)
        if before is not None:
            await self._announce(resource, before, verdict)
            for told in news(before, self._latest(resource)):
                await self.event(resource, told.kind, told.reason, told.message)

    async def amend(
        self,
        resource: StoredObject,
        others: Sequence[Statement],
        details: Mapping[str, Any],
        without: Collection[str] = (),
    ) -> None:
        """Set conditions beside Ready, and fields, and leave the rest of the status as it is.

        `without` are types of conditions to take out. Raises `ApiError`.
        """

        def wanted(current: Mapping[str, Any]) -> dict[str, Any]:
            previous = current.get("conditions", ())
            amendment = amended(previous, others, without, resource.generation, self._clock())
            return {"conditions": amendment, **details}

        await self._bring(resource, wanted)

    async def _bring(
        self, resource: StoredObject, wanted: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> Mapping[str, Any] | None:
        """Make the status say what `wanted` makes of it; what it said before, or None without a write.

        One at a time for each resource: a patch replaces the list of conditions as a whole.
        """
        async with self._locks.setdefault(resource.key, asyncio.Lock()):
            current = self._latest(resource)
            said = wanted(current)
            change = {name: value for name, value in said.items() if current.get(name) != value}
            if not change:
                return None
            try:
                body = await self._api.patch_status(resource, change)
            except NotFound:
                self.on_gone(resource.key, resource.uid)
                return None
            answer = stored({"kind": resource.key.kind, **body})
            self._store.put_answer(answer)
            self.on_written(answer, current)
            return current

    def _latest(self, resource: StoredObject) -> Mapping[str, Any]:
        """The status as the store has it, which is later than `resource` where it was just written."""
        known = self._store.get(resource.key)
        return known.status if known and known.uid == resource.uid else resource.status

    async def event(self, resource: StoredObject, kind: str, reason: str, message: str) -> None:
        """Record an Event; one that cannot be recorded is logged and nothing else."""
        logger.log(
            logging.WARNING if kind == WARNING else logging.INFO, "%s: %s: %s", resource.key, reason, message
        )
        try:
            await self._api.create_event(resource, kind, reason, message, EVENT_SOURCE)
        except ApiError as error:
            logger.warning("an Event could not be recorded: %s", error)

    async def _announce(self, resource: StoredObject, before: Mapping[str, Any], verdict: Verdict) -> None:
        """An Event where a resource stops working, gets stuck, or works again."""
        was_ready = is_ready(before)
        was_stalled = any(condition.get("type") == STALLED for condition in before.get("conditions", ()))
        if verdict.ready:
            if was_stalled:
                await self.event(resource, NORMAL, verdict.reason, verdict.message)
        elif (was_ready and not resource.deleting) or (verdict.stalled and not was_stalled):
            await self.event(resource, WARNING, verdict.reason, verdict.message)
