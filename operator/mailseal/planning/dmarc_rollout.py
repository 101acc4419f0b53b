"""Which DMARC policy to publish now: none stricter than DKIM bears, none milder than what stands.

A policy stricter than none has receivers refuse mail that fails DMARC (RFC 9989 section 4.7), so it waits
until the domain's mail can be signed. A rollout comes to the policy of the spec in stages that last a given
time each. Pure: the clock is an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailseal.records.dmarc import Dmarc, DmarcPolicy, Scope
from mailseal.records.errors import InvalidRecord

_STRICTNESS = tuple(DmarcPolicy)

DKIM_CEASED = (
    "DKIM does not work: none of the domain's selectors works now, so that its mail passes DMARC by SPF alone"
)


@dataclass(frozen=True, slots=True)
class Stage:
    """A policy for some time; `lasts` None: for good."""

    policy: DmarcPolicy
    lasts: timedelta | None = None


@dataclass(frozen=True, slots=True)
class RolloutMemory:
    """What a status remembers of a rollout."""

    stage: int
    """Counts from 1."""
    policy: DmarcPolicy
    """The policy of that stage, as it was then: one that differs from the spec's belongs to another plan."""
    since: datetime | None = None
    """Since when its time runs; None while it does not."""


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    """What the spec asks for."""

    record: Dmarc
    """The record of the last stage."""
    stages: tuple[Stage, ...] = ()
    """What comes before it."""
    waits_for_dkim: bool = True

    @property
    def all_stages(self) -> tuple[Stage, ...]:
        """The stages with the last one, which is the record's own policy."""
        return (*self.stages, Stage(self.record.policy))


@dataclass(frozen=True, slots=True)
class RolloutFacts:
    """What is the case now."""

    now: datetime
    dkim_works: bool
    standing: tuple[Dmarc, ...] = ()
    """The DMARC records that stand at the domain."""
    memory: RolloutMemory | None = None


@dataclass(frozen=True, slots=True)
class RolloutDecision:
    """What to publish now."""

    record: Dmarc
    stage: int
    """Counts from 1."""
    waiting: str = ""
    """Why what is asked for has to wait for DKIM, for people; empty when it has not."""
    remark: str = ""
    """What the user should know although nothing is in the way."""


def decide(plan: RolloutPlan, facts: RolloutFacts) -> RolloutDecision:
    """The record to publish now. A stage moves on by one at a time, when its time is over and DKIM works."""
    may_move = facts.dkim_works or not plan.waits_for_dkim
    index = _stage_now(plan, facts, may_move)
    ceiling = plan.all_stages[index].policy if may_move else DmarcPolicy.NONE
    if may_move and index == len(plan.stages):
        ceiling = _STRICTNESS[-1]
    record = _limited(plan.record, ceiling, facts.standing)
    decision = RolloutDecision(record, index + 1)
    if record != plan.record and not may_move:
        return replace(decision, waiting=_waiting(record))
    if record != plan.record:
        return replace(decision, remark=_progress(plan, index, record))
    return replace(decision, remark="" if facts.dkim_works or not _is_strict(record) else DKIM_CEASED)


def remembered(
    plan: RolloutPlan, facts: RolloutFacts, published: DmarcPolicy | None, *, confirmed: bool
) -> tuple[RolloutMemory, datetime | None]:
    """What the status shall remember, and when the next stage is due (None: not by the clock alone).

    `published` is the policy that was written for the resource, if one was, and `confirmed` that all
    authoritative servers answer it. The time of a stage begins when they do, and runs while DKIM works.
    """
    index = _stage_reached(plan, facts, () if published is None else (published,))
    stage = plan.all_stages[index]
    may_move = facts.dkim_works or not plan.waits_for_dkim
    is_published = published is not None and _level(published) >= _level(stage.policy)
    if not may_move or not is_published or stage.lasts is None:
        return RolloutMemory(index + 1, stage.policy), None
    since = _since(plan, facts, index) or (facts.now if confirmed else None)
    if since is None:
        return RolloutMemory(index + 1, stage.policy), None
    return RolloutMemory(index + 1, stage.policy, since), since + stage.lasts


