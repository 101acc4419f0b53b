"""Resource record sets of the Cloud DNS API as our RRsets and back. Pure.

`rrdatas` are in presentation form, RFC 1035 section 5 and RFC 1034 section 3.6.1 (cloud.google.com/dns/docs/
reference/rest/v1/resourceRecordSets). A deletion has to repeat the set as it is stored, so the texts that the
API gave are kept, and values that stay are given back in the same text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mailseal.providers.keyfaults import key_faults
from mailseal.records.change import RRsetChange
from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName
from mailseal.records.rrset import Rdata, RecordType, RRset, RRsetKey, parse_rdata

_TYPES: Final = frozenset(map(str, RecordType))


class Unreadable(Exception):
    """A record set that mailseal cannot show as an RRset; the text says why."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A record set in the API's own words."""

    name: str
    ttl_seconds: int
    rrdatas: tuple[str, ...]

    def to_json(self, rtype: RecordType) -> dict[str, Any]:
        """The `ResourceRecordSet` of the API."""
        return {
            "name": self.name,
            "type": str(rtype),
            "ttl": self.ttl_seconds,
            "rrdatas": list(self.rrdatas),
        }


@dataclass(slots=True)
class Gathered:
    """What stands at the names that were asked for."""

    rrsets: dict[RRsetKey, RRset] = field(default_factory=dict)
    stored: dict[RRsetKey, Stored] = field(default_factory=dict)
    faults: dict[RRsetKey, str] = field(default_factory=dict)
    """The keys that cannot be read, and why."""


def decode(key: RRsetKey, body: Mapping[str, Any]) -> tuple[RRset, Stored]:
    """A record set of the API as the RRset of `key`. Raises `Unreadable`."""
    if body.get("routingPolicy"):
        raise Unreadable("it has a routing policy instead of records")
    rrdatas, ttl, name = body.get("rrdatas"), body.get("ttl"), body.get("name")
    if not isinstance(rrdatas, list) or not isinstance(ttl, int) or not isinstance(name, str):
        raise Unreadable("its content cannot be read")
    if not all(isinstance(text, str) for text in rrdatas):
        raise Unreadable("its content cannot be read")
    stored = Stored(name, ttl, tuple(rrdatas))
    try:
        values = tuple(parse_rdata(key.rtype, text) for text in stored.rrdatas)
        return RRset(key, ttl, values), stored
    except InvalidRecord as error:
        raise Unreadable(f"its content cannot be read: {error}") from None


def deletion(change: RRsetChange, stored: Stored) -> dict[str, Any]:
    """The set that a change removes, as it is stored."""
    return stored.to_json(change.key.rtype)


def addition(change: RRsetChange, after: RRset, stored: Stored | None) -> dict[str, Any]:
    """The set that a change leaves; what stays of the one before is in the texts that are stored."""
    kept: dict[Rdata, str] = {}
    if stored is not None:
        kept = {parse_rdata(change.key.rtype, text): text for text in stored.rrdatas}
    texts = tuple(kept.get(value, value.to_text()) for value in after.values)
    name = stored.name if stored is not None else change.key.name.fqdn
    return Stored(name, after.ttl_seconds, texts).to_json(change.key.rtype)


def owner_and_type(body: Mapping[str, Any]) -> tuple[DnsName, str]:
    """The name and the DNS type of a record set. Raises `Unreadable`."""
    try:
        return DnsName.parse(str(body.get("name"))), str(body.get("type"))
    except InvalidRecord as error:
        raise Unreadable(str(error)) from None


def gather(zone: DnsName, keys: Collection[RRsetKey], bodies: Iterable[Mapping[str, Any]]) -> Gathered:
    """The sets of `keys`, the CNAME at each of their names, and the keys that cannot be read."""
    result = Gathered()
    wanted = {*keys, *(RRsetKey(key.name, RecordType.CNAME) for key in keys)}
    delegated: set[DnsName] = set()
    unreadable: dict[RRsetKey, str] = {}
    for body in bodies:
        try:
            owner, kind = owner_and_type(body)
        except Unreadable:
            continue  # a name that we cannot write is none that we are asked for
        if kind == "NS" and owner != zone:
            delegated.add(owner)
        if kind not in _TYPES or (key := RRsetKey(owner, RecordType(kind))) not in wanted:
            continue
        try:
            result.rrsets[key], result.stored[key] = decode(key, body)
        except Unreadable as error:
            unreadable[key] = f"{key} cannot be used: {error}"
    result.faults = key_faults(zone, keys, delegated, unreadable)
    return result


def names_to_ask(zone: DnsName, keys: Iterable[RRsetKey]) -> tuple[DnsName, ...]:
    """The names to ask for one by one to read `keys`: each of them, and those above that may delegate it."""
    return tuple(
        dict.fromkeys(
            name
            for key in keys
            for name in key.name.ancestors()
            if name == key.name or (name != zone and name.is_within(zone))
        )
    )
