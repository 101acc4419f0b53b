"""Making an answer out of the record sets that the API returned. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from azure.mgmt.dns.models import RecordSet

from mailseal.providers.azure.content import Mark, Unreadable, decode, mark_of, owner_and_type
from mailseal.providers.keyfaults import key_faults
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey

_TYPES: Final = frozenset(map(str, RecordType))


@dataclass(slots=True)
class Gathered:
    """What stands at the names that were asked for."""

    rrsets: dict[RRsetKey, RRset] = field(default_factory=dict)
    marks: dict[RRsetKey, tuple[RRset | None, Mark]] = field(default_factory=dict)
    """Also those of record sets without records, which hold their place all the same."""
    faults: dict[RRsetKey, str] = field(default_factory=dict)
    """The keys that cannot be read, and why."""


def gather(zone: DnsName, keys: Collection[RRsetKey], stored: Iterable[RecordSet]) -> Gathered:
    """The sets of `keys`, the CNAME at each of their names, and the keys that cannot be read."""
    result = Gathered()
    wanted = {*keys, *(RRsetKey(key.name, RecordType.CNAME) for key in keys)}
    delegated: set[DnsName] = set()
    unreadable: dict[RRsetKey, str] = {}
    for record_set in stored:
        try:
            owner, kind = owner_and_type(zone, record_set)
        except Unreadable:
            continue  # a name that we cannot write is none that we are asked for
        if kind == "NS" and owner != zone:
            delegated.add(owner)
        if kind not in _TYPES or (key := RRsetKey(owner, RecordType(kind))) not in wanted:
            continue
        try:
            _put(result, key, record_set)
        except Unreadable as error:
            unreadable[key] = f"{key} cannot be used: {error}"
    result.faults = key_faults(zone, keys, delegated, unreadable)
    return result


def _put(result: Gathered, key: RRsetKey, record_set: RecordSet) -> None:
    rrset, mark = decode(key, record_set), mark_of(record_set)
    result.marks[key] = (rrset, mark)
    if rrset is not None:
        result.rrsets[key] = rrset


def point_lookups(keys: Iterable[RRsetKey]) -> tuple[RRsetKey, ...]:
    """The record sets to ask for one by one to read `keys`: each of them and the CNAME beside it."""
    return tuple(
        dict.fromkeys(wanted for key in keys for wanted in (key, RRsetKey(key.name, RecordType.CNAME)))
    )
