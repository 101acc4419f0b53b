"""One sync of one zone: gather, plan, hold back what is unsafe, apply, verify."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime

from mailseal.domain.provider import SyncPolicy
from mailseal.engine.apply import Applied, apply_changes
from mailseal.engine.ledger import Ledger
from mailseal.engine.safety import gate_deletions
from mailseal.engine.verify import confirm_answers
from mailseal.engine.zone import ZoneAccess, ZoneHistory, ZoneOutcome
from mailseal.planning.contributions import keys_of
from mailseal.planning.heritage import keys_in_heritage
from mailseal.planning.model import Claim, Observed, Owner, PlannedChange
from mailseal.providers.base import NotServed, ProviderError
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRsetKey

MAX_ROUNDS = 24
"""Times that a sync plans again after lost races or refusals before it leaves the rest to the next one."""


async def sync_zone(
    access: ZoneAccess, claims: Sequence[Claim], now: datetime, history: ZoneHistory | None = None
) -> ZoneOutcome:
    """Bring the records of `claims` in the zone to what they want and prove that all servers answer it.

    `claims` may be a part of the zone's claims, as long as all claims of one domain come together. Never
    raises a `ProviderError`: what failed is in the outcome, and what was not reached stays as it was.
    """
    ledger = Ledger()
    scopes = deque([tuple(claims)])
    rounds = 0
    while scopes and ledger.failure is None:
        scope = scopes.popleft()
        rounds += 1
        if rounds > MAX_ROUNDS:
            ledger.give_up()
            continue
        await _pause_before(rounds)
        try:
            again = await _round(access, scope, now, history or ZoneHistory(), ledger)
        except ProviderError as error:
            ledger.fail(error)
        else:
            scopes.extend(again)
    await confirm_answers(access, ledger)
    if ledger.failure is None and any(claim.awaits_switch for claim in claims):
        ledger.record_negative_caching(await access.observer.negative_caching_time())
    return ledger.outcome()


async def _round(
    access: ZoneAccess, scope: Sequence[Claim], now: datetime, history: ZoneHistory, ledger: Ledger
) -> list[tuple[Claim, ...]]:
    """One pass over `scope`; returns the scopes that need another."""
    scope, observed = await gather(access, scope, ledger)
    # Pure, but seconds of work for thousands of domains: the event loop must go on meanwhile.
    plan, refusal = await asyncio.to_thread(
        gate_deletions, access, scope, observed, now, history, deleted=ledger.deletes
    )
    ledger.record_plan(plan, scope, refusal)
    ledger.record_vanished(scope, observed)
    if access.settings.policy is SyncPolicy.DRY_RUN:
        ledger.record_dry_run(plan)
        return []
    applied = await apply_changes(access.provider, access.zone, plan.changes)
    shared = [planned for planned, _ in applied.refused if len(planned.owners) > 1]
    ledger.record_applied(applied)
    return [
        *_scope_to_repeat(scope, applied),
        *_scopes_of_lone_owners(scope, shared),
        *_scope_to_clean(scope, applied),
    ]


async def gather(
    access: ZoneAccess, scope: Sequence[Claim], ledger: Ledger
) -> tuple[Sequence[Claim], Observed]:
    """Read every RRset that `scope` may touch, and those that our heritage names besides.

    Claims that need a name which the zone does not serve are blocked and left out of the scope returned.
    """
    try:
        observed = await access.provider.read(access.zone, keys_of(scope))
    except NotServed as error:
        scope = [claim for claim in scope if not _block(claim, error, ledger)]
        observed = await access.provider.read(access.zone, keys_of(scope))
    named = keys_in_heritage(observed, access.settings.operator_id) - keys_of(scope)
    return scope, {**observed, **await _read_served(access, named)}


def _block(claim: Claim, error: NotServed, ledger: Ledger) -> bool:
    problem = next((text for key, text in error.faults.items() if key in keys_of([claim])), None)
    if problem is not None:
        ledger.block(claim.owner, problem)
    return problem is not None


async def _read_served(access: ZoneAccess, keys: frozenset[RRsetKey]) -> Observed:
    """The RRsets of `keys`; what the zone no longer serves is nothing of ours any more."""
    if not keys:
        return {}
    try:
        return await access.provider.read(access.zone, keys)
    except NotServed as error:
        return await access.provider.read(access.zone, keys - error.faults.keys())


def _scope_to_repeat(scope: Sequence[Claim], applied: Applied) -> list[tuple[Claim, ...]]:
    """What lost a race, or whose answer was lost: read and plan those domains once more."""
    repeated = _claims_beside(scope, [*applied.raced, *applied.unknown])
    return [repeated] if repeated else []


def _scope_to_clean(scope: Sequence[Claim], applied: Applied) -> list[tuple[Claim, ...]]:
    """A heritage record that was written ahead of removals still names them: plan those domains once more."""
    cleaned = _claims_beside(scope, [planned for planned in applied.written if planned.removes])
    return [cleaned] if cleaned else []


def _claims_beside(scope: Sequence[Claim], changes: Sequence[PlannedChange]) -> tuple[Claim, ...]:
    """All claims of the domains that the owners of `changes` are about."""
    owners = {owner for planned in changes for owner in planned.owners}
    domains = {claim.domain for claim in scope if claim.owner in owners}
    return tuple(claim for claim in scope if claim.domain in domains)


def _scopes_of_lone_owners(
    scope: Sequence[Claim], refused: Sequence[PlannedChange]
) -> list[tuple[Claim, ...]]:
    """Where several owners share a refused RRset, each tries alone, so that only the culprit is refused.

    The first scope has the first of these owners of every such domain, the next one the second, and so on:
    however many domains there are, there are few scopes.
    """
    sharing: dict[DnsName, list[Owner]] = {}
    owners = {owner for planned in refused for owner in planned.owners}
    for claim in sorted(scope, key=lambda claim: claim.owner.precedence):
        if claim.owner in owners:
            sharing.setdefault(claim.domain, []).append(claim.owner)
    turns = max(map(len, sharing.values()), default=0)
    return [
        _turn(scope, {domain: held for domain, held in sharing.items() if turn < len(held)}, turn)
        for turn in range(turns)
    ]


def _turn(scope: Sequence[Claim], sharing: Mapping[DnsName, Sequence[Owner]], turn: int) -> tuple[Claim, ...]:
    """The claims of the domains in `sharing`, of the owners that share only the one whose turn it is."""
    return tuple(
        claim
        for claim in scope
        if claim.domain in sharing
        and claim.owner not in {*sharing[claim.domain][:turn], *sharing[claim.domain][turn + 1 :]}
    )


async def _pause_before(rounds: int) -> None:
    """Wait a random moment before a further round, longer each time, so that racing writers part."""
    if rounds > 1:
        ceiling_seconds = min(0.01 * 2**rounds, 1.0)
        await asyncio.sleep(random.uniform(0, ceiling_seconds))  # noqa: S311 - spreads load, guards nothing
