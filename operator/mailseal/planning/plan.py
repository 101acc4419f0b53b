"""The plan for one zone: from what is claimed and what is observed to the changes and what comes of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from mailseal.domain.provider import SyncPolicy
from mailseal.planning.contributions import wishes_of
from mailseal.planning.edits import value_changes
from mailseal.planning.fates import FateRules
from mailseal.planning.heritage import fingerprint, heritage_key
from mailseal.planning.journal import HeritageChange, Holding, Journal
from mailseal.planning.merge import settle
from mailseal.planning.model import Claim, Observed, Owner, PlannedChange, RememberedValue, ZonePlan
from mailseal.planning.outcomes import Decisions, outcomes_of
from mailseal.planning.ownership import Ownership, Stake, ownership_of
from mailseal.planning.parts import parts_of
from mailseal.planning.places import dkim_place
from mailseal.planning.selector_records import selector_place
from mailseal.planning.wishes import Wishes
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRsetKey
from mailseal.records.txt import TxtData

_Told = TypeVar("_Told")


def plan_zone(  # noqa: PLR0913 - everything that a plan depends on, by name
    zone: DnsName,
    claims: Sequence[Claim],
    observed: Observed,
    *,
    operator_id: str,
    heritage: bool,
    policy: SyncPolicy,
    now: datetime,
) -> ZonePlan:
    """What to write to `zone` for `claims`, and what their values come to.

    `observed` must hold what stands at `keys_of(claims)` and at `keys_in_heritage`: a key that is missing
    counts as empty. The claims may be some of the zone's: values of the others are left as they are. The
    changes are in the order in which they must be written, so that stopping after any of them is safe. With
    policy DryRun the plan is that of Sync. Raises `InvalidOperatorId`.
    """
    rules = _Rules(operator_id, heritage, policy is SyncPolicy.UPSERT_ONLY, now)
    plans = [
        _plan_part(zone, part.claims, part.observed, rules)
        for part in parts_of(claims, observed, operator_id)
    ]
    return ZonePlan(
        zone=zone,
        changes=tuple(change for plan in plans for change in plan.changes),
        outcomes=_joined(plan.outcomes for plan in plans),
        owned_values=sum(plan.owned_values for plan in plans),
        orphans=tuple(orphan for plan in plans for orphan in plan.orphans),
        warnings=_joined(plan.warnings for plan in plans),
        held=_joined(plan.held for plan in plans),
    )


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a plan depends on besides claims and zone."""

    operator_id: str
    heritage: bool
    upsert_only: bool
    now: datetime


def _joined(mappings: Iterable[Mapping[Owner, _Told]]) -> dict[Owner, _Told]:
    return {owner: told for mapping in mappings for owner, told in mapping.items()}


def _plan_part(zone: DnsName, claims: Sequence[Claim], observed: Observed, rules: _Rules) -> ZonePlan:
    """The plan for claims that share nothing with others."""
    ordered = sorted(claims, key=lambda claim: claim.owner.precedence)
    ownership = ownership_of(ordered, observed, rules.operator_id)
    wishes = {claim.owner: wishes_of(claim, observed, ownership, rules.now) for claim in ordered}
    decided = _decide(ordered, wishes, observed, ownership, upsert_only=rules.upsert_only)
    holdings = _holdings(decided, ordered)
    journal = Journal(
        rules.operator_id,
        observed,
        _leaving(decided),
        enabled=rules.heritage,
        upsert_only=rules.upsert_only,
    )
    return ZonePlan(
        zone=zone,
        changes=_changes(decided, journal, holdings, ordered),
        outcomes={claim.owner: outcomes_of(claim, wishes[claim.owner], decided) for claim in ordered},
        owned_values=len(decided.fates),
        orphans=_orphans(decided),
        warnings=_warnings(ordered, wishes, journal),
        held=_held(holdings, ordered),
    )


def _decide(
    claims: Sequence[Claim],
    wishes: Mapping[Owner, Wishes],
    observed: Observed,
    ownership: Ownership,
    *,
    upsert_only: bool,
) -> Decisions:
    wanted = [contribution for found in wishes.values() for contribution in found.contributions]
    verdicts = settle(wanted, observed, ownership, upsert_only=upsert_only)
    stakes = {claim.owner: Stake.of(claim) for claim in claims}
    fates = FateRules(ownership, verdicts, stakes, _outlived(claims), upsert_only).fates(observed)
    return Decisions(observed, ownership, verdicts, tuple(fates))


