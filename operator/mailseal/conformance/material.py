"""The sets and changes that cases are made of, and how they are shown and compared. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from mailseal.providers.base import Ability, Capabilities
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, Rdata, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

TTL: Final = 3600
OTHER_TTL: Final = 300
ODD_TTL: Final = 777
"""One that no backend offers in a list."""

LABELS: Final = frozenset(
    {
        *("alias", "al", "between._domainkey", "deleted", "foreign", "long", "many", "new", "other", "ours"),
        *(
            "same",
            "sel._domainkey",
            "stale",
            "swap",
            "taken",
            "text",
            "ttl",
            "twice",
            "unknown",
            "_domainkey",
        ),
        *("inner", "_dmarc.inner"),
        *(f"n{number}" for number in range(30)),
    }
)
"""Every name that a case writes to or may leave behind on a live zone, below the reserved name."""


def txt(*strings: bytes) -> TxtData:
    """A TXT value with exactly these character-strings."""
    return TxtData(strings)


def filled(length: int) -> bytes:
    """A value of `length` letters, each of which tells its position."""
    return bytes(97 + position % 26 for position in range(length))


FOREIGN: Final = (
    txt(b"v=spf1 -all"),
    txt(b"site-verification=", b"abc"),
    txt(b"a", b"b"),
    txt(b'MS=ms1;"\\'),
)
"""Values that somebody else keeps at a name."""
TARGET: Final = CnameData(DnsName("target.example.org"))
NULL_MX: Final = MxData(0, DnsName(""))


def rrset(key: RRsetKey, *values: Rdata, ttl: int = TTL) -> RRset:
    """A set with a TTL that every backend takes, unless `ttl` says otherwise."""
    return RRset(key, ttl, values)


def create(key: RRsetKey, *values: Rdata) -> RRsetChange:
    """Make a set where there is none."""
    return RRsetChange(key, None, rrset(key, *values))


def replace(before: RRset, *values: Rdata, ttl: int | None = None) -> RRsetChange:
    """Put other values in the place of `before`, with its TTL unless another is given."""
    return RRsetChange(
        before.key, before, rrset(before.key, *values, ttl=before.ttl_seconds if ttl is None else ttl)
    )


def delete(before: RRset) -> RRsetChange:
    """Remove a set."""
    return RRsetChange(before.key, before, None)


def alias_key(key: RRsetKey) -> RRsetKey:
    """The CNAME at the name of `key`."""
    return RRsetKey(key.name, RecordType.CNAME)


def batches(changes: Sequence[RRsetChange], limit: int) -> Iterator[Sequence[RRsetChange]]:
    """The changes in batches of at most `limit`."""
    for start in range(0, len(changes), limit):
        yield changes[start : start + limit]


def same(held: RRset | None, expected: RRset | None, capabilities: Capabilities) -> bool:
    """True when `held` is `expected`, as far as the backend declares that it keeps what it is given.

    A backend that keeps no string boundaries has to keep the joined values; one with TTLs of its own has to
    keep those of 3600 seconds.
    """
    if held is None or expected is None:
        return held is expected
    return (
        held.key == expected.key
        and _comparable(held, capabilities) == _comparable(expected, capabilities)
        and (
            held.ttl_seconds == expected.ttl_seconds
            or (expected.ttl_seconds != TTL and not capabilities.can(Ability.ANY_TTL))
        )
    )


def _comparable(rrset: RRset, capabilities: Capabilities) -> list[str]:
    """The values in one order; each as often as it is held."""
    if capabilities.can(Ability.STRING_BOUNDARIES):
        return sorted(map(repr, rrset.values))
    return sorted(map(repr, (value.identity for value in rrset.values)))


def shown(rrset: RRset | None) -> str:
    """A set for people: TTL and values, long ones cut in the middle."""
    if rrset is None:
        return "no set"
    values = ", ".join(sorted(_cut(value.to_text()) for value in rrset.values))
    return f"{rrset.key} TTL {rrset.ttl_seconds} [{_cut(values, 600)}]"


def _cut(text: str, longest: int = 120) -> str:
    if len(text) <= longest:
        return text
    half = longest // 2 - 10
    return f"{text[:half]} …{len(text) - 2 * half} more… {text[-half:]}"
