"""Moves the keys of DkimKeys through their life: decides, commits each step to the Secret, tells of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailseal.domain.common import DeletionPolicy
from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.engine import ZoneOutcome
from mailseal.engine.dkimkeys import GeneratedKey
from mailseal.engine.keysighting import sighting_of
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube import metrics
from mailseal.kube.dkim_secrets import SecretView
from mailseal.kube.keyimport import import_keys
from mailseal.kube.keyreveal import KeyReveal
from mailseal.kube.objects import StoredObject
from mailseal.kube.parts import domain_of, joined_sighting, parts_of
from mailseal.kube.reporter import NORMAL
from mailseal.kube.runtime import Runtime
from mailseal.kube.serverclock import CLOCK_TOLERANCE, server_ahead
from mailseal.planning.keylife.annotations import facts_of
from mailseal.planning.keylife.codec import to_text
from mailseal.planning.keylife.machine import advance, after_repair, with_new_set
from mailseal.planning.keylife.model import Cause, Decision, Facts, KeyLife, Making, Sighting, Transition
from mailseal.planning.keylife.telling import prepared
from mailseal.planning.keylife.wanted import wanted_records
from mailseal.planning.model import Claim
from mailseal.records.names import DnsName

MOST_STEPS = 8
"""Steps that one turn commits at most; none of them waits for DNS or the clock."""
DATE_RESOLUTION = timedelta(seconds=1)
"""The API server tells the time in whole seconds."""
SIGHTING_AGE = timedelta(minutes=1)
"""How old what was seen in DNS may be when a step is taken on it."""


class ClockUncertain(Exception):
    """Our clock and the API server's are too far apart to measure how long a key has been published."""

    reason = "ClockUncertain"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the last sync saw of one DkimKey, and when, by the event loop's clock in seconds."""

    sighting: Sighting
    resource: tuple[str, int]
    """The uid and the generation that were synced."""
    at_seconds: float


@dataclass(frozen=True, slots=True)
class Disturbance:
    """The selectors at which servers answered something else since a revision of the life was committed."""

    revision: int
    selectors: frozenset[str]


