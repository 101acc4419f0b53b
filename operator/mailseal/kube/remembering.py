"""What a status says was published. Pure; entries that cannot be read say nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from mailseal.planning.model import RecordOutcome, RecordState, RememberedValue
from mailseal.planning.places import Singleton, place_of, singleton_of
from mailseal.records.display import parse_displayed
from mailseal.records.months import Month
from mailseal.records.names import DnsName
from mailseal.records.nta7516 import NtaDates
from mailseal.records.rrset import RecordType, RRsetKey

WRITTEN_STATES = frozenset({RecordState.PUBLISHED, RecordState.PROPAGATING, RecordState.REMOVING})
"""States of a record that say that we wrote it."""


def shown_records(status: Mapping[str, Any]) -> Iterator[RecordOutcome]:
    """The records that a status shows, as far as it tells of them."""
    for record in status.get("records", ()):
        try:
            key = RRsetKey(DnsName.parse(record["name"]), RecordType(record["type"]))
            value, state = parse_displayed(key.rtype, record["value"]), RecordState(record["state"])
            yield RecordOutcome(key, value, state, message=record.get("message", ""))
        except (KeyError, ValueError):
            continue


def remembered_values(status: Mapping[str, Any]) -> Iterator[RememberedValue]:
    """The values that a status says were written; entries that cannot be read are nobody's."""
    for record in shown_records(status):
        if record.state in WRITTEN_STATES:
            yield RememberedValue(record.key, record.value.identity)


def domains_of_nta_records(status: Mapping[str, Any]) -> frozenset[DnsName]:
    """The domains at which NTA 7516 records were written."""
    return frozenset(found.key.name for found in remembered_values(status) if _is_nta_record(found))


@dataclass(frozen=True, slots=True)
class NtaMemory:
    """What a status says of the NTA 7516 record at one domain."""

    dates: NtaDates | None = None
    declared_on: date | None = None
    """When the declaration was signed that the record rests on."""


def nta_memory(status: Mapping[str, Any], domain: DnsName) -> NtaMemory:
    """What a status remembers of the record at `domain`."""
    entry = _nta_entry(status, domain)
    return NtaMemory(_dates(entry), _day(entry.get("declaredOn")))


def _nta_entry(status: Mapping[str, Any], domain: DnsName) -> Mapping[str, Any]:
    """What a status says of one domain; one without a list of domains is about the only one."""
    try:
        entries = status["domains"]
    except KeyError:
        return status
    return next((entry for entry in entries if entry.get("domain") == domain), {})


def _dates(entry: Mapping[str, Any]) -> NtaDates | None:
    try:
        return NtaDates(Month.parse(entry["startMonth"]), Month.parse(entry["endMonth"]))
    except (KeyError, ValueError):
        return None


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def _is_nta_record(found: RememberedValue) -> bool:
    value = found.value
    return (
        value is not None
        and found.key == place_of(Singleton.NTA7516, found.key.name).key
        and (singleton_of(value) is Singleton.NTA7516)
    )
