"""How far the rollout of DMARC is, from a status and for a status. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mailseal.domain.maildomain import MailDomainSpec
from mailseal.kube.conditions import timestamp
from mailseal.planning.dmarc_rollout import (
    RolloutFacts,
    RolloutMemory,
    dmarc_records,
    remembered,
)
from mailseal.planning.model import RecordOutcome, RecordState
from mailseal.planning.places import Singleton, place_of
from mailseal.planning.policy_records import rollout_plan
from mailseal.records.dmarc import DmarcPolicy
from mailseal.records.errors import InvalidRecord
from mailseal.records.txt import TxtData

FIELD = "dmarcRollout"
_WRITTEN = frozenset({RecordState.PUBLISHED, RecordState.PROPAGATING})


@dataclass(frozen=True, slots=True)
class _Published:
    """The policy that was written for a MailDomain."""

    policy: DmarcPolicy | None
    confirmed: bool


def rollout_memory(status: Mapping[str, Any]) -> RolloutMemory | None:
    """What a status remembers; None when it remembers nothing that can be read."""
    told: Any = status.get(FIELD)
    try:
        since = datetime.fromisoformat(told["since"]) if told.get("since") else None
        if since and since.tzinfo is None:
            since = since.replace(tzinfo=UTC)
        return RolloutMemory(int(told["stage"]), DmarcPolicy(told["policy"]), since)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def rollout_details(
    spec: MailDomainSpec,
    status: Mapping[str, Any],
    records: Sequence[RecordOutcome],
    now: datetime,
    *,
    works: bool,
    may_begin: bool = True,
) -> dict[str, Any]:
    """The field of the status that is about the rollout; None where there is none, which removes it.

    Without `may_begin` no stage's time begins now.
    """
    if spec.dmarc is None or spec.dmarc.rollout is None:
        return {FIELD: None}
    try:
        plan = rollout_plan(spec.dmarc)
    except InvalidRecord:
        return {}
    published = _published(spec, records)
    facts = RolloutFacts(now, works, memory=rollout_memory(status))
    memory, due = remembered(plan, facts, published.policy, confirmed=published.confirmed and may_begin)
    told: dict[str, Any] = {"stage": memory.stage, "policy": str(memory.policy)}
    if memory.since:
        told["since"] = timestamp(memory.since)
    if due:
        told["next"] = timestamp(due)
    return {FIELD: _with_removals(told, status.get(FIELD))}


def begins_stage(details: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    """True when `details` have the time of a stage begin which does not run by `status`."""
    told: Any = details.get(FIELD) or {}
    known: Any = status.get(FIELD) or {}
    return bool(told.get("since")) and told["since"] != known.get("since")


def _published(spec: MailDomainSpec, records: Iterable[RecordOutcome]) -> _Published:
    key = place_of(Singleton.DMARC, spec.domain_name).key
    for record in records:
        if record.key == key and record.state in _WRITTEN and isinstance(record.value, TxtData):
            for found in dmarc_records([record.value.text]):
                return _Published(found.policy, record.state is RecordState.PUBLISHED)
    return _Published(None, confirmed=False)


def _with_removals(told: Mapping[str, Any], stored: Any) -> Mapping[str, Any]:
    """`told` so that a merge patch takes out what it no longer says; unchanged where it says the same."""
    if not isinstance(stored, Mapping) or told == stored:
        return told
    return {**{name: None for name in stored if name not in told}, **told}
