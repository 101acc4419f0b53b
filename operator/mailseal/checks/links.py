"""A response, read as the links that lead from a question to its end: aliases, then data or absence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.CNAME
import dns.rdtypes.ANY.DNAME
import dns.rrset

from mailseal.checks.answers import Answer, Presence
from mailseal.checks.wording import told

MAX_ALIASES: Final = 12
"""Longer chains are taken for loops, as resolvers do (Unbound and BIND follow 11)."""


@dataclass(frozen=True, slots=True)
class Link:
    """One RRset on the way from a question to its end, or the absence at the end."""

    name: dns.name.Name
    """The name that was looked up at this link."""
    rdtype: dns.rdatatype.RdataType
    """The type of `rrset`, or that which is absent."""
    presence: Presence
    response: dns.message.Message
    """Where it stands, with the signatures and proofs."""
    rrset: dns.rrset.RRset | None = None
    """None: absence. The owner of a DNAME is above `name`."""
    target: dns.name.Name | None = None
    """Where an alias leads; None at the end."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one response says of one question."""

    links: tuple[Link, ...] = ()
    onward: dns.name.Name | None = None
    """The target of the last alias, when the response does not say what is there."""
    fault: str = ""
    """Why it answers nothing, for people."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """All links from a question to its end, or why they do not get there."""

    name: dns.name.Name
    rdtype: dns.rdatatype.RdataType
    links: tuple[Link, ...] = ()
    fault: str = ""

    @property
    def answer(self) -> Answer:
        """The answer without its proofs."""
        aliases = tuple(link.target for link in self.links if link.target is not None)
        if self.fault:
            presence = Presence.UNANSWERED
            return Answer(self.name, self.rdtype, presence, aliases=aliases, fault=self.fault)
        last = self.links[-1]
        if last.rrset is None:
            return Answer(self.name, self.rdtype, last.presence, aliases=aliases)
        ttl_seconds = min(link.rrset.ttl for link in self.links if link.rrset is not None)
        return Answer(self.name, self.rdtype, Presence.FOUND, tuple(last.rrset), aliases, ttl_seconds)


def read(response: dns.message.Message, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Reading:
    """Follow the aliases in `response` from `name` as far as they go."""
    links: list[Link] = []
    at = name
    while len(links) <= MAX_ALIASES:
        try:
            link = _dname_at(response, at) or _data_at(response, at, rdtype)
        except dns.name.NameTooLong:
            return Reading(
                tuple(links),
                fault=f"the DNAME above {told(at)} makes a name that is too long",
            )
        if link is None:
            return _ended(response, links, at, rdtype)
        links.append(link)
        if link.target is None:
            return Reading(tuple(links))
        at = link.target
    return Reading(tuple(links), fault=f"more than {MAX_ALIASES} aliases follow {told(name)}")


def _dname_at(response: dns.message.Message, at: dns.name.Name) -> Link | None:
    """The DNAME above `at`, which the CNAME beside it is made from (RFC 6672 section 2.2)."""
    for rrset in response.answer:
        if rrset.rdtype != dns.rdatatype.DNAME or rrset.name == at or not at.is_subdomain(rrset.name):
            continue
        for rdata in rrset:
            if isinstance(rdata, dns.rdtypes.ANY.DNAME.DNAME):
                target = at.relativize(rrset.name).derelativize(rdata.target)
                return Link(at, dns.rdatatype.DNAME, Presence.FOUND, response, rrset, target)
    return None


def _data_at(
    response: dns.message.Message, at: dns.name.Name, rdtype: dns.rdatatype.RdataType
) -> Link | None:
    found = _rrset(response, at, rdtype)
    if found is not None:
        return Link(at, rdtype, Presence.FOUND, response, found)
    alias = _rrset(response, at, dns.rdatatype.CNAME)
    for rdata in alias or ():
        if isinstance(rdata, dns.rdtypes.ANY.CNAME.CNAME):
            return Link(at, dns.rdatatype.CNAME, Presence.FOUND, response, alias, rdata.target)
    return None


def _rrset(
    response: dns.message.Message, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
) -> dns.rrset.RRset | None:
    return response.get_rrset(response.answer, name, dns.rdataclass.IN, rdtype) or None


def _ended(
    response: dns.message.Message, links: list[Link], at: dns.name.Name, rdtype: dns.rdatatype.RdataType
) -> Reading:
    """Nothing in the answer is about `at`: it is absent, unknown here (RFC 2308 section 2), or elsewhere."""
    if response.rcode() == dns.rcode.NXDOMAIN:
        return Reading((*links, Link(at, rdtype, Presence.NO_NAME, response)))
    speaks_for = [rrset.name for rrset in response.authority if rrset.rdtype == dns.rdatatype.SOA]
    if any(at.is_subdomain(apex) for apex in speaks_for):
        return Reading((*links, Link(at, rdtype, Presence.NO_DATA, response)))
    if links:
        return Reading(tuple(links), onward=at)
    if any(rrset.rdtype == dns.rdatatype.NS for rrset in response.authority):
        return Reading(fault=f"the resolver refers to other servers for {told(at)} and does not ask them")
    return Reading((Link(at, rdtype, Presence.NO_DATA, response),))
