"""From the outcome of a zone's sync to the status, Events, gauges and finalizers of its resources."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.engine import ZoneOutcome
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube import metrics
from mailseal.kube.api import ApiError, Conflict, NotFound
from mailseal.kube.claims import remembered_values
from mailseal.kube.conditions import Verdict, is_current, is_ready, verdict_on
from mailseal.kube.details import details_of
from mailseal.kube.finalizers import set_finalizers
from mailseal.kube.keykeeper import KeyKeeper, is_due
from mailseal.kube.keystatus import key_details, signing_statement
from mailseal.kube.objects import StoredObject
from mailseal.kube.parts import Shares, domain_of, parts_of
from mailseal.kube.reporter import WARNING
from mailseal.kube.rolloutclock import RolloutClock
from mailseal.kube.runtime import Runtime
from mailseal.planning.heritage import is_heritage_key
from mailseal.planning.keylife.codec import to_text
from mailseal.planning.keylife.machine import advance
from mailseal.planning.model import PlannedChange, RecordOutcome, RecordState
from mailseal.planning.reasons import Reason
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRsetKey

WRITES_AT_ONCE = 8
UNDER_WAY = frozenset(
    {RecordState.PROPAGATING, RecordState.PENDING, RecordState.REFUSED, RecordState.REMOVING}
)
WAITING_FOR_PEOPLE = frozenset({"DeclarationMissing", "DryRun", "PlanRefused"})
"""Reasons that only a change of a resource ends; the resync looks at them, nothing sooner."""
STANDING = frozenset({RecordState.PUBLISHED, RecordState.PROPAGATING})
"""States of values that are wanted and written."""
HELD = frozenset({RecordState.PUBLISHED, RecordState.PROPAGATING, RecordState.REMOVING})
"""States of values that are, or may still be, in the zone."""

logger = logging.getLogger(__name__)


class OutcomeReporter:
    """Tells every resource of a synced zone what came of it, and lets go of those that are gone from DNS."""

    def __init__(self, runtime: Runtime, keys: KeyKeeper) -> None:
        self._runtime = runtime
        self._keys = keys
        self._rollouts = RolloutClock(runtime)
        self._troubled_since: dict[ObjectKey, datetime] = {}
        self._shares = Shares()
        self._slots = asyncio.Semaphore(WRITES_AT_ONCE)
        self.on_gone: Callable[[ObjectKey, str], None] = lambda resource, uid: None
        """Called when the API server has removed a resource; a watch that was cut may never tell."""

    def forget(self, resource: ObjectKey) -> None:
        """Drop what is known of a resource that is planned for no longer."""
        self._troubled_since.pop(resource, None)
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
        whole = self._shares.whole(synced, {part.part for part in parts_of(latest)}, outcome)
        try:
            async with self._slots:
                if whole and synced.deleting and self._is_gone(synced, whole):
                    return await self._release(latest)
                await self._announce_repairs(resource, outcome.written, records or ())
                if whole:
                    await self._write(resource, whole)
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

    async def _write(self, resource: StoredObject, outcome: ZoneOutcome) -> None:
        records = outcome.records.get(resource.owner)
        verdict = _verdict(resource, outcome, records)
        if self._is_passing(resource, outcome, verdict, records):
            return
        details = await self._details(resource, records) if records else {}
        verdict, details = self._with_keys(resource, verdict, details)
        await self._runtime.reporter.report(resource, verdict, details)

    async def _details(self, resource: StoredObject, records: Sequence[RecordOutcome]) -> dict[str, Any]:
        details, spec = details_of(resource, records), resource.spec
        if isinstance(spec, MailDomainSpec):
            details |= await self._rollouts.details(resource, spec, records)
        return details

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

    def _is_passing(
        self,
        resource: StoredObject,
        outcome: ZoneOutcome,
        verdict: Verdict,
        records: Sequence[RecordOutcome] | None,
    ) -> bool:
        """True for trouble in reaching servers that is too young to call a Ready resource anything else.

        Nothing was to be written for it, so what it published is very likely still there.
        """
        owner = resource.owner
        trouble = not verdict.ready and (records is None or all(_is_silence(record) for record in records))
        if not trouble or resource.deleting or owner in outcome.blocked:
            self._troubled_since.pop(resource.key, None)
            return False
        since = self._troubled_since.setdefault(resource.key, self._runtime.clock())
        written = any(owner in planned.owners for planned in outcome.written)
        current = is_current(resource.status, resource.generation)
        return current and not written and self._runtime.clock() - since < self._runtime.settings.stale_after

    async def _announce_repairs(
        self, resource: StoredObject, written: Iterable[PlannedChange], records: Iterable[RecordOutcome]
    ) -> None:
        """An Event where something that we had published was changed behind our back and is written again.

        A record that another resource has won is nobody's repair, and what we replace is none either.
        """
        if resource.deleting or resource.status.get("observedGeneration") != resource.generation:
            return
        was_right = is_ready(resource.status)
        published: dict[RRsetKey, set[bytes]] = {}
        for found in remembered_values(resource.status):
            published.setdefault(found.key, set()).add(found.identity)
        won = {record.key for record in records if record.state in STANDING}
        for planned in written:
            key = planned.change.key
            if resource.owner not in planned.owners or is_heritage_key(key):
                continue
            told = published.get(key)
            if key in won and told and _is_repair(planned.change, told, was_right=was_right):
                metrics.DRIFT_REPAIRS.labels(
                    resource.key.kind, resource.key.namespace, resource.key.name
                ).inc()
                message = f"{key} had been changed by somebody else and was written again"
                await self._runtime.reporter.event(resource, WARNING, "DriftRepaired", message)

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
    return any(record.state in UNDER_WAY and record.reason not in WAITING_FOR_PEOPLE for record in records)


def _is_clean(records: Collection[RecordOutcome]) -> bool:
    """True when nothing is left to remove, not even what waits for a person to let it go."""
    return not any(record.state in UNDER_WAY for record in records)


def _is_repair(change: RRsetChange, published: Collection[bytes], *, was_right: bool) -> bool:
    """True unless it is we who put something else in the place of what was published and still stands.

    Where all `was_right`, somebody may have put a value beside it, or changed the TTL.
    """
    before = change.before.identities if change.before else frozenset[bytes]()
    after = change.after.identities if change.after else frozenset[bytes]()
    return not before.issuperset(published) or (was_right and after.issuperset(published))


def _is_silence(record: RecordOutcome) -> bool:
    """True for a record that stands as far as the servers tell that do answer."""
    answered_otherwise = record.state is RecordState.PROPAGATING and not record.only_silence
    return record.state in STANDING and not answered_otherwise and record.reason != Reason.WAITING_FOR_DKIM
