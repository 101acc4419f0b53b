"""Resource record sets: the unit that DNS answers and that a write states before and after."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName
from mailseal.records.txt import TxtData

MAX_TTL_SECONDS = 2**31 - 1
_MX = re.compile(r"\s*(?P<preference>[0-9]{1,5})\s+(?P<exchange>\S+)\s*")


class RecordType(StrEnum):
    """The record types that mailseal reads and writes."""

    CNAME = "CNAME"
    MX = "MX"
    TXT = "TXT"


@dataclass(frozen=True, slots=True)
class MxData:
    """One MX value (RFC 1035 section 3.3.9). Preference 0 and exchange `""` is the null MX of RFC 7505.

    Raises `InvalidRecord` for a preference outside 0 to 65535.
    """

    preference: int
    exchange: DnsName

    def __post_init__(self) -> None:
        if not 0 <= self.preference <= 65535:
            raise InvalidRecord(f"the MX preference {self.preference} is not within 0 to 65535")

    @classmethod
    def parse(cls, text: str) -> MxData:
        """The value that presentation form writes, such as `10 mx.example.nl.`. Raises `InvalidRecord`.

        The exchange is taken as absolute, with or without its final dot.
        """
        found = _MX.fullmatch(text)
        if found is None:
            raise InvalidRecord(f"{text!r} is not an MX value such as '10 mx.example.nl.'")
        return cls(int(found["preference"]), DnsName.parse(found["exchange"]))

    @property
    def is_null(self) -> bool:
        """True for the null MX: the domain accepts no mail (RFC 7505)."""
        return self.preference == 0 and not self.exchange

    @property
    def identity(self) -> bytes:
        """What two equal values share."""
        return f"{self.preference} {self.exchange}".encode()

    def to_text(self) -> str:
        """The presentation form."""
        return f"{self.preference} {self.exchange.fqdn}"


@dataclass(frozen=True, slots=True)
class CnameData:
    """The target of a CNAME (RFC 1035 section 3.3.1)."""

    target: DnsName

    @classmethod
    def parse(cls, text: str) -> CnameData:
        """The value in presentation form; the target is taken as absolute. Raises `InvalidRecord`."""
        if not text.strip():
            raise InvalidRecord("a CNAME needs a target")
        return cls(DnsName.parse(text))

    @property
    def identity(self) -> bytes:
        """What two equal values share."""
        return self.target.encode()

    def to_text(self) -> str:
        """The presentation form."""
        return self.target.fqdn


Rdata: TypeAlias = TxtData | MxData | CnameData
"""One value. `identity` says which values are the same (for TXT: the joined bytes), `to_text()` shows it."""

_RDATA: dict[RecordType, type[Rdata]] = {
    RecordType.CNAME: CnameData,
    RecordType.MX: MxData,
    RecordType.TXT: TxtData,
}


def parse_rdata(rtype: RecordType, text: str) -> Rdata:
    """The value of type `rtype` that `text` writes in presentation form. Raises `InvalidRecord`."""
    return _RDATA[rtype].parse(text)


@dataclass(frozen=True, slots=True, order=True)
class RRsetKey:
    """The owner name and type of an RRset."""

    name: DnsName
    rtype: RecordType

    def __str__(self) -> str:
        return f"{self.name} {self.rtype}"


@dataclass(frozen=True, slots=True)
class RRset:
    """The values of one type at one name, exactly as a server holds them. Never empty.

    `ttl_seconds` is shared by all values (RFC 2181 section 5.2). The order of `values` means nothing.
    Raises `InvalidRecord` for no values, values of another type, and a TTL outside RFC 2181 section 8.
    """

    key: RRsetKey
    ttl_seconds: int
    values: tuple[Rdata, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise InvalidRecord(f"the RRset {self.key} has no values")
        if any(not isinstance(value, _RDATA[self.key.rtype]) for value in self.values):
            raise InvalidRecord(f"the RRset {self.key} has values of another type")
        if not 0 <= self.ttl_seconds <= MAX_TTL_SECONDS:
            raise InvalidRecord(
                f"the TTL {self.ttl_seconds} of {self.key} is not within 0 to {MAX_TTL_SECONDS}"
            )

    @property
    def identities(self) -> frozenset[bytes]:
        """The identities of all values."""
        return frozenset(value.identity for value in self.values)

    def holds(self, value: Rdata) -> bool:
        """True when a value with the same identity is in the set."""
        return value.identity in self.identities

    def same_as(self, other: RRset | None) -> bool:
        """True when both hold the same wire values with the same TTL, in any order."""
        return (
            other is not None
            and self.key == other.key
            and self.ttl_seconds == other.ttl_seconds
            and frozenset(self.values) == frozenset(other.values)
        )


def rrset_of(key: RRsetKey, ttl_seconds: int, values: Iterable[Rdata]) -> RRset | None:
    """The RRset of `values`, or None when there are none: DNS has no empty RRset."""
    held = tuple(values)
    return RRset(key, ttl_seconds, held) if held else None
