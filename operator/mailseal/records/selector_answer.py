"""What DNS answers for a DKIM selector (RFC 6376 section 3.6.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mailseal.records.names import DnsName


@dataclass(frozen=True, slots=True)
class SelectorRecords:
    """TXT values stand at the selector, or where its CNAMEs lead."""

    texts: tuple[str, ...]
    """The joined values, as text; bytes outside ASCII as Latin-1."""
    targets: tuple[DnsName, ...] = ()
    """The targets of the CNAMEs that led to them, in order."""


@dataclass(frozen=True, slots=True)
class NoSelectorRecord:
    """There is no TXT record; with `targets`, the last of them has none: the CNAME dangles."""

    targets: tuple[DnsName, ...] = ()


@dataclass(frozen=True, slots=True)
class SelectorUnanswered:
    """Nobody gave a usable answer, so that nothing is known."""

    problem: str
    """Who did not answer and how, as a sentence without full stop."""


SelectorAnswer: TypeAlias = SelectorRecords | NoSelectorRecord | SelectorUnanswered