def ends_stage(plan: RolloutPlan, memory: RolloutMemory, now: datetime) -> bool:
    """True when by the memory the time of its stage is over at `now`."""
    if memory.since is None or not _fits(memory, plan):
        return False
    lasts = plan.all_stages[memory.stage - 1].lasts
    return lasts is not None and now - memory.since >= lasts


def dmarc_records(texts: Iterable[str]) -> tuple[Dmarc, ...]:
    """The records among the joined TXT values of `_dmarc.<domain>`; what does not parse is none."""
    found = []
    for text in texts:
        try:
            found.append(Dmarc.parse(text))
        except InvalidRecord:
            continue
    return tuple(found)


def _stage_now(plan: RolloutPlan, facts: RolloutFacts, may_move: bool) -> int:
    index = _stage_reached(plan, facts, tuple(record.policy for record in facts.standing))
    since, lasts = _since(plan, facts, index), plan.all_stages[index].lasts
    is_over = since is not None and lasts is not None and facts.now - since >= lasts
    return index + 1 if is_over and may_move else index


def _stage_reached(plan: RolloutPlan, facts: RolloutFacts, standing: Sequence[DmarcPolicy]) -> int:
    """The index of the stage in the status, or of that whose policy stands where this is further."""
    memory = facts.memory
    index = memory.stage - 1 if memory and _fits(memory, plan) else 0
    strictest = max(standing, key=_level, default=DmarcPolicy.NONE)
    stages = plan.all_stages
    by_policy = [number for number, stage in enumerate(stages) if _level(stage.policy) <= _level(strictest)]
    found = max(by_policy, key=lambda number: (_level(stages[number].policy), -number), default=0)
    return max(index, found) if _level(stages[found].policy) > _level(stages[index].policy) else index


def _fits(memory: RolloutMemory, plan: RolloutPlan) -> bool:
    stages = plan.all_stages
    return 1 <= memory.stage <= len(stages) and stages[memory.stage - 1].policy is memory.policy


def _since(plan: RolloutPlan, facts: RolloutFacts, index: int) -> datetime | None:
    """Since when the time of the stage runs; a moment in the future is one of a clock that was put back."""
    memory = facts.memory
    if memory is None or memory.since is None or not _fits(memory, plan) or memory.stage != index + 1:
        return None
    return min(memory.since, facts.now)


def _limited(target: Dmarc, ceiling: DmarcPolicy, standing: Sequence[Dmarc]) -> Dmarc:
    """`target` with no policy stricter than `ceiling`, unless such a policy stands already."""
    held = [_policies(record, lowered=record.testing and not target.testing) for record in standing]
    policy, below, nowhere = (
        _limit(wanted, ceiling, [policies[scope] for policies in held])
        for scope, wanted in enumerate(_policies(target))
    )
    return replace(
        target,
        policy=policy,
        subdomain_policy=below if target.subdomain_policy or below is not policy else None,
        nonexistent_policy=nowhere if target.nonexistent_policy or nowhere is not below else None,
    )


def _limit(wanted: DmarcPolicy, ceiling: DmarcPolicy, standing: Iterable[DmarcPolicy]) -> DmarcPolicy:
    return min(wanted, max((ceiling, *standing), key=_level), key=_level)


def _policies(record: Dmarc, *, lowered: bool = False) -> tuple[DmarcPolicy, ...]:
    """The policies for the domain, existing subdomains and others; `lowered`: as `t=y` makes them."""
    shown = record if lowered else replace(record, testing=False)
    return tuple(shown.effective_policy(scope) for scope in Scope)


def _is_strict(record: Dmarc) -> bool:
    return any(policy is not DmarcPolicy.NONE for policy in _policies(record))


def _level(policy: DmarcPolicy) -> int:
    return _STRICTNESS.index(policy)


def _waiting(record: Dmarc) -> str:
    return (
        "DKIM does not work yet: none of the domain's selectors is published and in use, so that the policy "
        f"stays p={record.policy}; create a DkimKey for the domain, list selectors that others run in "
        "spec.dkim.externalSelectors, or set spec.dmarc.waitForDkim: false"
    )


def _progress(plan: RolloutPlan, index: int, record: Dmarc) -> str:
    count = len(plan.all_stages)
    return f"the DMARC rollout is at stage {index + 1} of {count} with p={record.policy}"