def _outlived(claims: Sequence[Claim]) -> frozenset[tuple[Stake, DnsName]]:
    """The names of the keys that have come to the end of their life."""
    return frozenset(
        (Stake.of(claim), place.key.name)
        for claim in claims
        for selector in claim.dkim_outlived
        if (place := selector_place(dkim_place, selector, claim.domain)) is not None
    )


def _holdings(decided: Decisions, claims: Sequence[Claim]) -> frozenset[Holding]:
    """Whose value is which once the plan is written: what is granted, and what stays besides."""
    stakes = {claim.owner: Stake.of(claim) for claim in claims}
    granted = (
        Holding(stakes[verdict.winner.owner], place.key, value.identity)
        for place, verdict in decided.verdicts.items()
        if (value := verdict.granted) is not None
    )
    staying = (
        Holding(keeper, fate.key, fate.value.identity) for fate in decided.fates for keeper in fate.keepers
    )
    return frozenset((*granted, *staying))


def _leaving(decided: Decisions) -> frozenset[tuple[RRsetKey, str]]:
    return frozenset((fate.key, fingerprint(fate.value.identity)) for fate in decided.fates if not fate.stays)


def _changes(
    decided: Decisions, journal: Journal, holdings: frozenset[Holding], claims: Sequence[Claim]
) -> tuple[PlannedChange, ...]:
    """All changes: heritage records that name new values, the values, heritage records that forget."""
    owners = {Stake.of(claim): claim.owner for claim in claims}
    found = [
        journal.change(domain, (holding for holding in holdings if holding.stake.domain == domain))
        for domain in sorted({claim.domain for claim in claims})
    ]
    heritage = [change for change in found if change is not None]
    first = (_heritage_change(change, owners) for change in heritage if change.goes_first)
    last = (_heritage_change(change, owners) for change in heritage if not change.goes_first)
    return (*first, *value_changes(decided, owners), *last)


def _heritage_change(change: HeritageChange, owners: Mapping[Stake, Owner]) -> PlannedChange:
    """The change with the owners whose entries it is about; with everybody there, if those are all absent."""
    present = {stake: owner for stake, owner in owners.items() if stake.domain == change.domain}
    named = frozenset(owner for stake, owner in present.items() if stake.digest in change.digests)
    return PlannedChange(change.change, named or frozenset(present.values()))


def _orphans(decided: Decisions) -> tuple[tuple[RRsetKey, str], ...]:
    """What is held by resources that are among no claim."""
    return tuple(
        (fate.key, fate.value.display if isinstance(fate.value, TxtData) else fate.value.to_text())
        for fate in decided.fates
        if decided.ownership.absent_holders(fate.key, fate.value)
    )


def _warnings(
    claims: Sequence[Claim], wishes: Mapping[Owner, Wishes], journal: Journal
) -> dict[Owner, tuple[str, ...]]:
    """What each resource's user should know, for those where there is something."""
    warnings = {claim.owner: _warnings_for(claim, wishes[claim.owner], journal) for claim in claims}
    return {owner: texts for owner, texts in warnings.items() if texts}


def _warnings_for(claim: Claim, wishes: Wishes, journal: Journal) -> tuple[str, ...]:
    attention = tuple(wish.message for wish in wishes.contributions if wish.message)
    if not journal.is_blocked(claim.domain):
        return (*wishes.warnings, *attention)
    blocked = (
        f"{heritage_key(claim.domain).name} is a CNAME, so mailseal cannot record there which values are "
        "its own; remove the CNAME"
    )
    return (*wishes.warnings, *attention, blocked)


def _held(holdings: frozenset[Holding], claims: Sequence[Claim]) -> dict[Owner, tuple[RememberedValue, ...]]:
    held: dict[Stake, list[RememberedValue]] = {}
    for holding in sorted(holdings, key=lambda holding: (holding.key, holding.identity)):
        held.setdefault(holding.stake, []).append(RememberedValue(holding.key, holding.identity))
    return {claim.owner: tuple(held.get(Stake.of(claim), ())) for claim in claims}
