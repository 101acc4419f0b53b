"""From resources as the API server has them to what the report shows of them. Pure.

A resource that cannot be understood is named in the report and takes nothing else with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.ntarecord import NtaRecordSpec, Renewal
from mailseal.domain.specs import InvalidSpec, parse_spec
from mailseal.domain.status import (
    Condition,
    ConditionStatus,
    DkimKeyStatus,
    NtaDomainStatus,
    NtaRecordStatus,
)
from mailseal.planning.nta_calendar import day_in, renewal_day
from mailseal.planning.nta_reviews import reviews_of
from mailseal.records.errors import InvalidRecord
from mailseal.records.months import Month
from mailseal.records.names import DnsName
from mailseal.records.nta7516 import NtaDates
from mailseal.reporting.model import KeyEntry, NtaEntry, ReviewEntry, Unread

_READY, _RENEWAL = "Ready", "Renewal"


@dataclass(frozen=True, slots=True)
class Resources:
    """What the report takes from a cluster."""

    keys: tuple[KeyEntry, ...] = ()
    records: tuple[NtaEntry, ...] = ()
    unread: tuple[Unread, ...] = ()


def read_bodies(bodies: Iterable[Mapping[str, Any]], now: datetime) -> Resources:
    """What the DkimKeys and NtaRecords among `bodies` say at `now`; other kinds are passed over."""
    keys: list[KeyEntry] = []
    records: list[NtaEntry] = []
    unread: list[Unread] = []
    for body in bodies:
        try:
            if body.get("kind") == "DkimKey":
                keys += _keys_of(body)
            elif body.get("kind") == "NtaRecord":
                records += _records_of(body, now)
        except (InvalidSpec, InvalidRecord, ValidationError) as error:
            unread.append(Unread(_called(body), _why(error)))
    return Resources(
        tuple(sorted(keys, key=lambda key: (key.domain, key.selector))),
        tuple(sorted(records, key=lambda record: (record.domain, record.resource))),
        tuple(unread),
    )


def _keys_of(body: Mapping[str, Any]) -> Iterator[KeyEntry]:
    spec = parse_spec("DkimKey", _mapping(body.get("spec")))
    assert isinstance(spec, DkimKeySpec)  # noqa: S101 - what parse_spec promises
    status = DkimKeyStatus.model_validate(_mapping(body.get("status")))
    for key in status.keys:
        yield KeyEntry(
            resource=_called(body),
            domain=DnsName.parse(spec.domain),
            selector=key.selector,
            algorithm=key.algorithm,
            bits=key.size,
            state=key.state or "",
            since=key.published_since or key.since,
            next_rotation=status.next_rotation if key.selector in status.signing_selectors else None,
        )


def _records_of(body: Mapping[str, Any], now: datetime) -> Iterator[NtaEntry]:
    spec = parse_spec("NtaRecord", _mapping(body.get("spec")))
    assert isinstance(spec, NtaRecordSpec)  # noqa: S101 - what parse_spec promises
    status = NtaRecordStatus.model_validate(_mapping(body.get("status")))
    known = {entry.domain: entry for entry in status.domains}
    for domain in spec.all_domains:
        yield _record(body, spec, status, known.get(domain, _shared(status, domain)), now)


def _shared(status: NtaRecordStatus, domain: DnsName) -> NtaDomainStatus:
    """What the status says of a domain that it does not list: what it says of all."""
    return NtaDomainStatus(
        domain=domain,
        start_month=None if status.domains else status.start_month,
        end_month=None if status.domains else status.end_month,
        expires_on=None if status.domains else status.expires_on,
        declared_on=None if status.domains else status.declared_on,
    )


def _record(
    body: Mapping[str, Any],
    spec: NtaRecordSpec,
    status: NtaRecordStatus,
    standing: NtaDomainStatus,
    now: datetime,
) -> NtaEntry:
    start = Month.parse(standing.start_month) if standing.start_month else None
    end = Month.parse(standing.end_month) if standing.end_month else None
    dates = NtaDates(start, end) if start and end else None
    declaration = spec.declaration
    return NtaEntry(
        resource=_called(body),
        domain=DnsName.parse(standing.domain),
        provider=spec.provider,
        start=start,
        end=end,
        expires_on=dates.last_day if dates else standing.expires_on,
        renews_from=renewal_day(spec, dates) if dates else None,
        is_manual=spec.renewal is Renewal.MANUAL,
        reference=declaration.reference if declaration else "",
        signed_on=declaration.signed_on if declaration else None,
        rests_on=standing.declared_on,
        sha256=(declaration.sha256 or "") if declaration else "",
        reviews=_reviews(spec, day_in(spec.zone_info, now)),
        ready_message=_complaint(status.conditions, _READY),
        renewal_message=_complaint(status.conditions, _RENEWAL),
    )


def _reviews(spec: NtaRecordSpec, today: date) -> tuple[ReviewEntry, ...]:
    return tuple(
        ReviewEntry(review.name, review.due_on, review.due_on < today) for review in reviews_of(spec)
    )


def _complaint(conditions: Iterable[Condition], kind: str) -> str:
    """What a condition that does not hold says."""
    for condition in conditions:
        if condition.type == kind and condition.status is not ConditionStatus.TRUE:
            return condition.message or condition.reason
    return ""


def _called(body: Mapping[str, Any]) -> str:
    meta = _mapping(body.get("metadata"))
    return f"{body.get('kind')} {meta.get('namespace') or 'default'}/{meta.get('name')}"


def _why(error: InvalidSpec | InvalidRecord | ValidationError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    fault = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return f"status.{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
