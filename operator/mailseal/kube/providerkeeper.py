"""Keeps providers: checks each one now and then, reports it, and holds it while resources need it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from mailseal.engine.objectkey import ObjectKey
from mailseal.engine.safety import CONFIRM_ANNOTATION
from mailseal.kube.api import Conflict, NotFound
from mailseal.kube.conditions import ready_condition
from mailseal.kube.finalizers import set_finalizers
from mailseal.kube.objects import FINALIZER, StoredObject
from mailseal.kube.providers import Check
from mailseal.kube.reporter import NORMAL, WARNING, News
from mailseal.kube.runtime import Runtime
from mailseal.providers.breaker import CircuitOpen

ZONES_SHOWN = 100


class ProviderKeeper:
    """Looks after provider resources."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._seen: dict[ObjectKey, tuple[bool, str]] = {}
        """Whether each provider worked at its last check, and which plans were confirmed on it."""
        self.on_news: Callable[[ObjectKey], None] = lambda provider: None
        """Called when a provider was opened anew, works again, stopped working, or has a plan confirmed."""

    async def keep(self, resource: StoredObject) -> bool:
        """Check and report one provider; True when it works. Raises `ApiError`."""
        if resource.deleting and not self._runtime.store.of_provider(resource.key):
            await self._release(resource)
            return True
        check = await self._runtime.pool.check(resource, fresh_within=self._runtime.settings.resync)
        await self._report(resource, check)
        await self._hold(resource)
        seen = (check.verdict.ready, resource.annotations.get(CONFIRM_ANNOTATION, ""))
        news = check.reopened or self._seen.get(resource.key) != seen
        self._seen[resource.key] = seen
        if news:
            self.on_news(resource.key)
        return check.verdict.ready

    async def gone(self, key: ObjectKey) -> None:
        """The provider does not exist any more."""
        self._seen.pop(key, None)
        await self._runtime.pool.forget(key)
        self.on_news(key)

    async def _report(self, resource: StoredObject, check: Check) -> None:
        zones = [str(zone) for zone in sorted(check.zones)[:ZONES_SHOWN]]
        details = {"zones": zones} if check.verdict.ready else {}
        await self._runtime.reporter.report(resource, check.verdict, details, provider_news)

    async def _hold(self, resource: StoredObject) -> None:
        """Put our finalizer on a provider that resources need to clean up with."""
        latest = self._runtime.store.get(resource.key)
        needed = bool(self._runtime.store.of_provider(resource.key))
        if latest is None or latest.held or latest.deleting or not needed:
            return
        await self._set_finalizers(latest, (*latest.finalizers, FINALIZER))

    async def _release(self, resource: StoredObject) -> None:
        if resource.held:
            await self._set_finalizers(resource, resource.finalizers_of_others)

    async def _set_finalizers(self, resource: StoredObject, finalizers: tuple[str, ...]) -> None:
        """Where the resource was changed or is gone, the watch says so."""
        with suppress(Conflict, NotFound):
            await set_finalizers(self._runtime, resource, finalizers)


def provider_news(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[News]:
    """An Event when a provider that did not work anyway is left alone, and when it works again.

    That one ceased to work is told by the reporter.
    """
    was, now = ready_condition(before), ready_condition(after)
    suspended = [found.get("reason") == CircuitOpen.reason for found in (was, now)]
    if suspended == [False, True] and was.get("status") == "False":
        yield News(WARNING, CircuitOpen.reason, str(now.get("message", "")))
    if suspended == [True, False] and now.get("status") == "True":
        yield News(NORMAL, "ProviderResumed", str(now.get("message", "")))


def recheck_after(ready: bool, secret_poll: timedelta) -> timedelta:
    """When to look at a provider again: its Secret may be new, or its server back."""
    return secret_poll if ready else min(secret_poll, timedelta(seconds=5))
