"""The SPF record as a whole (RFC 7208 sections 4.5 and 4.6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile

from mailseal.records.errors import InvalidRecord, RecordSyntaxError
from mailseal.records.spf.grammar import parse_term
from mailseal.records.spf.terms import All, Explanation, Mechanism, Redirect, Term, UnknownModifier

_VERSION = "v=spf1"
_TERM = re.compile(r"[^ ]+")


def is_spf(joined: bytes) -> bool:
    """True when the value is an SPF record: `v=spf1` in any case, then a space or the end (section 4.5)."""
    return joined[:6].lower() == _VERSION.encode() and joined[6:7] in {b"", b" "}


@dataclass(frozen=True, slots=True)
class Spf:
    """An SPF record: its terms in order.

    Raises `InvalidRecord` when redirect or exp stands more than once (section 6).
    """

    terms: tuple[Term, ...] = ()

    def __post_init__(self) -> None:
        for kind in (Redirect, Explanation):
            if sum(isinstance(term, kind) for term in self.terms) > 1:
                raise InvalidRecord(f"the modifier {kind.name} may stand once")

    @classmethod
    def parse(cls, text: str) -> Spf:
        """The record that `text`, a joined TXT value, writes. Raises `RecordSyntaxError`."""
        if not is_spf(text.encode("latin-1", "replace")):
            raise RecordSyntaxError(f"an SPF record starts with {_VERSION} and a space", tag="v", position=0)
        terms: list[Term] = []
        for found in _TERM.finditer(text, len(_VERSION)):
            term = parse_term(found[0], found.start())
            if isinstance(term, Redirect | Explanation) and type(term) in map(type, terms):
                problem = f"the modifier {term.name} stands twice"
                raise RecordSyntaxError(problem, tag=found[0], position=found.start())
            terms.append(term)
        return cls(tuple(terms))

    @property
    def mechanisms(self) -> tuple[Mechanism, ...]:
        """The terms that can match, in order."""
        return tuple(
            term for term in self.terms if not isinstance(term, Redirect | Explanation | UnknownModifier)
        )

    def to_text(self) -> str:
        """The canonical text: lower-case names, one space, no default qualifiers or prefix lengths."""
        return " ".join([_VERSION, *(term.to_text() for term in self.terms)])

    def __str__(self) -> str:
        return self.to_text()


def lookup_terms(spf: Spf) -> int:
    """How many terms of this record itself cause DNS look-ups, of at most 10 (RFC 7208 section 4.6.4).

    Mechanisms after `all` are never tried (section 5.1), redirect is ignored beside `all` (section 6.1), and
    exp does not count.
    """
    tried = takewhile(lambda mechanism: not isinstance(mechanism, All), spf.mechanisms)
    ends = any(isinstance(term, All) for term in spf.terms)
    redirects = not ends and any(isinstance(term, Redirect) for term in spf.terms)
    return sum(mechanism.looks_up for mechanism in tried) + redirects
