"""DNS entries of TransIP as RRsets, and a change of RRsets as requests for entries. Pure.

Source: TransIP API, https://api.transip.nl/rest/docs.html, "Domains: DNS". An entry has a name relative to
the domain (`@` is the domain), a TTL (`expire`), a type and a content; there are no sets and no ids. Texts
have no quotes and no escapes. What is refused is known from users (DNSControl, pull requests 2008, 2725, 2794
and 4831; certbot-dns-transip, issue 6): all entries of a set have one TTL; texts are printable ASCII without
backslash and backtick, not empty, without blanks at the ends, at most 1,024 characters.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from mailseal.providers.base import Refused, Unavailable
from mailseal.records.change import RRsetChange
from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, Rdata, RecordType, RRset, RRsetKey, rrset_of
from mailseal.records.txt import TxtData

LONGEST_TEXT: Final = 1024
SHORTEST_TTL_SECONDS: Final = 60
LONGEST_TTL_SECONDS: Final = 86_400
_OURS: Final = frozenset(RecordType)
_FORBIDDEN: Final = frozenset("\\`")


@dataclass(frozen=True, slots=True)
class Entry:
    """One DNS entry, exactly as TransIP has it: it is identified by all four."""

    name: str
    ttl_seconds: int
    rtype: str
    content: str

    def to_json(self) -> dict[str, object]:
        """The entry as the API writes it."""
        return {
            "name": self.name,
            "expire": self.ttl_seconds,
            "type": self.rtype,
            "content": self.content,
        }


@dataclass(frozen=True, slots=True)
class StoredDomain:
    """The entries of one domain, by set."""

    zone: DnsName
    entries: Mapping[RRsetKey, tuple[tuple[Entry, Rdata], ...]]
    """Those of the types that mailseal handles, each with its value."""
    unreadable: Mapping[RRsetKey, str]
    """Why a set cannot be read."""
    cuts: frozenset[DnsName]
    """Names below the domain with NS entries, at which it delegates."""
    names_with_others: frozenset[DnsName]
    """Names with entries of types besides ours."""

    @property
    def rrsets(self) -> dict[RRsetKey, RRset]:
        """The sets that can be read. Where TTLs differ, the lowest counts (RFC 2181 section 5.2)."""
        found: dict[RRsetKey, RRset] = {}
        for key, held in self.entries.items():
            ttl_seconds = min(entry.ttl_seconds for entry, _ in held)
            rrset = rrset_of(key, ttl_seconds, dict.fromkeys(value for _, value in held))
            if rrset is not None and key not in self.unreadable:
                found[key] = rrset
        return found


def parse_domains(body: bytes) -> tuple[DnsName, ...]:
    """The domains in the answer to `GET /domains`. Raises `Unavailable` for anything else."""
    try:
        return tuple(DnsName.parse(each["name"]) for each in json.loads(body)["domains"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unavailable("TransIP's answer is not a list of domains") from None


def parse_entries(zone: DnsName, body: bytes) -> StoredDomain:
    """The domain in the answer to `GET /domains/{domain}/dns`. Raises `Unavailable` for anything else."""
    try:
        entries = [_entry(each) for each in json.loads(body)["dnsEntries"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unavailable(f"TransIP's answer for {zone} is not a list of DNS entries") from None
    return _sorted_out(zone, entries)


def checked(change: RRsetChange) -> RRsetChange:
    """The change with its texts split as TransIP splits. Raises `Refused` for what TransIP does not take."""
    before, after = _resplit(change.before), _resplit(change.after)
    if after is not None:
        _check_ttl(before, after)
        for value in set(after.values) - set(before.values if before else ()):
            if (problem := _problem(value)) is not None:
                raise Refused(f"{change.key}: TransIP takes no {problem}")
    return RRsetChange(change.key, before, after)


def content_of(zone: DnsName, value: Rdata) -> str:
    """The content of an entry with this value."""
    if isinstance(value, TxtData):
        return value.joined.decode("ascii")
    if isinstance(value, MxData):
        return f"{value.preference} {_target(zone, value.exchange)}"
    return _target(zone, value.target)


def _check_ttl(before: RRset | None, after: RRset) -> None:
    if before is None and not SHORTEST_TTL_SECONDS <= after.ttl_seconds <= LONGEST_TTL_SECONDS:
        raise Refused(
            f"{after.key}: TransIP takes TTLs of {SHORTEST_TTL_SECONDS} to {LONGEST_TTL_SECONDS} seconds"
        )
    if before is not None and before.ttl_seconds != after.ttl_seconds:
        raise Refused(
            f"{after.key}: TransIP changes the TTL of a set only after all its records are removed: ask for "
            f"{before.ttl_seconds} seconds, the TTL that it has, or remove its records by hand"
        )


def _entry(described: Mapping[str, object]) -> Entry:
    name, ttl, rtype, content = (described[field] for field in ("name", "expire", "type", "content"))
    if not (isinstance(name, str) and isinstance(rtype, str) and isinstance(content, str)):
        raise TypeError
    return Entry(name, int(str(ttl)), rtype, content)


def _sorted_out(zone: DnsName, entries: Iterable[Entry]) -> StoredDomain:
    held: dict[RRsetKey, list[tuple[Entry, Rdata]]] = {}
    unreadable: dict[RRsetKey, str] = {}
    cuts: set[DnsName] = set()
    others: set[DnsName] = set()
    for entry in entries:
        try:
            name = zone.child(entry.name)
        except InvalidRecord:
            continue
        if entry.rtype not in _OURS:
            others.add(name)
            cuts.update({name} - {zone} if entry.rtype == "NS" else ())
            continue
        key = RRsetKey(name, RecordType(entry.rtype))
        try:
            held.setdefault(key, []).append((entry, _value(zone, entry)))
            RRset(key, entry.ttl_seconds, (held[key][-1][1],))
        except InvalidRecord as error:
            unreadable[key] = f"TransIP holds {key} with an entry that cannot be read: {error}"
    sets = {key: tuple(values) for key, values in held.items() if values}
    return StoredDomain(zone, sets, unreadable, frozenset(cuts), frozenset(others))


def _value(zone: DnsName, entry: Entry) -> Rdata:
    if entry.rtype == RecordType.TXT:
        return TxtData.of(entry.content.encode("utf-8", "surrogatepass"))
    if entry.rtype == RecordType.CNAME:
        return CnameData(_absolute(zone, entry.content))
    preference, _, exchange = entry.content.strip().partition(" ")
    if not preference.isdecimal() or not preference.isascii():
        raise InvalidRecord(f"{entry.content!r} is not an MX value such as '10 mx.example.nl.'")
    return MxData(int(preference[:6]), _absolute(zone, exchange))


def _absolute(zone: DnsName, text: str) -> DnsName:
    """A host as TransIP writes it: without final dot it is relative to the domain."""
    host = text.strip()
    if not host:
        raise InvalidRecord("a host name is missing")
    return DnsName.parse(host) if host.endswith(".") else zone.child(host.removeprefix("\\"))


def _target(zone: DnsName, host: DnsName) -> str:
    return "@" if host == zone else host.fqdn


def _resplit(rrset: RRset | None) -> RRset | None:
    if rrset is None or rrset.key.rtype is not RecordType.TXT:
        return rrset
    values = [TxtData.of(value.joined) for value in rrset.values if isinstance(value, TxtData)]
    return RRset(rrset.key, rrset.ttl_seconds, tuple(dict.fromkeys(values)))


def _problem(value: Rdata) -> str | None:
    """What of a value TransIP refuses, so that nothing else of a batch is written before it does."""
    if isinstance(value, MxData):
        return "null MX" if value.is_null else None
    if not isinstance(value, TxtData):
        return None
    text = value.text
    if not text:
        return "empty text"
    if len(text) > LONGEST_TEXT:
        return f"text of more than {LONGEST_TEXT:,} characters"
    if text != text.strip():
        return "text with a blank at its beginning or end"
    if not text.isascii() or not text.isprintable() or _FORBIDDEN & set(text):
        return "text with other characters than printable ASCII without \\ and `"
    return None
