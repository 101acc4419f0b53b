"""Macro strings and domain-specs of SPF (RFC 7208 section 7.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from mailseal.records.errors import InvalidRecord, RecordSyntaxError

MAX_PARTS = 9999
"""More parts than anything has that a macro expands to: no mail address or domain name is as long."""
_LETTERS = frozenset("slodiphv")
_EXPLANATION_LETTERS = frozenset("crt")
_DELIMITERS = frozenset(".-+,/_=")
_EXPAND = re.compile(
    r"%\{(?P<letter>[A-Za-z])(?P<digits>[0-9]*)(?P<reverse>[rR]?)(?P<delimiters>[.\-+,/_=]*)\}"
)
_LITERAL = re.compile(r"[\x21-\x24\x26-\x7e]+")
_DOMAIN_END = re.compile(r"(?:\A|.*)\.(?P<toplabel>[A-Za-z0-9-]+)\.?", re.DOTALL)
_TOPLABEL = re.compile(r"(?=.*[A-Za-z-])[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")


class Escape(Enum):
    """A character that a macro string cannot hold as it is."""

    PERCENT = "%%"
    SPACE = "%_"
    URL_SPACE = "%-"

    def to_text(self) -> str:
        """The escape as a record writes it."""
        return self.value


_ESCAPES = {escape.value: escape for escape in Escape}


@dataclass(frozen=True, slots=True)
class Macro:
    """One `%{...}`: a letter, how many right-hand parts to keep, reversal, and the characters to split at.

    An upper-case letter asks for URL escaping of the expansion (section 7.3). Raises `InvalidRecord`.
    """

    letter: str
    digits: int | None = None
    reverse: bool = False
    delimiters: str = ""

    def __post_init__(self) -> None:
        if self.letter.lower() in _EXPLANATION_LETTERS:
            raise InvalidRecord(f"the macro letter {self.letter!r} is for explanation texts only (7.2)")
        if len(self.letter) != 1 or self.letter.lower() not in _LETTERS:
            raise InvalidRecord(f"there is no macro letter {self.letter!r}")
        if self.digits is not None and not 1 <= self.digits <= MAX_PARTS:
            raise InvalidRecord(f"a macro keeps 1 to {MAX_PARTS} parts, not {self.digits} (7.3)")
        if not _DELIMITERS.issuperset(self.delimiters):
            raise InvalidRecord(f"{self.delimiters!r} are not all macro delimiters")

    def to_text(self) -> str:
        """The macro as a record writes it."""
        digits = "" if self.digits is None else str(self.digits)
        return f"%{{{self.letter}{digits}{'r' if self.reverse else ''}{self.delimiters}}}"


Piece: TypeAlias = str | Macro | Escape
"""A part of a macro string: literal text, a macro, or an escape."""


@dataclass(frozen=True, slots=True)
class MacroString:
    """Literal text with macros in it. Two literals are never neighbours. Raises `InvalidRecord`."""

    pieces: tuple[Piece, ...] = ()

    def __post_init__(self) -> None:
        after_literal = False
        for piece in self.pieces:
            if isinstance(piece, str):
                if _LITERAL.fullmatch(piece) is None:
                    raise InvalidRecord(f"{piece!r} is not visible ASCII text without '%'")
                if after_literal:
                    raise InvalidRecord("two neighbouring literals are one literal")
            after_literal = isinstance(piece, str)

    @classmethod
    def parse(cls, text: str, *, term: str = "", position: int = 0) -> MacroString:
        """The macro string that `text` writes.

        `term` and `position` say where it stands in a record, for the `RecordSyntaxError` that it may raise.
        """
        return cls(_pieces(text, term or text, position))

    def to_text(self) -> str:
        """The macro string as a record writes it."""
        return "".join(piece if isinstance(piece, str) else piece.to_text() for piece in self.pieces)


def _pieces(text: str, term: str, position: int) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    offset = 0
    while offset < len(text):
        try:
            piece, length = _piece_at(text, offset)
        except InvalidRecord as error:
            raise RecordSyntaxError(str(error), tag=term, position=position + offset) from error
        pieces.append(piece)
        offset += length
    return tuple(pieces)


def _piece_at(text: str, offset: int) -> tuple[Piece, int]:
    literal = _LITERAL.match(text, offset)
    if literal:
        return literal[0], len(literal[0])
    if text[offset] != "%":
        raise InvalidRecord(f"the character {text[offset]!r} is not allowed here")
    escape = _ESCAPES.get(text[offset : offset + 2])
    if escape:
        return escape, 2
    found = _EXPAND.match(text, offset)
    if found is None:
        raise InvalidRecord("'%' starts neither a macro such as %{d} nor one of %%, %_ and %-")
    digits = _number_of_parts(found["digits"]) if found["digits"] else None
    return Macro(found["letter"], digits, bool(found["reverse"]), found["delimiters"]), len(found[0])


def _number_of_parts(digits: str) -> int:
    """The number that `digits` write; any number over `MAX_PARTS` keeps all parts just as that one does."""
    significant = digits.lstrip("0") or "0"
    return int(significant) if len(significant) <= len(str(MAX_PARTS)) else MAX_PARTS


@dataclass(frozen=True, slots=True)
class DomainSpec:
    """A domain name with macros in it, which ends in a macro or in a dot and a top label (section 7.1).

    Its literals are in lower case and without final dot, so that equal names are equal values.
    Raises `InvalidRecord`.
    """

    pieces: tuple[Piece, ...]

    def __post_init__(self) -> None:
        text = MacroString(self.pieces).to_text()
        problem = _domain_problem(self.pieces)
        if problem:
            raise InvalidRecord(problem)
        if self.pieces != _normal(self.pieces):
            raise InvalidRecord(f"{text!r} is not in lower case without final dot; use DomainSpec.parse")

    @classmethod
    def parse(cls, text: str, *, term: str = "", position: int = 0) -> DomainSpec:
        """The domain-spec that `text` writes; `term` and `position` as in `MacroString.parse`."""
        pieces = _pieces(text, term or text, position)
        problem = _domain_problem(pieces)
        if problem:
            raise RecordSyntaxError(problem, tag=term or text, position=position)
        return cls(_normal(pieces))

    @property
    def has_macros(self) -> bool:
        """True when the name depends on the message: it holds a macro or an escape."""
        return any(not isinstance(piece, str) for piece in self.pieces)

    def to_text(self) -> str:
        """The domain-spec as a record writes it."""
        return MacroString(self.pieces).to_text()


def _domain_problem(pieces: tuple[Piece, ...]) -> str | None:
    """Why the pieces are not a domain-spec: `macro-string domain-end` of section 7.1."""
    if not pieces:
        return "the domain is empty"
    last = pieces[-1]
    if not isinstance(last, str):
        return None
    end = _DOMAIN_END.fullmatch(last)
    if end is None:
        return f"the domain ends in {last!r}, which is neither a macro nor a dot and a top label"
    if _TOPLABEL.fullmatch(end["toplabel"]) is None:
        return f"{end['toplabel']!r} is not a top label (for an address use ip4 or ip6)"
    return None


def _normal(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """The pieces in lower case without final dot. A single final dot is all that the grammar allows."""
    lowered = tuple(piece.lower() if isinstance(piece, str) else piece for piece in pieces)
    last = lowered[-1]
    return (*lowered[:-1], last.removesuffix(".")) if isinstance(last, str) else lowered
