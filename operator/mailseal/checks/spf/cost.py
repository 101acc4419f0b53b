"""What the records of a walk cost the worst sender (RFC 7208 section 4.6.4). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import dns.name
import dns.rdatatype

from mailseal.checks.spf.matching import mail_exchangers
from mailseal.checks.spf.model import Limits
from mailseal.checks.spf.walk import Tried, Walk
from mailseal.records.spf import A, Exists, Mx, Ptr

LIMITS: Final = Limits()
_TOO_MANY_VOIDS: Final = LIMITS.void_lookups + 1


@dataclass(frozen=True, slots=True)
class Cost:
    """The most that a receiver may have to look up before it has a result."""

    terms: int = 0
    """Terms that look up."""
    stale: int = 0
    """Void look-ups that every sender causes for whom no term before matches: there is nothing at all."""
    ip4: int = 0
    """Void look-ups for an IPv4 sender, with those that depend on the sender."""
    ip6: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.terms + other.terms, self.stale + other.stale, self.ip4 + other.ip4, self.ip6 + other.ip6
        )

    @property
    def voids(self) -> int:
        """Void look-ups for the worst sender."""
        return max(self.ip4, self.ip6)


ENDLESS = Cost(LIMITS.lookup_terms, 0, _TOO_MANY_VOIDS, _TOO_MANY_VOIDS)
"""A record that leads to itself: a receiver goes round until the limit."""
_ONE_TERM = Cost(terms=1)
_PERHAPS_VOID = Cost(ip4=1, ip6=1)


def total_cost(walk: Walk) -> Cost:
    """What the record of the domain costs the worst sender, with all that it leads to."""
    return _Costs(walk).of_record(walk.root)


def void_targets(walk: Walk) -> tuple[str, ...]:
    """The terms whose names are stale, each with the record in which it stands."""
    stale = (tried for tried in walk.all_tried() if _voids(tried, walk).stale)
    return tuple(dict.fromkeys(map(walk.place, stale)))


def loop(walk: Walk) -> tuple[dns.name.Name, ...]:
    """A way from a record back to itself, through include and redirect; empty when there is none."""
    costs = _Costs(walk)
    costs.of_record(walk.root)
    return costs.loop


class _Costs:
    """Costs of records, each worked out once, so that records that share includes take no longer."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._known: dict[dns.name.Name, Cost] = {}
        self._under_way: list[dns.name.Name] = []
        self.loop: tuple[dns.name.Name, ...] = ()

    def of_record(self, name: dns.name.Name) -> Cost:
        if name in self._under_way:
            self.loop = self.loop or (*self._under_way[self._under_way.index(name) :], name)
            return ENDLESS
        if name not in self._known:
            self._under_way.append(name)
            self._known[name] = sum(map(self._of_term, self._walk.tried_in(name)), Cost())
            self._under_way.pop()
        return self._known[name]

    def _of_term(self, tried: Tried) -> Cost:
        if not tried.looks_up:
            return Cost()
        if tried.leads:
            return _ONE_TERM + (self.of_record(tried.target) if tried.target else Cost())
        return _ONE_TERM + _voids(tried, self._walk)


def _voids(tried: Tried, walk: Walk) -> Cost:
    """The void look-ups of one a, mx, exists or ptr."""
    if isinstance(tried.term, Ptr):
        return _PERHAPS_VOID
    if tried.depends_on_sender:
        return Cost(ip4=_TOO_MANY_VOIDS, ip6=_TOO_MANY_VOIDS) if isinstance(tried.term, Mx) else _PERHAPS_VOID
    if tried.target is None:
        return Cost()
    match tried.term:
        case A():
            return _address_voids(tried.target, walk)
        case Mx():
            return _mx_voids(tried.target, walk)
        case Exists():
            return Cost(0, *([int(_is_void(tried.target, dns.rdatatype.A, walk))] * 3))
        case _:
            return Cost()


def _mx_voids(name: dns.name.Name, walk: Walk) -> Cost:
    answer = walk.answers.get((name, dns.rdatatype.MX))
    if answer is None:
        return Cost()
    if answer.is_void:
        return Cost(stale=1, ip4=1, ip6=1)
    return sum((_address_voids(host, walk) for host in mail_exchangers(answer)), Cost())


def _address_voids(name: dns.name.Name, walk: Walk) -> Cost:
    ip4 = _is_void(name, dns.rdatatype.A, walk)
    ip6 = _is_void(name, dns.rdatatype.AAAA, walk)
    return Cost(stale=ip4 and ip6, ip4=ip4, ip6=ip6)


def _is_void(name: dns.name.Name, rdtype: dns.rdatatype.RdataType, walk: Walk) -> bool:
    answer = walk.answers.get((name, rdtype))
    return answer is not None and answer.is_void
