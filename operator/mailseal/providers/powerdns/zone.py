"""A zone as the API describes it, and a change of it as the API takes it. Pure.

Source: PowerDNS documentation, "Zones", objects Zone, RRSet and Record, and "Zones endpoint",
`PATCH /servers/{server_id}/zones/{zone_id}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mailseal.providers.base import Unavailable
from mailseal.records.change import RRsetChange
from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, Rdata, RecordType, RRset, RRsetKey, rrset_of
from mailseal.records.txt import MAX_STRING_BYTES, TxtData

_OURS: Final = frozenset(RecordType)
_COPIED_KINDS: Final = frozenset({"slave", "secondary", "consumer"})
_PLAIN_NAME: Final = re.compile(r"(?:[A-Za-z0-9_*/-]+\.)+")
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\[0-9]{3}|\\[^0-9])*"', re.DOTALL)
_BYTE: Final = re.compile(rb"\\[0-9]{3}|\\[^0-9]|[^\\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One record as PowerDNS keeps it."""

    content: str
    """In presentation form; one character for each byte (Latin-1)."""
    disabled: bool
    """Kept in the zone's data, but not served."""


@dataclass(frozen=True, slots=True)
class StoredZone:
    """One zone with the RRsets of the types that mailseal handles, and what it has to know of the rest."""

    name: DnsName
    kind: str
    """Native, Master or Primary, Slave or Secondary, Producer, Consumer."""
    needs_rectify: bool
    """It is signed by PowerDNS, which does not put new names in order by itself (`api_rectify`)."""
    rrsets: Mapping[RRsetKey, RRset] = field(default_factory=dict)
    """What is served: without disabled records."""
    unreadable: Mapping[RRsetKey, str] = field(default_factory=dict)
    """Why a set cannot be read."""
    records: Mapping[RRsetKey, tuple[StoredRecord, ...]] = field(default_factory=dict)
    """Every record of those sets, disabled ones too."""
    cuts: frozenset[DnsName] = frozenset()
    """Names below the apex with NS records, at which the zone delegates."""
    names_with_others: frozenset[DnsName] = frozenset()
    """Names with served records of types besides ours."""

    @property
    def is_copy(self) -> bool:
        """True when PowerDNS fetches the zone from a primary, so that a change would be overwritten."""
        return is_copied(self.kind)


def is_copied(kind: str) -> bool:
    """True for the kinds of zones that PowerDNS fetches from elsewhere."""
    return kind.lower() in _COPIED_KINDS


def zone_id(zone: DnsName) -> str:
    """The id of a zone in a URL: its name, with `=HH` for what is no letter, digit, `-`, `.` or `_`."""
    name = zone.fqdn.encode()
    plain = b"abcdefghijklmnopqrstuvwxyz0123456789-._"
    return "=2E" if name == b"." else "".join(chr(b) if b in plain else f"={b:02X}" for b in name)


def parse_json(body: bytes) -> Any:
    """JSON with one character for each byte outside ASCII, since PowerDNS copies what its database holds.

    Raises `Unavailable` when it is none: something else than PowerDNS answers.
    """
    try:
        return json.loads(body.decode("latin-1"))
    except (ValueError, RecursionError):
        raise Unavailable("the answer is not JSON: is url that of PowerDNS's API?") from None


def parse_zone(zone: DnsName, body: bytes) -> StoredZone:
    """The zone in the answer to `GET zones/{zone_id}`. Raises `Unavailable` for anything else."""
    described = parse_json(body)
    try:
        if DnsName.parse(described["name"]) != zone:
            raise Unavailable(f"PowerDNS was asked for {zone} and answered for {described['name']!r}")
        return _zone(zone, described)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Unavailable(f"the answer for {zone} is not a zone: is url that of PowerDNS's API?") from None


def parse_kinds(body: bytes) -> dict[DnsName, str]:
    """The zones in the answer to `GET zones`, each with its kind. Raises `Unavailable` for anything else."""
    described = parse_json(body)
    try:
        if isinstance(described, list):
            return {_name(each["name"]): str(each["kind"]) for each in described}
    except (KeyError, TypeError, ValueError, AttributeError):
        pass
    raise Unavailable("the answer is not a list of zones: is url that of PowerDNS's API?")


def patch_body(stored: StoredZone, changes: Sequence[RRsetChange]) -> dict[str, object]:
    """The body of one PATCH that makes all changes; deletions first, so that a CNAME can take a name over.

    Disabled records stay; one that is to be served is enabled. Comments stay, since none is sent. A set that
    goes entirely takes its comments along.
    """
    ordered = sorted(changes, key=lambda change: change.after is not None)
    return {"rrsets": [_patched(change, stored.records.get(change.key, ())) for change in ordered]}


