"""The life of an NTA 7516 record: first publication, renewal, and what holds them up.

What stands is never taken away by it, valid or over: a record that cannot be renewed stays until it can.
Pure: the clock is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from mailseal.domain.ntarecord import NtaRecordSpec, Renewal
from mailseal.planning.nta_calendar import KnownDates, Months, day_in, months_of
from mailseal.planning.nta_gate import PrerequisiteFinding, gate
from mailseal.planning.reasons import Reason
from mailseal.records.nta7516 import NtaDates

DECLARE = (
    "publish the record only after the organisation signed the NTA 7516 self-declaration: "
    "fill in spec.declaration with signedOn and reference"
)
_CHANGE_START = "take spec.startMonth out, or set it to the month in which the record is to start"


@dataclass(frozen=True, slots=True)
class NtaFacts:
    """Everything besides the spec that the life of a record depends on."""

    now: datetime
    dates: KnownDates = field(default_factory=KnownDates)
    rests_on: date | None = None
    """When the declaration was signed that the published record rests on; None: nobody remembers."""
    findings: tuple[PrerequisiteFinding, ...] = ()
    clock_agrees: bool = True
    """The clock was compared with another one, or is the only one."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps a record from being published first, or renewed."""

    reason: Reason
    message: str


_CLOCK_UNCERTAIN = Obstacle(
    Reason.CLOCK_UNCERTAIN,
    "the clock of the operator and that of the API server are more than 2 minutes apart, or could not be "
    "compared: set the clocks right",
)


@dataclass(frozen=True, slots=True)
class NtaDecision:
    """What to publish now."""

    dates: NtaDates
    """The months of the record."""
    is_held_back: bool = False
    """Nothing may be written: what stands stays as it is, and where nothing stands, nothing is published."""
    obstacle: Obstacle | None = None
    """What is in the way of what is due, or the matter with what stands."""
    warnings: tuple[str, ...] = ()
    """What the user should know although it holds up nothing."""


def decide(spec: NtaRecordSpec, facts: NtaFacts) -> NtaDecision:
    """Which months the record has now, and what is in the way of those that are due.

    Raises `InvalidRecord` for months past the calendar.
    """
    today = day_in(spec.zone_info, facts.now)
    months = months_of(spec, facts.dates, today)
    undeclared = None if spec.declaration else Obstacle(Reason.DECLARATION_MISSING, DECLARE)
    obstacle = undeclared or (_obstacle(spec, facts, months, today) if months.are_due else None)
    warnings = gate(spec.prerequisites, facts.findings).warnings
    if months.kept is None:
        return NtaDecision(months.wanted, obstacle is not None, obstacle, warnings)
    if obstacle is None:
        return NtaDecision(months.wanted, warnings=warnings)
    if facts.clock_agrees and months.kept.last_day < today:
        obstacle = _expired(months.kept, obstacle)
    return NtaDecision(months.kept, undeclared is not None, obstacle, warnings)


def _obstacle(spec: NtaRecordSpec, facts: NtaFacts, months: Months, today: date) -> Obstacle | None:
    """What keeps the wanted months from being published; the most general first."""
    return (
        _awaits_signature(spec, facts, today)
        or _awaits_declaration(spec, facts, months, today)
        or _awaits_checks(spec, facts, months)
        or (None if facts.clock_agrees else _CLOCK_UNCERTAIN)
    )


def _awaits_signature(spec: NtaRecordSpec, facts: NtaFacts, today: date) -> Obstacle | None:
    """A declaration that is still to be signed counts for nothing, if the clock is right."""
    signed_on = spec.declaration.signed_on if spec.declaration else today
    if signed_on <= today:
        return None
    if not facts.clock_agrees:
        return _CLOCK_UNCERTAIN
    message = f"spec.declaration.signedOn is {signed_on}, which is yet to come: {DECLARE}"
    return Obstacle(Reason.DECLARATION_MISSING, message)


def _awaits_declaration(spec: NtaRecordSpec, facts: NtaFacts, months: Months, today: date) -> Obstacle | None:
    """Manual renewal: whatever follows a record rests on a newer declaration than that one."""
    if spec.renewal is not Renewal.MANUAL or spec.declaration is None:
        return None
    wished = spec.first_month
    if months.kept is None and facts.rests_on is None:
        if wished is None or wished.plus(spec.validity_months).last_day >= today:
            return None
        return Obstacle(Reason.EXPIRED, f"the months from {wished} on are over: {_CHANGE_START}")
    rests_on = facts.rests_on or _not_signed_after(months.kept, spec.declaration.signed_on)
    if spec.declaration.signed_on > rests_on:
        return None
    return Obstacle(
        Reason.DECLARATION_NEEDED,
        f"spec.renewal is Manual and the record rests on the declaration of {rests_on}: have the "
        "organisation sign the NTA 7516 self-declaration anew and fill in spec.declaration with its signedOn "
        "and reference",
    )


def _not_signed_after(kept: NtaDates | None, signed_on: date) -> date:
    """The last day on which the declaration can have been signed that a record rests on.

    A record is placed once the declaration is signed, and begins in the month of placing (ZorgMail manual,
    January 2025): one that was signed after that month is newer than the one it rests on.
    """
    return min(signed_on, kept.start.last_day) if kept else signed_on


def _awaits_checks(spec: NtaRecordSpec, facts: NtaFacts, months: Months) -> Obstacle | None:
    checks = gate(spec.prerequisites, facts.findings)
    if checks.is_open:
        return None
    what = "published" if months.kept is None else "renewed"
    reason = Reason.PREREQUISITES_FAILED if checks.failed else Reason.PREREQUISITES_UNKNOWN
    return Obstacle(reason, f"the record is not {what} yet: {checks.message}")


def _expired(kept: NtaDates, why: Obstacle) -> Obstacle:
    return Obstacle(
        Reason.EXPIRED,
        f"the last month of the NTA 7516 record, {kept.end}, is over, so other systems no longer take the "
        f"domain as ready; it is renewed as soon as this is done: {why.message}",
    )
