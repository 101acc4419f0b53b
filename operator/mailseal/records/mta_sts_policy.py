"""MTA-STS policies: what stands in `mta-sts.txt` (RFC 8461 section 3.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName

VERSION = "STSv1"
MAX_MAX_AGE = timedelta(seconds=31557600)
"""The longest `max_age`: about a year (RFC 8461 section 3.2)."""
_LINE = re.compile(r"(?P<key>[A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*(?P<value>.*?)[ \t]*", re.DOTALL)
_AGE = re.compile(r"[0-9]{1,10}")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_PATTERN = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")
_KNOWN = frozenset({"version", "mode", "max_age", "mx"})


class Mode(StrEnum):
    """What a sender does with a host that does not meet the policy (RFC 8461 section 5)."""

    ENFORCE = "enforce"
    """It does not deliver there."""
    TESTING = "testing"
    """It delivers all the same, and reports."""
    NONE = "none"
    """There is no policy any more."""


@dataclass(frozen=True, slots=True)
class StsPolicy:
    """A policy. Raises `InvalidRecord` unless it names hosts, which only the mode `none` need not."""

    mode: Mode
    max_age: timedelta
    """How long senders keep it."""
    mx: tuple[str, ...] = ()
    """Patterns of the MX hosts, lower case: a host name, or `*.` and a name for exactly one label more."""

    def __post_init__(self) -> None:
        if not self.mx and self.mode is not Mode.NONE:
            raise InvalidRecord(f"a policy with mode {self.mode} needs at least one mx")
        for pattern in self.mx:
            if _PATTERN.fullmatch(pattern) is None:
                raise InvalidRecord(f"the mx {pattern!r} is neither a host nor *. and a domain")
        if not timedelta(0) <= self.max_age <= MAX_MAX_AGE:
            seconds = f"{self.max_age.total_seconds():.0f}"
            raise InvalidRecord(f"the max_age {seconds} is not within 0 to {MAX_MAX_AGE.total_seconds():.0f}")

    @classmethod
    def parse(cls, text: str) -> StsPolicy:
        """The policy that `text`, the body of the HTTPS answer, writes. Raises `InvalidRecord`.

        Lines end with CRLF or LF. Of a key that stands twice, other than `mx`, the first counts, and keys
        that are not known are ignored, as section 3.2 demands.
        """
        fields: dict[str, str] = {}
        patterns = []
        for key, value in _fields(text):
            if key == "mx":
                patterns.append(value.lower())
            elif key in _KNOWN:
                fields.setdefault(key, value)
        if fields.get("version") != VERSION:
            raise InvalidRecord(f"the policy needs the line version: {VERSION}")
        return cls(_mode(fields.get("mode")), _max_age(fields.get("max_age")), tuple(patterns))

    def covers(self, host: DnsName) -> bool:
        """True when one of the patterns matches `host` (section 4.1)."""
        parent = host.partition(".")[2]
        return host in self.mx or (parent != "" and f"*.{parent}" in self.mx)

    def to_text(self) -> str:
        """The policy's text, with the line ends that RFC 8461 asks for."""
        lines = [f"version: {VERSION}", f"mode: {self.mode}", *(f"mx: {pattern}" for pattern in self.mx)]
        return "\r\n".join([*lines, f"max_age: {self.max_age.total_seconds():.0f}", ""])


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if not line.strip(" \t"):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise InvalidRecord(f"line {number} is not key: value")
        yield found["key"], found["value"]


def _mode(value: str | None) -> Mode:
    try:
        return Mode(value or "")
    except ValueError as error:
        raise InvalidRecord(f"the mode {value!r} is none of {', '.join(Mode)}") from error


def _max_age(value: str | None) -> timedelta:
    if value is None or _AGE.fullmatch(value) is None:
        raise InvalidRecord(f"the max_age {value!r} is not a number of seconds")
    return timedelta(seconds=int(value))
