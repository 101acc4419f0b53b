"""A watch over checks that a test answers itself, on a Kubernetes API in memory."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from mailseal.checks.model import DomainResult, Examined, Finding, Outcome
from mailseal.checks.settings import CheckSettings
from mailseal.checks.tools import Tools
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.checkmemory import CheckMemory
from mailseal.kube.checkwatch import CheckWatch
from mailseal.kube.objects import StoredObject, stored
from mailseal.kube.reporter import Reporter
from mailseal.kube.runtime import Runtime
from mailseal.kube.settings import OperatorSettings, WatchSettings
from mailseal.kube.store import Store
from mailseal.records.names import DnsName
from support.answers import ZoneResolver
from support.checkresults import finding
from support.examining import tools_with
from support.fakekube import Body, FakeKube

WAIT_SECONDS = 10.0
AT_ONCE = timedelta(milliseconds=20)


class CheckedCluster:
    """Resources in memory and what checks say of their domains, which the test decides."""

    def __init__(self, *, enabled: bool = True, interval: timedelta = AT_ONCE, **settings: Any) -> None:
        self.kube = FakeKube()
        self.store = Store()
        self.now = datetime(2026, 11, 24, 12, tzinfo=UTC)
        self.memory = CheckMemory(enabled=enabled)
        self.found: dict[str, tuple[Finding, ...]] = {}
        """What is found at each domain; all is well at the others."""
        self.runs: list[Examined] = []
        self.opened = 0
        self.standing: list[tuple[ObjectKey, DnsName]] = []
        """The NtaRecords, and their domains, whose prerequisites came to stand otherwise."""
        self.hanging: set[str] = set()
        """Domains whose checks do not end."""
        watching = WatchSettings(enabled=enabled, interval=interval, **settings)
        unused: Any = None
        runtime = Runtime(
            settings=OperatorSettings(checks=watching),
            operator_id="fake",
            clock=lambda: self.now,
            api=self.kube.api,
            store=self.store,
            pool=unused,
            secrets=unused,
            reporter=Reporter(self.kube.api, self.store, lambda: self.now),
        )
        self.watch = CheckWatch(runtime, self.memory, self._open, self._check)
        self.watch.on_standing = lambda key, domain: self.standing.append((key, domain))

    def apply(self, kind: str, name: str, **spec: Any) -> ObjectKey:
        """Create a resource or change its spec, and have the watch see it."""
        self.kube.apply(kind, name, {"providerRef": {"name": "dns"}, **spec})
        key = ObjectKey(kind, "mail", name)
        self.see(key)
        return key

    def see(self, key: ObjectKey) -> StoredObject:
        """The watch sees the resource as it is now."""
        body = cast("Body", self.kube.objects[key])
        resource = stored(body)
        self.store.put(resource)
        self.watch.seen(resource)
        return resource

    def says(self, domain: str, *findings: Finding) -> None:
        """From now on this is what is found at a domain."""
        self.found[domain] = findings

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The watch works."""
        task = asyncio.create_task(self.watch.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def wait(self, holds: Callable[[], bool], what: str) -> None:
        """Give the watch its turn until `holds`."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not holds():
            if time.monotonic() > deadline:
                statuses = {str(key): body.get("status") for key, body in self.kube.objects.items()}
                raise AssertionError(f"not within {WAIT_SECONDS:g} s: {what}\n{statuses}")
            await asyncio.sleep(0.005)

    async def wait_runs(self, count: int) -> None:
        """Wait for so many more checks of a domain."""
        wanted = len(self.runs) + count
        await self.wait(lambda: len(self.runs) >= wanted, f"{count} more runs")

    async def wait_reason(self, key: ObjectKey, reason: str) -> None:
        """Wait until the condition Checks has this reason."""
        await self.wait(lambda: self.kube.condition(key, "Checks").get("reason") == reason, reason)

    @contextlib.asynccontextmanager
    async def _open(self, settings: CheckSettings, now: datetime) -> AsyncIterator[Tools]:
        self.opened += 1
        yield tools_with(ZoneResolver(""), now=now)

    async def _check(self, examined: Examined, tools: Tools, settings: CheckSettings) -> DomainResult:
        if examined.domain in self.hanging:
            await asyncio.Event().wait()
        self.runs.append(examined)
        usual = (finding(Outcome.PASS, target=examined.domain),)
        return DomainResult(examined, self.found.get(examined.domain, usual))


def domains_of(runs: list[Examined]) -> set[DnsName]:
    """The domains that were checked."""
    return {examined.domain for examined in runs}
