"""All records that the SPF record of a domain leads to, looked up once each, whoever the sender is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import chain, takewhile
from typing import Final, TypeAlias

import dns.name
import dns.rdatatype

from mailseal.checks.answers import Answer, Resolver
from mailseal.checks.asking import shown
from mailseal.checks.spf.expansion import MacroValues, expand
from mailseal.checks.spf.matching import mail_exchangers
from mailseal.checks.spf.model import Envelope
from mailseal.checks.spf.names import domain_name, name_text, query_name
from mailseal.checks.spf.published import Publication, Published, published_at
from mailseal.checks.together import of_each
from mailseal.records.spf import (
    A,
    All,
    DomainSpec,
    Exists,
    Include,
    Ip4,
    Ip6,
    Macro,
    Mechanism,
    Mx,
    Redirect,
    Spf,
)

Question: TypeAlias = tuple[dns.name.Name, dns.rdatatype.RdataType]

MAX_POLICIES: Final = 100
"""No more records are looked at; ten times what a receiver looks at."""
MAX_TERMS: Final = 2000
"""Of all records together; those for which there is no room are not looked at."""
MAX_QUESTIONS: Final = 400
_QUESTIONS_AT_ONCE: Final = 16
"""So that those of a domain whose name servers are slow do not hold up those of others."""
_ADDRESS_TYPES = (dns.rdatatype.A, dns.rdatatype.AAAA)
_STATIC_LETTERS = frozenset("dDoO")


@dataclass(frozen=True, slots=True)
class Tried:
    """A term that a receiver may try, in the record of `owner`."""

    owner: dns.name.Name
    term: Mechanism | Redirect
    target: dns.name.Name | None
    """The target name; None: there is none, no query can hold it, or it depends on the sender."""
    depends_on_sender: bool = False

    @property
    def leads(self) -> bool:
        """True when it leads to another SPF record."""
        return isinstance(self.term, Include | Redirect)

    @property
    def looks_up(self) -> bool:
        """True when it counts as one of the ten terms (section 4.6.4)."""
        return isinstance(self.term, Redirect) or self.term.looks_up


@dataclass(frozen=True, slots=True)
class Walk:
    """What was found from `root` on."""

    root: dns.name.Name
    policies: Mapping[dns.name.Name, Published]
    """The records of all names that include and redirect lead to, in the order of distance."""
    tried: Mapping[dns.name.Name, tuple[Tried, ...]]
    """The terms that a receiver may try, by the name of their record."""
    answers: Mapping[Question, Answer]
    """What a, mx and exists look up, as far as it does not depend on the sender."""

    @property
    def start(self) -> Published:
        """What the domain itself publishes."""
        return self.policies[self.root]

    def tried_in(self, name: dns.name.Name) -> tuple[Tried, ...]:
        """The terms that a receiver may try in the record of `name`; none without a usable one."""
        return self.tried.get(name, ())

    def all_tried(self) -> Iterator[Tried]:
        """The terms that a receiver may try, of each record once."""
        return chain.from_iterable(self.tried.values())

    def place(self, tried: Tried) -> str:
        """The term, with the name of its record where that is not the domain's own."""
        text = shown(tried.term.to_text())
        return text if tried.owner == self.root else f"{text} ({name_text(tried.owner)})"

    @property
    def is_complete(self) -> bool:
        """True when every record is known whose name does not depend on the sender."""
        leading = (tried.target for tried in self.all_tried() if tried.leads and tried.target is not None)
        return all(
            name in self.policies and self.policies[name].publication is not Publication.UNANSWERED
            for name in (self.root, *leading)
        )


async def walk(root: dns.name.Name, resolver: Resolver) -> Walk:
    """Look at the record of `root` and at all that it leads to."""
    policies: dict[dns.name.Name, Published] = {}
    tried: dict[dns.name.Name, tuple[Tried, ...]] = {}
    level = [root]
    while level:
        found = await of_each(lambda name: published_at(name, resolver), level, _QUESTIONS_AT_ONCE)
        added = dict(_within_terms(zip(level, found, strict=True), policies))
        policies |= added
        for name, published in added.items():
            tried[name] = tuple(_tried(published.spf, name, root)) if published.spf is not None else ()
        further = dict.fromkeys(it.target for name in added for it in tried[name] if it.leads and it.target)
        level = [name for name in further if name not in policies][: MAX_POLICIES - len(policies)]
    answers = await _ask(_first_questions(chain.from_iterable(tried.values())), resolver)
    hosts = [host for answer in answers.values() for host in mail_exchangers(answer)]
    answers |= await _ask([(host, kind) for host in hosts for kind in _ADDRESS_TYPES], resolver)
    return Walk(root, policies, tried, answers)


def _within_terms(
    found: Iterable[tuple[dns.name.Name, Published]], before: Mapping[dns.name.Name, Published]
) -> Iterator[tuple[dns.name.Name, Published]]:
    """Those of `found` for which there is room beside the records `before`; always the very first record."""
    terms = sum(_terms_of(published) for published in before.values())
    for name, published in found:
        terms += _terms_of(published)
        if terms <= MAX_TERMS or not before:
            yield name, published


def _terms_of(published: Published) -> int:
    return len(published.spf.terms) if published.spf else 0


def _tried(spf: Spf, owner: dns.name.Name, root: dns.name.Name) -> Iterator[Tried]:
    """The terms before `all`; redirect where there is no `all` (sections 5.1 and 6.1)."""
    tried = list(takewhile(lambda mechanism: not isinstance(mechanism, All), spf.mechanisms))
    for mechanism in tried:
        yield _targeted(mechanism, owner, root)
    if len(tried) == len(spf.mechanisms):
        for term in spf.terms:
            if isinstance(term, Redirect):
                yield _targeted(term, owner, root)


def _targeted(term: Mechanism | Redirect, owner: dns.name.Name, root: dns.name.Name) -> Tried:
    if isinstance(term, Ip4 | Ip6 | All):
        return Tried(owner, term, None)
    spec: DomainSpec | None = term.domain
    if spec is None:
        return Tried(owner, term, owner)
    if any(isinstance(piece, Macro) and piece.letter not in _STATIC_LETTERS for piece in spec.pieces):
        return Tried(owner, term, None, depends_on_sender=True)
    envelope = Envelope(IPv4Address(0), f"@{name_text(root)}")
    text = expand(spec.pieces, MacroValues(envelope, name_text(owner)))
    name = query_name(text)
    if isinstance(term, Include | Redirect) and name is not None:
        name = domain_name(name_text(name))
    return Tried(owner, term, name)


def _first_questions(terms: Iterable[Tried]) -> Iterator[Question]:
    for tried in terms:
        if tried.target is None:
            continue
        match tried.term:
            case A():
                yield from ((tried.target, kind) for kind in _ADDRESS_TYPES)
            case Mx():
                yield tried.target, dns.rdatatype.MX
            case Exists():
                yield tried.target, dns.rdatatype.A


async def _ask(questions: Iterable[Question], resolver: Resolver) -> dict[Question, Answer]:
    """The answers to the different questions among `questions`, but not to more than `MAX_QUESTIONS`."""
    asked = [(name, kind) for name, kind in dict.fromkeys(questions) if name != dns.name.root]
    del asked[MAX_QUESTIONS:]
    answers = await of_each(lambda question: resolver.ask(*question), asked, _QUESTIONS_AT_ONCE)
    return dict(zip(asked, answers, strict=True))
