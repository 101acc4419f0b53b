"""What the SPF record of a domain itself deserves. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import dropwhile
from typing import Final

from mailseal.checks.asking import shown
from mailseal.checks.model import Finding, Verdict
from mailseal.checks.spf import all_verdicts as end
from mailseal.checks.spf import record_verdicts as say
from mailseal.checks.spf.conclusion import Conclusion, conclusion, passing_includes
from mailseal.checks.spf.names import name_text
from mailseal.checks.spf.published import Publication
from mailseal.checks.spf.walk import Walk
from mailseal.records.spf import All, Redirect, Spf, UnknownModifier

SMALL_BYTES: Final = 450
"""The name and the text of all TXT records of a name should not be longer (RFC 7208 section 3.4)."""
_KNOWN_MODIFIERS = frozenset({"ra", "rp", "rr"})
"""The modifiers of RFC 6652."""
_ENDS: dict[Conclusion, Verdict] = {
    Conclusion.FAIL: end.FAILS_OTHERS,
    Conclusion.SOFTFAIL: end.SOFTFAILS_OTHERS,
    Conclusion.NEUTRAL: end.NEUTRAL,
    Conclusion.PASS: end.PASSES_ALL,
    Conclusion.MISSING: end.NO_ALL,
    Conclusion.UNUSABLE: end.UNDECIDED,
}


def judge_record(walk: Walk) -> Iterator[Finding]:
    """Is there one record that receivers can read, and does its answer fit in a packet?"""
    start = walk.start
    evidence = tuple(shown(text) for text in start.texts)
    match start.publication:
        case Publication.UNANSWERED:
            yield say.UNANSWERED.on(start.text, fault=start.fault)
            return
        case Publication.NONE:
            yield say.MISSING.on(start.text)
            return
        case Publication.SEVERAL:
            yield say.SEVERAL.on(start.text, evidence, count=len(start.texts))
        case Publication.ONE:
            found = say.NO_MAIL if start.sends_nothing else say.FOUND
            yield found.on(start.text, evidence)
            yield from _syntax(walk, evidence)
    yield from _sizes(walk)


def judge_end(walk: Walk, spf: Spf) -> Iterator[Finding]:
    """What happens to senders that the record does not name?"""
    target = walk.start.text
    yield _ENDS[conclusion(walk, walk.root)].on(target, (shown(walk.start.texts[0]),))
    passing = passing_includes(walk)
    if passing:
        yield end.PASSING_INCLUDE.on(target, passing, terms=", ".join(passing))
    rest = list(dropwhile(lambda mechanism: not isinstance(mechanism, All), spf.mechanisms))
    if rest[1:]:
        yield end.UNREACHED.on(target, terms=shown(" ".join(term.to_text() for term in rest[1:])))
    redirects = [term.to_text() for term in spf.terms if isinstance(term, Redirect)]
    if rest and redirects:
        yield end.REDIRECT_IGNORED.on(target, terms=shown(redirects[0]))


def _syntax(walk: Walk, evidence: tuple[str, ...]) -> Iterator[Finding]:
    start, error = walk.start, walk.start.syntax_error
    if error is not None:
        seen = (*evidence, shown(error.problem))
        yield say.INVALID.on(start.text, seen, position=error.position + 1, term=shown(error.tag))
        return
    odd = [
        shown(term.to_text())
        for term in (start.spf.terms if start.spf else ())
        if isinstance(term, UnknownModifier) and term.name not in _KNOWN_MODIFIERS
    ]
    for term in dict.fromkeys(odd):
        yield say.UNKNOWN_MODIFIER.on(start.text, evidence, term=term)
    if not odd:
        yield say.WELL_FORMED.on(start.text, evidence)


def _sizes(walk: Walk) -> Iterator[Finding]:
    """The sizes of the answers in the domain itself; others can change those elsewhere."""
    own = [published for name, published in walk.policies.items() if name.is_subdomain(walk.root)]
    evidence = tuple(f"{it.text}: {it.answer_bytes}" for it in walk.policies.values() if it.answer_bytes)
    large = [published for published in own if published.answer_bytes > SMALL_BYTES]
    for published in large:
        size = published.answer_bytes
        yield say.LARGE.on(name_text(published.name), evidence, bytes=size, limit=SMALL_BYTES)
    if not large:
        size = walk.start.answer_bytes
        yield say.SMALL.on(walk.start.text, evidence, bytes=size, limit=SMALL_BYTES)
