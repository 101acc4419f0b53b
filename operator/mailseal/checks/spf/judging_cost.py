"""What the look-ups deserve that the SPF record of a domain causes, and the records it leads to. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import dns.rdatatype

from mailseal.checks.answers import Presence
from mailseal.checks.asking import shown
from mailseal.checks.model import Finding
from mailseal.checks.spf import cost_verdicts as say
from mailseal.checks.spf import include_verdicts as included
from mailseal.checks.spf.cost import LIMITS, Cost, loop, total_cost, void_targets
from mailseal.checks.spf.expansion import needs_validated_name
from mailseal.checks.spf.matching import mail_exchangers
from mailseal.checks.spf.names import name_text
from mailseal.checks.spf.published import Publication
from mailseal.checks.spf.walk import Tried, Walk
from mailseal.records.spf import All, DomainSpec, Ip4, Ip6, Mx, Ptr

_UNUSABLE = {
    Publication.NONE: included.NO_RECORD,
    Publication.SEVERAL: included.SEVERAL_RECORDS,
    Publication.ONE: included.INVALID_RECORD,
    Publication.UNANSWERED: included.UNANSWERED_RECORD,
}


def judge_lookups(walk: Walk) -> Iterator[Finding]:
    """How many terms look up, at most, and how many hosts an mx has."""
    target, count, limit = walk.start.text, total_cost(walk).terms, LIMITS.lookup_terms
    evidence = tuple(walk.place(tried) for tried in walk.all_tried() if tried.looks_up)
    verdict = say.WITHIN if walk.is_complete else say.AT_LEAST
    if count > limit:
        verdict = say.TOO_MANY
    yield verdict.on(target, evidence, count=count, limit=limit)
    for tried in walk.all_tried():
        if isinstance(tried.term, Mx) and tried.target is not None:
            answer = walk.answers.get((tried.target, dns.rdatatype.MX))
            hosts = mail_exchangers(answer) if answer else ()
            if len(hosts) > LIMITS.mx_hosts:
                yield say.MX_HOSTS.on(
                    target,
                    term=walk.place(tried),
                    name=name_text(tried.target),
                    count=len(hosts),
                    limit=LIMITS.mx_hosts,
                )


def judge_voids(walk: Walk) -> Iterator[Finding]:
    """How many look-ups find nothing: for every sender, and for the worst."""
    target, cost, limit = walk.start.text, total_cost(walk), LIMITS.void_lookups
    stale = void_targets(walk)
    if cost.stale:
        verdict = say.STALE if cost.stale <= limit else say.TOO_MANY_VOIDS
        yield verdict.on(target, stale, terms=", ".join(stale), count=cost.stale, limit=limit)
    some_senders = cost.stale <= limit < cost.voids and not loop(walk)
    if some_senders:
        yield say.SOME_SENDERS.on(target, family=_worse_family(cost), count=cost.voids, limit=limit)
    unknown = [
        name_text(name) for (name, _), it in walk.answers.items() if it.presence is Presence.UNANSWERED
    ]
    if unknown:
        yield say.VOIDS_UNKNOWN.on(target, names=", ".join(dict.fromkeys(unknown)))
    if not (cost.stale or some_senders or unknown):
        yield say.NO_VOIDS.on(target)


def judge_ptr(walk: Walk) -> Iterator[Finding]:
    """Does anything depend on the reverse name of the sender?"""
    used = tuple(dict.fromkeys(walk.place(tried) for tried in walk.all_tried() if _uses_ptr(tried)))
    target = walk.start.text
    yield say.USES_PTR.on(target, used, terms=", ".join(used)) if used else say.NO_PTR.on(target)


def judge_includes(walk: Walk) -> Iterator[Finding]:
    """Can the records be used that include and redirect lead to, and is none of them there twice?"""
    target = walk.start.text
    leading = [tried for tried in walk.all_tried() if tried.leads]
    problems = [*_unusable(walk, leading), *_wasteful(walk, leading)]
    yield from problems
    depends = [walk.place(tried) for tried in leading if tried.depends_on_sender]
    if depends:
        yield included.DEPENDS.on(target, terms=", ".join(depends))
    if not leading:
        yield included.NOTHING_INCLUDED.on(target)
    elif not problems and len(depends) < len(leading):
        names = tuple(name_text(name) for name in walk.policies if name != walk.root)
        yield included.ALL_USABLE.on(target, names, count=len(names))


def _unusable(walk: Walk, leading: list[Tried]) -> Iterator[Finding]:
    target = walk.start.text
    for tried in leading:
        if tried.depends_on_sender:
            continue
        if tried.target is None:
            yield included.NO_NAME.on(target, term=walk.place(tried), name=shown(_spec_text(tried)))
            continue
        published = walk.policies.get(tried.target)
        if published is None or published.spf is not None:
            continue
        evidence = (*map(shown, published.texts), shown(published.problem))
        verdict = _UNUSABLE[published.publication]
        yield verdict.on(target, evidence, term=walk.place(tried), name=published.text)


def _wasteful(walk: Walk, leading: list[Tried]) -> Iterator[Finding]:
    round_trip = loop(walk)
    if round_trip:
        way = " > ".join(map(name_text, round_trip))
        yield included.LOOP.on(walk.start.text, names=way)
        return
    times = Counter(tried.target for tried in leading)
    twice = [name_text(name) for name, count in times.items() if name is not None and count > 1]
    if twice:
        places = tuple(walk.place(tried) for tried in leading if tried.target and times[tried.target] > 1)
        yield included.TWICE.on(walk.start.text, places, names=", ".join(twice))


def _worse_family(cost: Cost) -> str:
    return "IPv6" if cost.ip6 >= cost.ip4 else "IPv4"


def _spec(tried: Tried) -> DomainSpec | None:
    return None if isinstance(tried.term, Ip4 | Ip6 | All) else tried.term.domain


def _spec_text(tried: Tried) -> str:
    spec = _spec(tried)
    return spec.to_text() if spec else ""


def _uses_ptr(tried: Tried) -> bool:
    spec = _spec(tried)
    return isinstance(tried.term, Ptr) or (spec is not None and needs_validated_name(spec.pieces))
