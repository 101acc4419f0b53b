"""What the status of an NtaRecord says of its records, their renewal and the reviews. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from mailseal.domain.ntarecord import NtaRecordSpec, Renewal
from mailseal.domain.status import ConditionStatus
from mailseal.kube.conditions import Statement
from mailseal.kube.remembering import nta_memory
from mailseal.planning.model import RecordOutcome, RecordState
from mailseal.planning.nta_calendar import day_in, renewal_day
from mailseal.planning.nta_records import dates_of
from mailseal.planning.nta_reviews import overdue, reviews_of
from mailseal.planning.places import Singleton, place_of
from mailseal.planning.reasons import Reason
from mailseal.records.names import DnsName
from mailseal.records.nta7516 import NtaDates

RENEWAL = "Renewal"
"""True while nothing holds up the renewal of what is published; not there before the first publication."""
REVIEWS = "Reviews"
"""False while a yearly or two-yearly review is overdue (NTA 7516, 6.4.1)."""

_STANDING = frozenset({RecordState.PUBLISHED, RecordState.PROPAGATING})
HOLDS_UP_RENEWAL = (
    Reason.EXPIRED,
    Reason.PREREQUISITES_FAILED,
    Reason.DECLARATION_NEEDED,
    Reason.DECLARATION_MISSING,
    Reason.PREREQUISITES_UNKNOWN,
    Reason.CLOCK_UNCERTAIN,
)
"""What holds up a renewal, the worst first: no try ends it."""
_MONTHS = ("startMonth", "endMonth", "expiresOn", "declaredOn")
_UNDECIDED = frozenset({Reason.PREREQUISITES_UNKNOWN, Reason.CLOCK_UNCERTAIN})


@dataclass(frozen=True, slots=True)
class _DomainRecord:
    """The record at one domain."""

    domain: DnsName
    outcome: RecordOutcome | None
    dates: NtaDates | None
    """Those that are published, or that the status remembers while nothing is."""
    declared_on: date | None

    @property
    def stands(self) -> bool:
        """True for a record that is published."""
        return self.outcome is not None and self.outcome.state in _STANDING

    def to_entry(self) -> dict[str, str]:
        """This as a status shows it."""
        entry = {"domain": str(self.domain)}
        if self.outcome is not None:
            entry["state"] = str(self.outcome.state)
        return entry | _months(self.dates, self.declared_on)


def nta_details(
    spec: NtaRecordSpec, status: Mapping[str, Any], records: Sequence[RecordOutcome]
) -> dict[str, Any]:
    """The fields of a status that are an NtaRecord's own.

    Months stay in it while nothing is published for now: they are kept until renewal. A field that is None is
    removed from the status.
    """
    found = _domain_records(spec, status, records)
    dates = [record.dates for record in found if record.dates is not None]
    declared = [record.declared_on for record in found if record.declared_on is not None]
    first = min(dates, key=lambda known: known.end, default=None)
    return {
        "domains": [record.to_entry() for record in found],
        **dict.fromkeys(_MONTHS),
        **_months(first, min(declared, default=None)),
    }


def nta_statements(
    spec: NtaRecordSpec, status: Mapping[str, Any], records: Sequence[RecordOutcome], now: datetime
) -> tuple[Statement, ...]:
    """The conditions beside Ready."""
    standing = [record for record in _domain_records(spec, status, records) if record.stands]
    return (*_renewal(spec, standing), _reviews(spec, day_in(spec.zone_info, now)))


def _domain_records(
    spec: NtaRecordSpec, status: Mapping[str, Any], records: Sequence[RecordOutcome]
) -> list[_DomainRecord]:
    return [_domain_record(spec, status, records, domain) for domain in spec.all_domains]


def _domain_record(
    spec: NtaRecordSpec, status: Mapping[str, Any], records: Sequence[RecordOutcome], domain: DnsName
) -> _DomainRecord:
    key = place_of(Singleton.NTA7516, domain).key
    wanted = (record for record in records if record.key == key and record.state is not RecordState.REMOVING)
    outcome = next(wanted, None)
    memory = nta_memory(status, domain)
    published = dates_of(outcome.value) if outcome and outcome.state in _STANDING else None
    dates = published or memory.dates
    is_new = published is not None and (published != memory.dates or memory.declared_on is None)
    declared = spec.declaration.signed_on if is_new and spec.declaration else memory.declared_on
    return _DomainRecord(domain, outcome, dates, declared)


def _months(dates: NtaDates | None, declared_on: date | None) -> dict[str, str]:
    told: dict[str, str] = {}
    if dates is not None:
        told |= {
            "startMonth": str(dates.start),
            "endMonth": str(dates.end),
            "expiresOn": dates.last_day.isoformat(),
        }
    if declared_on is not None:
        told["declaredOn"] = declared_on.isoformat()
    return told


def _renewal(spec: NtaRecordSpec, standing: Sequence[_DomainRecord]) -> Iterator[Statement]:
    troubled = [record for record in standing if record.outcome and record.outcome.reason in HOLDS_UP_RENEWAL]
    dated = [(record, record.dates) for record in standing if record.dates]
    if troubled:
        yield _held_up(troubled)
    elif dated:
        first = min(dated, key=lambda found: found[1].end)
        yield Statement(RENEWAL, ConditionStatus.TRUE, "NotDue", _not_due(spec, *first))


def _held_up(troubled: Sequence[_DomainRecord]) -> Statement:
    outcomes = [(record.domain, record.outcome) for record in troubled if record.outcome]
    reason = min((Reason(found.reason) for _, found in outcomes), key=HOLDS_UP_RENEWAL.index)
    status = ConditionStatus.UNKNOWN if reason in _UNDECIDED else ConditionStatus.FALSE
    by_message: dict[str, list[str]] = {}
    for domain, found in outcomes:
        by_message.setdefault(found.message, []).append(str(domain))
    texts = (f"{', '.join(domains)}: {message}" for message, domains in by_message.items())
    return Statement(RENEWAL, status, reason, "; ".join(texts))


def _not_due(spec: NtaRecordSpec, record: _DomainRecord, dates: NtaDates) -> str:
    due_on = renewal_day(spec, dates)
    text = f"{record.domain} is valid through {dates.last_day} and is renewed from {due_on} on"
    if spec.renewal is Renewal.MANUAL:
        text += f", once spec.declaration is newer than the one of {record.declared_on}"
    return text


def _reviews(spec: NtaRecordSpec, today: date) -> Statement:
    late = overdue(spec, today)
    if late:
        texts = (
            f"the {review.name} review was due by {review.due_on}: hold it and fill in "
            f"spec.reviews.{review.field} (NTA 7516, 6.4.1)"
            for review in late
        )
        return Statement(REVIEWS, ConditionStatus.FALSE, "ReviewOverdue", "; ".join(texts))
    for review in reviews_of(spec)[:1]:
        text = f"the next one is the {review.name} review, due by {review.due_on} (NTA 7516, 6.4.1)"
        return Statement(REVIEWS, ConditionStatus.TRUE, "UpToDate", text)
    text = "fill in spec.declaration, or the days of the last reviews in spec.reviews"
    return Statement(REVIEWS, ConditionStatus.UNKNOWN, "DeclarationMissing", text)
