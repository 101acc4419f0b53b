"""Telling Kubernetes what came of a resource: one status patch when something changed, Events on the way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from mailseal.kube.api import ApiError, KubeApi, NotFound
from mailseal.kube.conditions import Verdict, conditions, is_ready
from mailseal.kube.objects import StoredObject, stored
from mailseal.kube.store import Store

EVENT_SOURCE = "mailseal"
NORMAL = "Normal"
WARNING = "Warning"

logger = logging.getLogger(__name__)


class Reporter:
    """Writes statuses and Events, and keeps the store and the gauges in step with them."""

    def __init__(self, api: KubeApi, store: Store, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._store = store
        self._clock = clock

    async def report(self, resource: StoredObject, verdict: Verdict, details: Mapping[str, Any]) -> None:
        """Bring the resource's status to `verdict` and `details`; no write where it says so already.

        `details` are the kind's own fields; one that is left out keeps what it says.
        Raises `ApiError` when the API server does not take it.
        """
        current = resource.status
        wanted = {
            "observedGeneration": resource.generation,
            "conditions": conditions(
                verdict, current.get("conditions", ()), resource.generation, self._clock()
            ),
            **details,
        }
        change = {name: value for name, value in wanted.items() if current.get(name) != value}
        if not change:
            return
        try:
            body = await self._api.patch_status(resource, change)
        except NotFound:
            return
        self._store.put_answer(stored({"kind": resource.key.kind, **body}))
        await self._announce(resource, verdict)

    async def event(self, resource: StoredObject, kind: str, reason: str, message: str) -> None:
        """Record an Event; one that cannot be recorded is logged and nothing else."""
        logger.log(
            logging.WARNING if kind == WARNING else logging.INFO, "%s: %s: %s", resource.key, reason, message
        )
        try:
            await self._api.create_event(resource, kind, reason, message, EVENT_SOURCE)
        except ApiError as error:
            logger.warning("an Event could not be recorded: %s", error)

    async def _announce(self, resource: StoredObject, verdict: Verdict) -> None:
        """An Event where a resource stops working, gets stuck, or works again."""
        was_ready = is_ready(resource.status)
        was_stalled = any(
            condition.get("type") == "Stalled" for condition in resource.status.get("conditions", ())
        )
        if verdict.ready:
            if was_stalled:
                await self.event(resource, NORMAL, verdict.reason, verdict.message)
        elif (was_ready and not resource.deleting) or (verdict.stalled and not was_stalled):
            await self.event(resource, WARNING, verdict.reason, verdict.message)
