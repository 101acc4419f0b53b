"""SPF records (RFC 7208): typed terms, the whole grammar with macros, and canonical text."""

from __future__ import annotations

from mailseal.records.spf.grammar import parse_term
from mailseal.records.spf.macros import DomainSpec, Escape, Macro, MacroString, Piece
from mailseal.records.spf.record import Spf, is_spf, lookup_terms
from mailseal.records.spf.terms import (
    A,
    All,
    Exists,
    Explanation,
    Include,
    Ip4,
    Ip6,
    Mechanism,
    Modifier,
    Mx,
    Ptr,
    Qualifier,
    Redirect,
    Term,
    UnknownModifier,
)

__all__ = [
    "A",
    "All",
    "DomainSpec",
    "Escape",
    "Exists",
    "Explanation",
    "Include",
    "Ip4",
    "Ip6",
    "Macro",
    "MacroString",
    "Mechanism",
    "Modifier",
    "Mx",
    "Piece",
    "Ptr",
    "Qualifier",
    "Redirect",
    "Spf",
    "Term",
    "UnknownModifier",
    "is_spf",
    "lookup_terms",
    "parse_term",
]