def _zone(zone: DnsName, described: Mapping[str, Any]) -> StoredZone:
    sets = [(_rrset_name(each), each) for each in described.get("rrsets", ())]
    records = {
        RRsetKey(name, RecordType(each["type"])): _records(each)
        for name, each in sets
        if name is not None and each["type"] in _OURS
    }
    ttls = {(name, each["type"]): each["ttl"] for name, each in sets}
    found, unreadable = _readable(records, {key: int(ttls[key.name, key.rtype]) for key in records})
    others = [
        (name, each["type"])
        for name, each in sets
        if name is not None and each["type"] not in _OURS and _served(_records(each))
    ]
    return StoredZone(
        name=zone,
        kind=str(described["kind"]),
        needs_rectify=bool(described.get("dnssec")) and not described.get("api_rectify"),
        rrsets=found,
        unreadable=unreadable,
        records=records,
        cuts=frozenset(name for name, rtype in others if rtype == "NS" and name != zone),
        names_with_others=frozenset(name for name, _ in others),
    )


def _readable(
    records: Mapping[RRsetKey, Sequence[StoredRecord]], ttls: Mapping[RRsetKey, int]
) -> tuple[dict[RRsetKey, RRset], dict[RRsetKey, str]]:
    """The sets that are served, and why others cannot be read."""
    found: dict[RRsetKey, RRset] = {}
    unreadable: dict[RRsetKey, str] = {}
    for key, stored in records.items():
        try:
            values = dict.fromkeys(_value(key.rtype, record.content) for record in _served(stored))
            rrset = rrset_of(key, ttls[key], values)
        except InvalidRecord as error:
            unreadable[key] = f"PowerDNS holds {key} with a value that cannot be read: {error}"
        else:
            found.update({key: rrset} if rrset else {})
    return found, unreadable


def _records(described: Mapping[str, Any]) -> tuple[StoredRecord, ...]:
    return tuple(
        StoredRecord(str(record["content"]), bool(record["disabled"])) for record in described["records"]
    )


def _served(records: Sequence[StoredRecord]) -> list[StoredRecord]:
    return [record for record in records if not record.disabled]


def _rrset_name(described: Mapping[str, Any]) -> DnsName | None:
    """The name of a set; None for one that no name of ours can be."""
    try:
        return _name(described["name"])
    except InvalidRecord:
        return None


def _name(text: str) -> DnsName:
    """A name as PowerDNS writes it; only odd ones take the long way, since a zone may have many."""
    return DnsName(text[:-1].lower()) if _PLAIN_NAME.fullmatch(text) else DnsName.parse(text)


def _value(rtype: RecordType, content: str) -> Rdata:
    if rtype is RecordType.TXT:
        return _txt(content.encode("latin-1"))
    return MxData.parse(content) if rtype is RecordType.MX else CnameData.parse(content)


def _txt(content: bytes) -> TxtData:
    """TXT data in presentation form, where bytes outside ASCII stand for themselves.

    A string of more than 255 bytes is served as several.
    """
    escaped = re.sub(rb"[^\x20-\x7e]", lambda found: b"\\%03d" % ord(found[0]), content)
    pieces = [piece for string in _STRING.findall(escaped) for piece in _pieces(string[1:-1])]
    if _STRING.sub(b"", escaped).strip():
        return TxtData.parse(escaped.decode())
    return TxtData.parse(" ".join(f'"{piece.decode()}"' for piece in pieces))


def _pieces(string: bytes) -> list[bytes]:
    units = _BYTE.findall(string)
    starts = range(0, len(units), MAX_STRING_BYTES)
    return [b"".join(units[start : start + MAX_STRING_BYTES]) for start in starts] or [b""]


def _patched(change: RRsetChange, stored: Sequence[StoredRecord]) -> dict[str, object]:
    after = change.after.values if change.after else ()
    kept = [record.content for record in stored if record.disabled]
    unused = [text for text in kept if not _is_among(change.key.rtype, text, after)]
    entry: dict[str, object] = {"name": change.key.name.fqdn, "type": str(change.key.rtype)}
    if not after and not unused:
        return {**entry, "changetype": "DELETE"}
    lasting = change.after or change.before
    return {
        **entry,
        "changetype": "REPLACE",
        "ttl": lasting.ttl_seconds if lasting else 0,
        "records": [
            *({"content": value.to_text(), "disabled": False} for value in after),
            *({"content": text, "disabled": True} for text in unused),
        ],
    }


def _is_among(rtype: RecordType, content: str, values: Sequence[Rdata]) -> bool:
    try:
        return _value(rtype, content) in values
    except InvalidRecord:
        return False
