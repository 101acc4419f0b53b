"""Reading NTA 7516 records as they are found: liberal where the meaning is plain, and telling what was odd.

No public source says what a reader must accept, so this one follows a rule: whatever has one possible
meaning is read and reported, whatever has none or several makes the record invalid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailseal.records.errors import InvalidRecord
from mailseal.records.months import Month
from mailseal.records.names import DnsName, InvalidName
from mailseal.records.nta7516.value import KNOWN_VERSIONS, MAX_SPAN_MONTHS, NtaDates, NtaMx, NtaRecordValue
from mailseal.records.oddity import Oddity

_ORDER = ("v", "startdate", "enddate", "provider", "ntamx")
_OLD_DIALECT = re.compile(r"\s*v\s*=\s*NTA7516\s*(;|\Z)", re.IGNORECASE)
_NTAMX = re.compile(r"(?P<preference>[0-9]{1,5})(?P<space>\s+)(?P<host>\S+)")


@dataclass(frozen=True, slots=True)
class NtaReading:
    """What a text says as an NTA 7516 record.

    `record` is None when it is invalid; then at least one of `oddities` says why.
    """

    record: NtaRecordValue | None
    oddities: tuple[Oddity, ...] = ()


def read_nta(text: str) -> NtaReading:
    """What `text`, a joined TXT value, says. Never raises: what is wrong is in `oddities`."""
    notes = _Notes()
    try:
        record = _record(text, notes)
    except _UnreadableError as error:
        notes.add(error.code, str(error))
        return NtaReading(None, tuple(notes.oddities))
    return NtaReading(record, tuple(notes.oddities))


class _UnreadableError(Exception):
    """The record is invalid; `code` and the text become its oddity."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class _Notes:
    """The oddities found so far, each once."""

    oddities: dict[Oddity, None] = field(default_factory=dict)

    def add(self, code: str, message: str) -> None:
        self.oddities[Oddity(code, message)] = None


def _record(text: str, notes: _Notes) -> NtaRecordValue:
    _check_dialect(text)
    tags = list(_tags(text, notes))
    _note_order([name for name, _ in tags], notes)
    singles = _singles(tags, notes)
    version = _version(singles, notes)
    dates = _dates(_month(singles, "startdate"), _month(singles, "enddate"), notes)
    provider = _required(singles, "provider")
    if re.search(r"\s", provider):
        notes.add("provider-space", f"the provider {provider!r} has white space in it")
    hosts = [_ntamx(value, notes) for name, value in tags if name == "ntamx"]
    try:
        return NtaRecordValue(provider, _without_duplicates(hosts, notes), dates, version)
    except InvalidRecord as error:
        raise _UnreadableError("provider", str(error)) from error


def _check_dialect(text: str) -> None:
    if not text.isascii():
        raise _UnreadableError("non-ascii", "the record has characters outside ASCII")
    if _OLD_DIALECT.match(text):
        raise _UnreadableError(
            "old-dialect",
            "the record is of the dialect before 1 September 2020 (v=NTA7516, tag:value), which is no longer "
            "valid: publish v=NTA7516-1 with startdate and enddate instead",
        )


def _tags(text: str, notes: _Notes) -> Iterator[tuple[str, str]]:
    """The tags of `text` with lower-case names, without surrounding white space."""
    parts = text.split(";")
    if len(parts) > 1 and not parts[-1].strip():
        notes.add("final-semicolon", "the record ends with ';'")
        parts.pop()
    for part in parts:
        name, equals, value = part.partition("=")
        if not part.strip():
            notes.add("empty-tag", "there is nothing between two ';'")
            continue
        if not (equals and name.strip()):
            raise _UnreadableError("tag-syntax", f"{part.strip()!r} is not tag=value")
        if name != name.strip() or value != value.strip():
            notes.add("white-space", f"there is white space around the tag {name.strip()!r} or its value")
        if not name.islower():
            notes.add("case", f"the tag {name.strip()!r} is not in lower case")
        yield name.strip().lower(), value.strip()


def _note_order(names: list[str], notes: _Notes) -> None:
    for name in names:
        if name not in _ORDER:
            notes.add("unknown-tag", f"the tag {name!r} is not known")
    known = [_ORDER.index(name) for name in names if name in _ORDER]
    if known != sorted(known):
        notes.add("tag-order", f"the tags are not in the order {', '.join(_ORDER)}")


def _singles(tags: list[tuple[str, str]], notes: _Notes) -> dict[str, str]:
    """The tags that may stand once. The same value twice is odd, two values are invalid."""
    found: dict[str, str] = {}
    for name, value in tags:
        if name == "ntamx" or name not in _ORDER:
            continue
        if name in found:
            notes.add("duplicate-tag", f"the tag {name!r} stands twice")
        if found.setdefault(name, value) != value:
            both = f"{found[name]!r} and {value!r}"
            raise _UnreadableError("duplicate-tag", f"the tag {name!r} has two values, {both}")
    return found


def _required(singles: dict[str, str], name: str) -> str:
    if not singles.get(name):
        raise _UnreadableError("missing-tag", f"the tag {name!r} is missing or empty")
    return singles[name]


def _version(singles: dict[str, str], notes: _Notes) -> str:
    written = _required(singles, "v")
    if written.upper() not in KNOWN_VERSIONS:
        raise _UnreadableError("unknown-version", f"the version {written!r} is not known")
    if written not in KNOWN_VERSIONS:
        notes.add("case", f"the version {written!r} is not in upper case")
    return written.upper()


def _month(singles: dict[str, str], name: str) -> Month:
    try:
        return Month.parse(_required(singles, name))
    except InvalidRecord as error:
        raise _UnreadableError("month", f"{name}: {error}") from error


def _dates(start: Month, end: Month, notes: _Notes) -> NtaDates:
    try:
        dates = NtaDates(start, end)
    except InvalidRecord as error:
        raise _UnreadableError("dates", str(error)) from error
    if dates.span_months > MAX_SPAN_MONTHS:
        notes.add("long-span", f"{start} to {end} is {dates.span_months} months, over {MAX_SPAN_MONTHS}")
    return dates


def _ntamx(value: str, notes: _Notes) -> NtaMx:
    match = _NTAMX.fullmatch(value)
    if match is None:
        raise _UnreadableError("ntamx", f"ntamx={value} is not a preference and a host")
    if match["space"] != " ":
        notes.add("white-space", f"ntamx={value} has other white space than one space")
    if match["preference"] != str(int(match["preference"])):
        notes.add("leading-zeros", f"the preference in ntamx={value} starts with zeros")
    if match["host"].endswith("."):
        notes.add("final-dot", f"the host in ntamx={value} ends with a dot")
    if match["host"] != match["host"].lower():
        notes.add("case", f"the host in ntamx={value} is not in lower case")
    try:
        return NtaMx(int(match["preference"]), DnsName.parse(match["host"]))
    except (InvalidRecord, InvalidName) as error:
        raise _UnreadableError("ntamx", f"ntamx={value}: {error}") from error


def _without_duplicates(hosts: list[NtaMx], notes: _Notes) -> tuple[NtaMx, ...]:
    unique = tuple(dict.fromkeys(hosts))
    if len(unique) != len(hosts):
        notes.add("duplicate-ntamx", "the same ntamx stands twice")
    return unique
