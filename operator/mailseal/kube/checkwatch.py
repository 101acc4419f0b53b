"""Checks the mail domains of resources as the Internet sees them, beside the zones: it holds up no sync."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeAlias

from mailseal.checks.model import DomainResult, Examined
from mailseal.checks.opening import InvalidSettings
from mailseal.checks.run import check_domain, open_tools
from mailseal.checks.settings import CheckSettings
from mailseal.checks.tools import Tools
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube import metrics
from mailseal.kube.api import ApiError
from mailseal.kube.checkmemory import CheckMemory, condensed
from mailseal.kube.checkschedule import (
    UNSETTLED,
    is_held_up_by,
    is_in_order,
    pause_after_change,
    pause_after_run,
    pause_before_first,
    trace_of,
)
from mailseal.kube.checksettling import settle
from mailseal.kube.checkstatus import (
    CHECKS,
    FIELD,
    entries,
    is_told,
    statement_on,
    troubles_in,
    turns,
)
from mailseal.kube.checktools import OpenTools, SharedTools
from mailseal.kube.examined import examined_at, is_checked, mail_domains_of
from mailseal.kube.objects import StoredObject
from mailseal.kube.reporter import NORMAL, WARNING
from mailseal.kube.runtime import Runtime
from mailseal.kube.workqueue import WorkQueue
from mailseal.planning.nta_gate import PrerequisiteFinding
from mailseal.records.names import DnsName

REPORTS_AT_ONCE: Final = 4
CheckOne: TypeAlias = Callable[[Examined, Tools, CheckSettings], Awaitable[DomainResult]]
"""Checks one domain, as `check_domain` does."""


@dataclass(slots=True)
class _Agenda:
    """What is remembered of a domain between its checks."""

    traces: dict[ObjectKey, int] = field(default_factory=dict)
    """What each resource looked like that is about the domain."""
    asked_at: float = 0.0
    """When a check was last asked for, in seconds of the event loop: what was seen before does not count."""
    attempts: int = 0
    """Runs in a row since then that did not find all in order, or that a record waits for."""


class CheckWatch:
    """Checks each domain that a MailDomain or NtaRecord is about, and tells the resources what came of it."""

    def __init__(
        self,
        runtime: Runtime,
        memory: CheckMemory,
        opening: OpenTools = open_tools,
        check: CheckOne = check_domain,
    ) -> None:
        settings = runtime.settings.checks
        self._runtime = runtime
        self._memory = memory
        self._check = check
        self._settings = settings
        self._tools = SharedTools(settings.run, runtime.clock, opening)
        self._agendas: dict[DnsName, _Agenda] = {}
        self._domains: dict[ObjectKey, tuple[DnsName, ...]] = {}
        self.on_standing: Callable[[ObjectKey, DnsName], None] = lambda resource, domain: None
        """Called with each NtaRecord of a domain whose prerequisites stand otherwise than before, and it."""
        self.queue: WorkQueue[DnsName] = WorkQueue(
            "checks", self._work, settings.domains_at_once, expected=(InvalidSettings,)
        )
        self._reports: WorkQueue[ObjectKey] = WorkQueue(
            "check reports", self._report, REPORTS_AT_ONCE, expected=(ApiError,)
        )

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.queue.run(), name="checks")
                group.create_task(self._reports.run(), name="check reports")
        finally:
            await self._tools.close()

    def seen(self, resource: StoredObject) -> None:
        """The resource was worked on or synced: check its domains soon if that changed what checks see."""
        latest = self._runtime.store.get(resource.key)
        if latest is None or latest.spec is None or latest.deleting:
            self.forget(resource.key)
        elif self._settings.enabled:
            self._follow(latest)
        elif is_told(latest.status):
            self._reports.add(latest.key)

    def forget(self, key: ObjectKey) -> None:
        """Drop what is known of a resource that is gone or on its way out."""
        self._reports.forget(key)
        for domain in self._domains.pop(key, ()):
            self._leave(domain, key)

    def _follow(self, resource: StoredObject) -> None:
        domains, trace = mail_domains_of(resource), trace_of(resource)
        for domain in set(self._domains.get(resource.key, ())).difference(domains):
            self._leave(domain, resource.key)
        self._domains[resource.key] = domains
        for domain in domains:
            agenda = self._agendas.setdefault(domain, _Agenda())
            before, agenda.traces[resource.key] = agenda.traces.get(resource.key), trace
            if before is None:
                self._ask(domain, agenda, pause_before_first(resource, self._settings.interval))
            elif before != trace:
                self._ask(domain, agenda, pause_after_change(resource, self._settings.interval))

    def _leave(self, domain: DnsName, key: ObjectKey) -> None:
        """The resource is about this domain no more; the last one takes with it what is known of that."""
        agenda = self._agendas.get(domain)
        if agenda is None:
            return
        agenda.traces.pop(key, None)
        if agenda.traces:
            self._ask(domain, agenda, min(UNSETTLED, self._settings.interval))
        else:
            del self._agendas[domain]
            self._memory.forget(domain)
            self.queue.forget(domain)

    def _ask(self, domain: DnsName, agenda: _Agenda, after: timedelta) -> None:
        agenda.asked_at, agenda.attempts = asyncio.get_running_loop().time(), 0
        self.queue.add(domain, after)

    def prerequisites(self, domain: DnsName) -> tuple[PrerequisiteFinding, ...]:
        """How those of its NTA 7516 record stand; unknown when other hosts are named than were checked."""
        return self._memory.prerequisites(domain, examined_at(domain, self._runtime.store.at_domain(domain)))

    async def _work(self, domain: DnsName) -> None:
        """Check one domain, remember what is to be held true of it, and have that told."""
        agenda = self._agendas.get(domain)
        if agenda is None or not self._told_of(domain):
            self._memory.forget(domain)
            return
        examined = examined_at(domain, self._runtime.store.at_domain(domain))
        async with self._tools.lent(agenda.asked_at) as tools:
            with metrics.CHECK_SECONDS.time():
                result = await self._check(examined, tools, self._settings.run)
        agenda.asked_at = asyncio.get_running_loop().time()
        if self._agendas.get(domain) is not agenda:
            return
        patience = self._runtime.settings.stale_after
        checked = settle(self._memory.get(domain), condensed(result), self._runtime.clock(), patience)
        has_news = self._memory.put(domain, checked)
        told = self._told_of(domain)
        for resource in told:
            self._reports.add(resource.key)
            if has_news and resource.key.kind == "NtaRecord":
                self.on_standing(resource.key, domain)
        gate_waits = any(is_held_up_by(checked, resource) for resource in told)
        agenda.attempts = agenda.attempts + 1 if gate_waits or not is_in_order(checked) else 0
        pause = pause_after_run(checked, agenda.attempts, self._settings.interval, gate_waits=gate_waits)
        self.queue.add(domain, pause)

    async def _report(self, key: ObjectKey) -> None:
        """Bring the status of one resource up to date; not before all its domains were checked."""
        resource = self._runtime.store.get(key)
        if resource is None or not is_checked(resource):
            return
        if not self._settings.enabled:
            await self._runtime.reporter.amend(resource, (), {FIELD: None}, without=(CHECKS,))
            return
        domains = mail_domains_of(resource)
        results = {domain: known for domain in domains if (known := self._memory.get(domain))}
        if len(results) < len(domains):
            return
        troubles = troubles_in(resource, results)
        await self._runtime.reporter.amend(resource, (statement_on(troubles),), {FIELD: entries(troubles)})
        for turn in turns(resource.status, troubles):
            kind = WARNING if turn.is_trouble else NORMAL
            await self._runtime.reporter.event(resource, kind, turn.reason, turn.message)

    def _told_of(self, domain: DnsName) -> list[StoredObject]:
        """The resources that are told what comes of checking the domain."""
        found = self._runtime.store.at_domain(domain)
        return [
            resource for resource in found if is_checked(resource) and domain in mail_domains_of(resource)
        ]
