"""What a sync of one zone would do: gather and plan, without writing anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from mailseal.engine.ledger import Ledger
from mailseal.engine.safety import gate_deletions
from mailseal.engine.sync import gather
from mailseal.engine.zone import PlanRefusal, ZoneAccess, ZoneHistory
from mailseal.planning.model import Claim, Owner, ZonePlan
from mailseal.providers.base import ProviderError


@dataclass(frozen=True, slots=True)
class ZonePreview:
    """What a sync would write, as far as can be told before."""

    plan: ZonePlan | None
    """All changes, those included that the delete limit would hold back; None: the zone cannot be read."""
    refusal: PlanRefusal | None = None
    blocked: Mapping[Owner, str] = field(default_factory=dict)
    """Owners left out because a name that they need is not the zone's own, and what is wrong with it."""
    failure: ProviderError | None = None


async def preview_zone(
    access: ZoneAccess, claims: Sequence[Claim], now: datetime, history: ZoneHistory | None = None
) -> ZonePreview:
    """The plan that `sync_zone` would begin with. Never raises a `ProviderError`: it is in the preview."""
    ledger = Ledger()
    try:
        scope, observed = await gather(access, claims, ledger)
    except ProviderError as error:
        return ZonePreview(None, failure=error)
    known = history or ZoneHistory()
    plan, refusal = gate_deletions(access, scope, observed, now, known, deleted=0)
    if refusal:
        confirmed = access.settings.confirmed_plans | {refusal.digest}
        lifted = replace(access, settings=replace(access.settings, confirmed_plans=confirmed))
        plan, _ = gate_deletions(lifted, scope, observed, now, known, deleted=0)
    return ZonePreview(plan, refusal, ledger.outcome().blocked)