class KeyKeeper:
    """One DkimKey's next step at a time. The life itself is in the Secret, and in the status besides."""

    def __init__(self, runtime: Runtime, reveal: KeyReveal) -> None:
        self._runtime = runtime
        self._reveal = reveal
        self._seen: dict[ObjectKey, dict[DnsName, Seen]] = {}
        """By resource, and by the domain of each part of it."""
        self._disturbed: dict[ObjectKey, Disturbance] = {}
        self._offset = timedelta(0)
        """How far the API server's clock is ahead of ours."""
        self.on_step_due: Callable[[ObjectKey], None] = lambda resource: None
        """Called when a sync has shown that there is something to commit."""

    def forget(self, key: ObjectKey) -> None:
        """Drop what is known of a resource that is gone."""
        self._seen.pop(key, None)
        self._disturbed.pop(key, None)
        self._runtime.secrets.forget(key)
        self._reveal.forget(key)

    def is_prepared(self, resource: StoredObject) -> bool:
        """True when the zone can be planned for: the life is known, and there are keys to publish."""
        view = self._runtime.secrets.view(resource.key)
        if _leaves_everything(resource):
            return True
        if view is None or not self._runtime.secrets.is_current(resource):
            return False
        return bool(view.life.sets or resource.deleting)

    def is_over(self, resource: StoredObject, *, keeps_records: bool) -> bool:
        """True for a resource that goes and of whose keys nothing is left that has to be waited for.

        `keeps_records`: the provider's policy leaves records in DNS, although nobody wants them.
        """
        spec = resource.spec
        if not isinstance(spec, DkimKeySpec) or _leaves_everything(resource):
            return True
        view, sighting = self._runtime.secrets.view(resource.key), self._sighting(resource.key)
        if view is None or sighting is None or sighting.revision != view.life.revision:
            return False
        if sighting.strays or sighting.loose:
            return False
        return not (wanted_records(view.life, spec) if keeps_records else view.life.sets)

    def decision(self, resource: StoredObject, spec: DkimKeySpec) -> Decision | None:
        """What comes next; None while the Secret is not known."""
        view = self._runtime.secrets.view(resource.key)
        return advance(view.life, spec, self.facts(resource, view)) if view else None

    def facts(self, resource: StoredObject, view: SecretView) -> Facts:
        """Everything that the next step depends on."""
        return facts_of(
            resource.annotations,
            namespace=resource.key.namespace,
            name=resource.key.name,
            deleting=resource.deleting,
            now=self._now(),
            held=view.held,
            sighting=self._sighting(resource.key),
        )

    def saw(
        self, resource: StoredObject, claim: Claim, revision: int, outcome: ZoneOutcome
    ) -> timedelta | None:
        """Take in what a sync saw; how long until the clock alone brings the next step, if it does.

        After a sync that proves nothing, what an earlier one saw proves nothing any more either.
        """
        sighting = sighting_of(claim, revision, outcome)
        view = self._runtime.secrets.view(resource.key)
        if view is None or not isinstance(resource.spec, DkimKeySpec) or _leaves_everything(resource):
            return None
        seen = self._seen.setdefault(resource.key, {})
        seen.pop(domain_of(resource), None)
        if sighting is None:
            return None
        now_seconds = asyncio.get_running_loop().time()
        told = self._with_disturbance(resource.key, sighting)
        seen[domain_of(resource)] = Seen(told, (resource.uid, resource.generation), now_seconds)
        decision = advance(view.life, resource.spec, self.facts(resource, view))
        shows = self._reveal.is_due(resource, resource.spec, view.life, self._now())
        if shows or is_due(decision, view):
            self.on_step_due(resource.key)
        return decision.wake_at - self._now() if decision.wake_at else None

    async def work(self, resource: StoredObject, spec: DkimKeySpec) -> None:
        """Take the steps that are due and need nothing but a write.

        Raises `SecretUnusable`, `SelectorsUsedUp`, `ClockUncertain`, `ApiError`.
        """
        if _leaves_everything(resource):
            return
        self._drop_old_sighting(resource.key)
        for _ in range(MOST_STEPS):
            view = await self._runtime.secrets.look(resource, spec, self._now())
            decision = advance(view.life, spec, self.facts(resource, view))
            shows = self._reveal.is_due(resource, spec, view.life, self._now())
            if not shows and not is_due(decision, view):
                return
            if await self._set_clock():
                continue
            await self._show(resource, spec, view.life)
            if not is_due(decision, view):
                return
            await self._step(resource, spec, view, decision)

    async def _step(
        self, resource: StoredObject, spec: DkimKeySpec, view: SecretView, decision: Decision
    ) -> None:
        """Commit one step, and tell of it.

        A Secret that somebody changed is put right first: what it said meanwhile counts as said. New keys are
        made last: the sets that there are must not have to wait for keys that cannot be made.
        """
        life, told = decision.life, decision.transitions
        made: tuple[GeneratedKey, ...] = ()
        if not view.in_step and view.life.sets:
            life, told = after_repair(view.life, self._now()), ()
        elif decision.making and life == view.life:
            made = await self._make(resource, spec, life, decision.making)
            facts = self.facts(resource, view)
            life = with_new_set(life, spec, [key.held.life_key for key in made], decision.making, facts)
            told = (prepared(life.sets[-1]),)
        if resource.deleting and not view.resource_version:
            await self._commit_to_status(resource, spec, life)
        else:
            await self._runtime.secrets.commit(resource, spec, view, life, made)
        for transition in told:
            await self._tell(resource, transition)

    async def _show(self, resource: StoredObject, spec: DkimKeySpec, life: KeyLife) -> None:
        """Publish retired private keys where the spec asks for it and their revocation is long known."""
        shown = await self._reveal.reveal(resource, spec, life, self._now())
        if shown:
            message = f"published the private keys of {', '.join(sorted(shown))}, which are revoked"
            await self._runtime.reporter.event(resource, NORMAL, "KeyRevealed", message)

    async def _make(
        self, resource: StoredObject, spec: DkimKeySpec, life: KeyLife, making: Making
    ) -> tuple[GeneratedKey, ...]:
        if making.cause is Cause.IMPORTED:
            return await import_keys(self._runtime.api, resource.key.namespace, spec)
        return await self._runtime.secrets.make(spec, life, self._now())

    async def _commit_to_status(self, resource: StoredObject, spec: DkimKeySpec, life: KeyLife) -> None:
        """A resource that goes needs no new Secret to retire its keys; its namespace may be going, too."""
        await self._runtime.reporter.amend(resource, (), details={"keyLife": to_text(life)})
        self._runtime.secrets.keep_without_secret(resource, spec, life)

    async def _set_clock(self) -> bool:
        """Go by the API server's clock; True when that changes the time, so that all has to be decided anew.

        Raises `ClockUncertain`, `ApiError`.
        """
        ahead = await server_ahead(self._runtime)
        apart = abs(ahead)
        before = self._offset
        self._offset = ahead if DATE_RESOLUTION < apart <= CLOCK_TOLERANCE else timedelta(0)
        if apart > CLOCK_TOLERANCE:
            minutes = CLOCK_TOLERANCE // timedelta(minutes=1)
            raise ClockUncertain(
                f"this operator's clock and the API server's are more than {minutes} minutes apart, so that "
                "no key is made, switched, retired or removed: set the clocks right"
            )
        return abs(self._offset - before) > 2 * DATE_RESOLUTION

    def _now(self) -> datetime:
        """The time by the API server's clock, which all replicas share."""
        return self._runtime.clock() + self._offset

    def _with_disturbance(self, key: ObjectKey, sighting: Sighting) -> Sighting:
        """The sighting with all that was disturbed since the life was committed that it is about.

        One zone may still be seen as an earlier life had it, when another one has been as this life has it.
        """
        known = self._disturbed.get(key)
        if known and known.revision > sighting.revision:
            return sighting
        before = known.selectors if known and known.revision == sighting.revision else frozenset()
        disturbed = before | sighting.disturbed
        self._disturbed[key] = Disturbance(sighting.revision, disturbed)
        return replace(sighting, disturbed=disturbed)

    async def _tell(self, resource: StoredObject, transition: Transition) -> None:
        metrics.DKIM_TRANSITIONS.labels(str(transition.state)).inc()
        await self._runtime.reporter.event(resource, NORMAL, transition.reason, transition.message)

    def _sighting(self, key: ObjectKey) -> Sighting | None:
        """What is seen of the keys at all domains that hold records of them, for the spec as it is now."""
        resource, seen = self._runtime.store.get(key), self._seen.get(key, {})
        if resource is None or resource.spec is None:
            return None
        present = (resource.uid, resource.generation)
        found = [seen.get(domain_of(part)) for part in parts_of(resource)]
        return joined_sighting(
            [each.sighting if each and each.resource == present else None for each in found]
        )

    def _drop_old_sighting(self, key: ObjectKey) -> None:
        now_seconds = asyncio.get_running_loop().time()
        seen = self._seen.get(key, {})
        if any(now_seconds - found.at_seconds > SIGHTING_AGE.total_seconds() for found in seen.values()):
            self._seen.pop(key, None)


def is_due(decision: Decision, view: SecretView) -> bool:
    """True when there is something to commit."""
    return decision.life != view.life or decision.making is not None or not view.in_step


def _leaves_everything(resource: StoredObject) -> bool:
    spec = resource.spec
    return (
        resource.deleting and isinstance(spec, DkimKeySpec) and spec.deletion_policy is DeletionPolicy.ORPHAN
    )
