"""The time of a DMARC rollout, as far as the operator's clock can be believed.

A stage begins, and ends, only while the clock agrees with the API server's: one that is wrong could make a
policy strict too early, and nothing makes it milder again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from mailseal.domain.maildomain import MailDomainSpec
from mailseal.kube.dkimworks import dkim_works
from mailseal.kube.dmarcstatus import FIELD, begins_stage, rollout_details
from mailseal.kube.objects import StoredObject
from mailseal.kube.runtime import Runtime
from mailseal.kube.serverclock import clock_agrees
from mailseal.planning.dmarc_rollout import ends_stage
from mailseal.planning.model import Claim, RecordOutcome
from mailseal.planning.policy_records import rollout_plan
from mailseal.records.errors import InvalidRecord


class RolloutClock:
    """Lets rollouts go on while the clock is right."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def timely(self, claims: Sequence[Claim | None]) -> list[Claim | None]:
        """The claims, without the time of stages that would end by a clock that may be wrong."""
        now = self._runtime.clock()
        due = [claim for claim in claims if claim and _ends_stage(claim, now)]
        if not due or await self._is_right():
            return list(claims)
        return [_without_time(claim) if claim in due else claim for claim in claims]

    async def details(
        self, resource: StoredObject, spec: MailDomainSpec, records: Sequence[RecordOutcome]
    ) -> dict[str, Any]:
        """What the status of a MailDomain says of its rollout after a sync."""
        works = dkim_works(self._runtime.store.about_domain(spec.domain_name))
        now, status = self._runtime.clock(), resource.status
        told = rollout_details(spec, status, records, now, works=works)
        if not begins_stage(told, status) or await self._is_right():
            return told
        if status.get(FIELD):
            return {}  # What it says stays: it was told by a clock that was right.
        return rollout_details(spec, status, records, now, works=works, may_begin=False)

    async def _is_right(self) -> bool:
        return await clock_agrees(self._runtime, "no DMARC rollout goes on")


def _ends_stage(claim: Claim, now: datetime) -> bool:
    spec, memory = claim.spec, claim.dmarc_rollout
    if memory is None or not isinstance(spec, MailDomainSpec) or spec.dmarc is None:
        return False
    try:
        return ends_stage(rollout_plan(spec.dmarc), memory, now)
    except InvalidRecord:
        return False


def _without_time(claim: Claim | None) -> Claim | None:
    if claim is None or claim.dmarc_rollout is None:
        return claim
    return replace(claim, dmarc_rollout=replace(claim.dmarc_rollout, since=None))
