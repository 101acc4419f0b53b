"""Expanding macros (RFC 7208 section 7) in the names of terms and in explanations. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final
from urllib.parse import quote

from mailseal.checks.spf.model import UNKNOWN_HOST, Envelope, IpAddress
from mailseal.records.spf import Escape, Macro, Piece

_ESCAPED: Final = {Escape.PERCENT: "%", Escape.SPACE: " ", Escape.URL_SPACE: "%20"}
_EXPLANATION_PIECE = re.compile(
    r"%\{(?P<letter>[A-Za-z])(?P<digits>[0-9]*)(?P<reverse>[rR]?)(?P<delimiters>[.\-+,/_=]*)\}"
    r"|(?P<escape>%[%_-])|(?P<literal>[\x20-\x24\x26-\x7e]+)"
)
_MAX_DIGITS = 4
"""More parts than four digits can count has nothing that a macro stands for."""
_NAME_LETTERS = frozenset("slodiphv")


@dataclass(frozen=True, slots=True)
class MacroValues:
    """What the macro letters stand for while the record of `domain` is evaluated."""

    envelope: Envelope
    domain: str
    validated_name: str = UNKNOWN_HOST
    """The validated name of the client (`%{p}`)."""

    def of(self, letter: str) -> str:
        """What the lower-case `letter` stands for (section 7.2). Raises `KeyError` for an unknown one."""
        envelope = self.envelope
        values = {
            "s": f"{envelope.local_part}@{envelope.sender_domain}",
            "l": envelope.local_part,
            "o": envelope.sender_domain,
            "d": self.domain,
            "i": dotted(envelope.client),
            "p": self.validated_name,
            "v": "in-addr" if isinstance(envelope.client, IPv4Address) else "ip6",
            "h": envelope.helo,
            "c": str(envelope.client),
            "r": envelope.receiver,
            "t": str(int(envelope.at.timestamp())),
        }
        return values[letter]


def dotted(address: IpAddress) -> str:
    """The address as `%{i}` has it: four numbers, or 32 nibbles, between dots."""
    if isinstance(address, IPv4Address):
        return str(address)
    return ".".join(address.packed.hex().upper())


def expand(pieces: Sequence[Piece], values: MacroValues) -> str:
    """The text that the pieces of a macro string make."""
    return "".join(_expanded(piece, values) for piece in pieces)


def needs_validated_name(pieces: Sequence[Piece]) -> bool:
    """True when `%{p}` is among them, which costs look-ups."""
    return any(isinstance(piece, Macro) and piece.letter in "pP" for piece in pieces)


def explanation_needs_validated_name(text: str) -> bool:
    """The same for an explanation."""
    return any((found["letter"] or "") in {"p", "P"} for found in _EXPLANATION_PIECE.finditer(text))


def expand_explanation(text: str, values: MacroValues) -> str | None:
    """The explanation that `text` gives (section 6.2), or None when it breaks the grammar."""
    done: list[str] = []
    position = 0
    while position < len(text):
        found = _EXPLANATION_PIECE.match(text, position)
        if found is None:
            return None
        expanded = _explained(found, values)
        if expanded is None:
            return None
        done.append(expanded)
        position = found.end()
    return "".join(done)


def _expanded(piece: Piece, values: MacroValues) -> str:
    if isinstance(piece, str):
        return piece
    if isinstance(piece, Escape):
        return _ESCAPED[piece]
    value = values.of(piece.letter.lower())
    kept = _transformed(value, piece.digits, reverse=piece.reverse, delimiters=piece.delimiters)
    return _url_escaped(kept) if piece.letter.isupper() else kept


def _explained(found: re.Match[str], values: MacroValues) -> str | None:
    if found["literal"] is not None:
        return found["literal"]
    if found["escape"] is not None:
        return _ESCAPED[Escape(found["escape"])]
    letter = found["letter"]
    if letter.lower() not in _NAME_LETTERS | {"c", "r", "t"}:
        return None
    digits = int(found["digits"].lstrip("0")[:_MAX_DIGITS] or "0") if found["digits"] else None
    if digits == 0:
        return None
    reverse, delimiters = bool(found["reverse"]), found["delimiters"]
    kept = _transformed(values.of(letter.lower()), digits, reverse=reverse, delimiters=delimiters)
    return _url_escaped(kept) if letter.isupper() else kept


def _transformed(value: str, digits: int | None, *, reverse: bool, delimiters: str) -> str:
    """The value split at the delimiters, reversed, cut to its right-hand parts, and joined with dots.

    A macro without transformer and delimiters stands for its value as it is (section 7.3).
    """
    if digits is None and not reverse and not delimiters:
        return value
    parts = re.split(f"[{re.escape(delimiters or '.')}]", value)
    if reverse:
        parts.reverse()
    return ".".join(parts[-digits:] if digits else parts)


def _url_escaped(text: str) -> str:
    """With everything but the unreserved characters of RFC 3986 percent-encoded."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")
