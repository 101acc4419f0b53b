"""What the authoritative servers answer against what the resources want."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from mailseal.cli.keys import KeyRing
from mailseal.cli.outcome import BLOCKED, FAILED, ResourceOutcome, worst_state
from mailseal.cli.preview import ZONES_AT_ONCE, Preview, PreviewedZone
from mailseal.cli.resources import RecordResource
from mailseal.observing.nameserver import Nameserver
from mailseal.observing.resolving import ServersUnknown
from mailseal.observing.verification import Answered, Answers, Lag, verify
from mailseal.planning.model import RecordOutcome, RecordState, ZonePlan
from mailseal.planning.places import singleton_of
from mailseal.records.display import displayed

NOT_APPLIED = "NotApplied"
AllAnswers: TypeAlias = Mapping[Nameserver, Answers]


@dataclass(frozen=True, slots=True)
class ZoneStanding:
    """One zone with the state of its resources as the servers answer it now."""

    previewed: PreviewedZone
    servers: tuple[str, ...]
    """The servers that were asked."""
    resources: tuple[ResourceOutcome, ...]


async def standing_of(found: Preview) -> tuple[ZoneStanding, ...]:
    """Ask the servers of all zones that could be read and planned for."""
    slots = asyncio.Semaphore(ZONES_AT_ONCE)

    async def one(previewed: PreviewedZone) -> ZoneStanding:
        async with slots:
            return await _standing(previewed)

    return tuple(await asyncio.gather(*(one(previewed) for previewed in found.zones)))


async def _standing(previewed: PreviewedZone) -> ZoneStanding:
    zone, plan = previewed.zone, previewed.preview.plan
    if plan is None:
        failure = (str(previewed.preview.failure),)
        failed = tuple(ResourceOutcome(resource, FAILED, (), failure) for resource in zone.records)
        return ZoneStanding(previewed, (), failed)
    keys = {record.key for records in plan.outcomes.values() for record in records}
    try:
        answers = await zone.backend.observer(zone.name).observe(keys) if keys else {}
    except ServersUnknown as error:
        failed = tuple(ResourceOutcome(resource, FAILED, (), (str(error),)) for resource in zone.records)
        return ZoneStanding(previewed, (), failed)
    resources = tuple(_resource(previewed, resource, plan, answers) for resource in zone.records)
    return ZoneStanding(previewed, tuple(str(server) for server in answers), resources)


def _resource(
    previewed: PreviewedZone, resource: RecordResource, plan: ZonePlan, answers: AllAnswers
) -> ResourceOutcome:
    blocked = previewed.preview.blocked.get(resource.owner)
    if blocked is not None:
        return ResourceOutcome(resource, BLOCKED, (), (blocked,))
    records = tuple(_seen(record, plan, answers) for record in plan.outcomes.get(resource.owner, ()))
    unmade = tuple(_unmade(previewed, resource))
    state = RecordState.PENDING if unmade or not records else worst_state(records)
    problems = (*unmade, *plan.warnings.get(resource.owner, ()))
    return ResourceOutcome(resource, str(state), records, problems, _key_ring(previewed, resource))


def _key_ring(previewed: PreviewedZone, resource: RecordResource) -> KeyRing | None:
    return next((ring for ring in previewed.key_rings if ring.dkim_key == resource.key), None)


def _unmade(previewed: PreviewedZone, resource: RecordResource) -> Iterator[str]:
    ring = _key_ring(previewed, resource)
    for key in ring.missing if ring else ():
        yield f"its {key.algorithm} key of {key.bits} bits is not made yet: run mailseal apply"


def _seen(record: RecordOutcome, plan: ZonePlan, answers: AllAnswers) -> RecordOutcome:
    """The record in the state that the servers' answers prove, with what they answer instead."""
    wanted = [(record.key, record.value.identity)]
    match record.state:
        case RecordState.PUBLISHED:
            lags = verify(wanted, (), answers)
            state = RecordState.PENDING if _is_written_by(plan, record) else RecordState.PROPAGATING
        case RecordState.REMOVING:
            lags, state = verify((), wanted, answers), RecordState.REMOVING
        case _:
            return record
    if not lags:
        return record
    reason = NOT_APPLIED if state is not RecordState.PROPAGATING else "NotYetAnswered"
    message = "; ".join((*(_told(lag, record, answers) for lag in lags), *_advice(reason)))
    return replace(record, state=state, reason=reason, message=message)


def _is_written_by(plan: ZonePlan, record: RecordOutcome) -> bool:
    """True when the provider does not hold the value yet."""
    changes = (planned.change for planned in plan.changes if planned.change.key == record.key)
    return any(change.before is None or not change.before.holds(record.value) for change in changes)


def _told(lag: Lag, record: RecordOutcome, answers: AllAnswers) -> str:
    instead = _instead(lag.server, record, answers)
    return f"{lag.server} {lag.problem}" + (f", but {' and '.join(instead)}" if instead else "")


def _instead(server: str, record: RecordOutcome, answers: AllAnswers) -> Sequence[str]:
    """The values of the same kind that a server answers."""
    return [
        displayed(value)
        for asked, answer in answers.items()
        if asked.label == server and isinstance(answer, Answered) and record.key in answer.rrsets
        for value in answer.rrsets[record.key].values
        if singleton_of(value) is singleton_of(record.value) and value.identity != record.value.identity
    ]


def _advice(reason: str) -> tuple[str, ...]:
    return ("run mailseal apply",) if reason == NOT_APPLIED else ()
