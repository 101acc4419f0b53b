"""From the outcome of a zone's sync to the status, Events, gauges and finalizers of its resources."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.domain.specs import Spec
from mailseal.engine import ZoneOutcome
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.api import ApiError, Conflict, NotFound
from mailseal.kube.conditions import Verdict, verdict_on
from mailseal.kube.details import record_statuses
from mailseal.kube.finalizers import set_finalizers
from mailseal.kube.keykeeper import KeyKeeper, is_due
from mailseal.kube.keystatus import key_details, signing_statement
from mailseal.kube.ntanews import nta_news
from mailseal.kube.ntastatus import nta_details, nta_statements
from mailseal.kube.objects import StoredObject
from mailseal.kube.parts import domain_of, parts_of
from mailseal.kube.patience import Patience
from mailseal.kube.repairs import announce_repairs
from mailseal.kube.rolloutclock import RolloutClock
from mailseal.kube.runtime import Runtime
from mailseal.kube.shares import Shares
from mailseal.planning.keylife.codec import to_text
from mailseal.planning.keylife.machine import advance
from mailseal.planning.model import RecordOutcome, RecordState
from mailseal.planning.reasons import Reason
from mailseal.records.names import DnsName

WRITES_AT_ONCE = 8
UNDER_WAY = frozenset(
    {RecordState.PROPAGATING, RecordState.PENDING, RecordState.REFUSED, RecordState.REMOVING}
)
WAITING = frozenset(
    {
        "ClockUncertain",
        "DeclarationMissing",
        "DeclarationNeeded",
        "DryRun",
        "Expired",
        "PlanRefused",
        "PrerequisitesFailed",
        "PrerequisitesUnknown",
    }
)
"""Reasons that no try ends: their resources are looked at again when something changes, and at the resync."""
HELD = frozenset({RecordState.PUBLISHED, RecordState.PROPAGATING, RecordState.REMOVING})
"""States of values that are, or may still be, in the zone."""

logger = logging.getLogger(__name__)


class OutcomeReporter:
    """Tells every resource of a synced zone what came of it, and lets go of those that are gone from DNS."""

    def __init__(self, runtime: Runtime, keys: KeyKeeper) -> None:
        self._runtime = runtime
        self._keys = keys
        self._rollouts = RolloutClock(runtime)
        self._patience = Patience(runtime)
        self._shares = Shares()
        self._slots = asyncio.Semaphore(WRITES_AT_ONCE)
        self.on_gone: Callable[[ObjectKey, str], None] = lambda resource, uid: None
        """Called when the API server has removed a resource; a watch that was cut may never tell."""

    def not_admitted(self, part: StoredObject, verdict: Verdict) -> None:
        """A part of a resource cannot be planned for: it is told with what comes of the other parts."""
        self._shares.not_admitted(part, verdict)

    def overtaken(self, synced: StoredObject, outcome: ZoneOutcome) -> bool:
        """True when something was written for a part of an NtaRecord that its spec has no more meanwhile.

        The next report tells of that, so that it is removed.
        """
        latest = self._runtime.store.get(synced.key)
        still_there = latest is not None and latest.uid == synced.uid
        return (
            still_there and isinstance(synced.spec, NtaRecordSpec) and self._shares.overtaken(synced, outcome)
        )

    def forget(self, resource: ObjectKey) -> None:
        """Drop what is known of a resource that is planned for no longer."""
        self._patience.forget(resource)
        self._shares.forget(resource)

    async def report(self, resources: Sequence[StoredObject], outcome: ZoneOutcome) -> frozenset[DnsName]:
        """Bring every status up to date; returns the domains that need another look soon.

        A resource whose report fails is among them and never keeps the others from theirs.
        """
        results = await asyncio.gather(*(self._report(resource, outcome) for resource in resources))
        return frozenset(
            domain_of(resource) for resource, settled in zip(resources, results, strict=True) if not settled
        )

    async def _report(self, synced: StoredObject, outcome: ZoneOutcome) -> bool:
        """Report one resource, or a part of one; True when nothing about it is under way in this zone."""
        latest = self._runtime.store.get(synced.key)
        if latest is None or latest.uid != synced.uid:
            return True
        resource = replace(
            latest,
            generation=synced.generation,
            spec=synced.spec,
            deleting=synced.deleting,
            part=synced.part,
        )
        records = outcome.records.get(synced.owner)
        names = {part.part for part in parts_of(latest)}
        whole = self._shares.whole(synced, names, outcome)
        obstacle = self._shares.obstacle(synced, names)
        try:
            async with self._slots:
                is_over = synced.deleting and not obstacle and not self._shares.leaves_behind(synced, names)
                if whole and is_over and self._is_gone(synced, whole):
                    return await self._release(latest)
                await announce_repairs(self._runtime.reporter, resource, outcome.written, records or ())
                if whole:
                    await self._write(resource, whole, obstacle)
        except ApiError as error:
            logger.warning("the status of %s could not be written: %s", synced.key, error)
            return False
        return records is not None and not _under_way(records)

    def _is_gone(self, resource: StoredObject, outcome: ZoneOutcome) -> bool:
        """True when nothing is left in DNS of a resource that is being deleted, but what the policy keeps."""
        records = outcome.records.get(resource.owner)
        if records is None or outcome.failure:
            return False
        if outcome.dry_run and all(record.state is RecordState.PENDING for record in records):
            return True
        keeps_records = any(record.reason == Reason.LEFT_IN_PLACE for record in records)
        return _is_clean(records) and self._keys.is_over(resource, keeps_records=keeps_records)

    async def _write(self, resource: StoredObject, outcome: ZoneOutcome, obstacle: Verdict | None) -> None:
        records = outcome.records.get(resource.owner)
        verdict = obstacle or _verdict(resource, outcome, records)
        if not (obstacle and obstacle.stalled) and self._patience.is_passing(
            resource, outcome, verdict, records
        ):
            return
        if records and not obstacle and self._patience.awaits_first_check(resource, records):
            return
        details = await self._details(resource, records) if records else {}
        verdict, details = self._with_keys(resource, verdict, details)
        if records:
            verdict = self._with_renewal(resource, verdict, records)
        await self._runtime.reporter.report(resource, verdict, details, nta_news)

    async def _details(self, resource: StoredObject, records: Sequence[RecordOutcome]) -> dict[str, Any]:
        details: dict[str, Any] = {"records": record_statuses(records)}
        match self._whole_spec(resource):
            case MailDomainSpec() as spec:
                details |= await self._rollouts.details(resource, spec, records)
            case NtaRecordSpec() as spec:
                details |= nta_details(spec, resource.status, records)
        return details

    def _with_renewal(
        self, resource: StoredObject, verdict: Verdict, records: Sequence[RecordOutcome]
    ) -> Verdict:
        """What is to be reported, with what there is to say about the renewal of an NtaRecord."""
        spec = self._whole_spec(resource)
        if resource.deleting or not isinstance(spec, NtaRecordSpec):
            return verdict
        told = nta_statements(spec, resource.status, records, self._runtime.clock())
        return replace(verdict, others=(*verdict.others, *told))

    def _whole_spec(self, part: StoredObject) -> Spec | None:
        """The spec of the resource that `part` is of; None where that has changed meanwhile."""
        latest = self._runtime.store.get(part.key)
        return latest.spec if latest and latest.generation == part.generation else None

    def _with_keys(
        self, resource: StoredObject, verdict: Verdict, details: dict[str, Any]
    ) -> tuple[Verdict, dict[str, Any]]:
        """What is to be reported, with what there is to say about the keys of a DkimKey.

        Just before the next step nothing new is said of them: that follows with the step.
        """
        view, spec = self._runtime.secrets.view(resource.key), resource.spec
        if view is None or not isinstance(spec, DkimKeySpec):
            return verdict, details
        facts = self._keys.facts(resource, view)
        decision = advance(view.life, spec, facts)
        if resource.status.get("keyLife") == to_text(view.life) and is_due(decision, view):
            return verdict, details
        signing = signing_statement(view.life, view.held, decision)
        told = key_details(view.name, view.life, spec, facts, decision)
        return replace(verdict, others=(*verdict.others, signing)), {**details, **told}

    async def _release(self, resource: StoredObject) -> bool:
        """Let the API server remove a resource whose values are gone; True when it can."""
        try:
            await set_finalizers(self._runtime, resource, resource.finalizers_of_others)
        except Conflict:
            return False
        except NotFound:
            self.on_gone(resource.key, resource.uid)
        else:
            if not resource.finalizers_of_others:
                self.on_gone(resource.key, resource.uid)
        return True


def held_values(resources: Iterable[StoredObject], outcome: ZoneOutcome) -> Mapping[DnsName, int]:
    """How many values of ours the outcome found at each domain."""
    counts: dict[DnsName, int] = {}
    for resource in resources:
        records = outcome.records.get(resource.owner, ())
        held = sum(record.state in HELD for record in records)
        counts[domain_of(resource)] = counts.get(domain_of(resource), 0) + held
    return counts


def _verdict(
    resource: StoredObject, outcome: ZoneOutcome, records: Sequence[RecordOutcome] | None
) -> Verdict:
    owner = resource.owner
    if owner in outcome.blocked:
        return Verdict(False, "NameNotServed", outcome.blocked[owner], stalled=True)
    if records is not None:
        return verdict_on(records, outcome.warnings.get(owner, ()))
    failure = outcome.failure
    if failure is None:
        return Verdict(False, "Pending", "not planned yet; trying again soon")
    return Verdict(False, failure.reason, str(failure), stalled=not failure.retryable)


def _under_way(records: Collection[RecordOutcome]) -> bool:
    return any(record.state in UNDER_WAY and record.reason not in WAITING for record in records)


def _is_clean(records: Collection[RecordOutcome]) -> bool:
    """True when nothing is left to remove, not even what waits for a person to let it go."""
    return not any(record.state in UNDER_WAY for record in records)
