"""Small worlds of SPF records that refer to one another, drawn by hypothesis, and a resolver of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from hypothesis import strategies as st

from mailseal.checks.answers import Answer, Presence, Security, Validation
from mailseal.checks.spf.model import IpAddress
from mailseal.records.spf import Spf
from support.record_strategies import mutations, spf_records

NAMES = tuple(f"n{number}.example" for number in range(6))
IP4 = tuple(f"192.0.2.{number}" for number in range(1, 5))
IP6 = tuple(f"2001:db8::{number}" for number in range(1, 5))
ROOT = NAMES[0]


@dataclass(frozen=True, slots=True)
class Records:
    """What stands at a name."""

    texts: tuple[str, ...] = ()
    """TXT values, one character for each byte."""
    ip4: tuple[str, ...] = ()
    ip6: tuple[str, ...] = ()
    mx: tuple[str, ...] = ()
    ptr: tuple[str, ...] = ()

    def of(self, kind: str) -> tuple[str, ...]:
        """The records of a type."""
        return {"TXT": self.texts, "A": self.ip4, "AAAA": self.ip6, "MX": self.mx, "PTR": self.ptr}[kind]


@dataclass(frozen=True, slots=True)
class World:
    """Names and what stands at them; names in `silent` do not answer."""

    names: Mapping[str, Records] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()


class WorldResolver:
    """Answers from a world."""

    def __init__(self, world: World) -> None:
        self._names = {dns.name.from_text(name): records for name, records in world.names.items()}
        self._silent = {dns.name.from_text(name) for name in world.silent}

    async def ask(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Answer:
        if name in self._silent:
            return Answer(name, rdtype, Presence.UNANSWERED, fault="time-out")
        records = self._names.get(name)
        if records is None:
            return Answer(name, rdtype, Presence.NO_NAME)
        found = records.of(dns.rdatatype.to_text(rdtype))
        if not found:
            return Answer(name, rdtype, Presence.NO_DATA)
        return Answer(name, rdtype, Presence.FOUND, tuple(_rdata(rdtype, text) for text in found))

    async def validate(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Validation:
        return Validation(Security.INSECURE)


def _rdata(rdtype: dns.rdatatype.RdataType, text: str) -> dns.rdata.Rdata:
    if rdtype == dns.rdatatype.TXT:
        raw = text.encode("latin-1", "replace")
        strings = [raw[at : at + 255] for at in range(0, max(len(raw), 1), 255)]
        wire = b"".join(bytes([len(string)]) + string for string in strings)
        return dns.rdata.from_wire(dns.rdataclass.IN, rdtype, wire, 0, len(wire))
    if rdtype == dns.rdatatype.MX:
        return dns.rdata.from_text("IN", "MX", f"10 {text}." if text else "0 .")
    return dns.rdata.from_text("IN", dns.rdatatype.to_text(rdtype), text)


clients: st.SearchStrategy[IpAddress] = st.sampled_from((*IP4, *IP6)).map(ip_address)
_names = st.sampled_from(NAMES)
_some = {"max_size": 2, "unique": True}
_qualifiers = st.sampled_from(("", "-", "~", "?"))
_mechanisms = st.one_of(
    st.sampled_from(IP4).map("ip4:{}".format),
    st.sampled_from(IP6).map("ip6:{}".format),
    st.sampled_from(("a", "mx", "ptr", "a/24", "mx//64", "exists:%{i}.n1.example", "a:%{d}", "a:%{l}.%{o}")),
    _names.map("a:{}".format),
    _names.map("mx:{}".format),
    _names.map("exists:{}".format),
    _names.map("include:{}".format),
    _names.map("ptr:{}".format),
)
_directives = st.tuples(_qualifiers, _mechanisms).map("".join)
_ends = st.one_of(_names.map("redirect={}".format), _qualifiers.map("{}all".format), st.just("foo=bar"))
policies = st.tuples(st.lists(_directives, max_size=5), st.lists(_ends, max_size=1)).map(
    lambda terms: " ".join(("v=spf1", *terms[0], *terms[1]))
)
"""Well-formed records whose names are those of the world."""
_wild_texts = st.one_of(
    policies, mutations(policies), spf_records.map(Spf.to_text), st.text(st.characters(max_codepoint=255))
)
_pointers = {address: ip_address(address).reverse_pointer for address in (*IP4, *IP6)}


def _worlds(
    root: st.SearchStrategy[str],
    texts: st.SearchStrategy[tuple[str, ...]],
    mx: st.SearchStrategy[tuple[str, ...]],
) -> st.SearchStrategy[World]:
    """Worlds with one TXT value at the root, `texts` at other names, and pointers from some addresses."""
    addresses = (
        st.lists(st.sampled_from(IP4), **_some).map(tuple),
        st.lists(st.sampled_from(IP6), **_some).map(tuple),
    )
    first = st.builds(Records, root.map(lambda text: (text,)), *addresses, mx)
    others = st.dictionaries(_names, st.builds(Records, texts, *addresses, mx), min_size=2)
    forward = st.builds(lambda found, root: {**found, ROOT: root}, others, first)
    targets = st.lists(_names.map("{}.".format), min_size=1, **_some)
    pointed = targets.map(lambda found: Records(ptr=tuple(found)))
    backward = st.dictionaries(st.sampled_from(tuple(_pointers.values())), pointed)
    silent = st.frozensets(_names.filter(lambda name: name != ROOT), max_size=1)
    return st.builds(lambda *parts: World({**parts[0], **parts[1]}, parts[2]), forward, backward, silent)


worlds = _worlds(policies, st.lists(policies, max_size=1).map(tuple), st.lists(_names, max_size=1).map(tuple))
"""Names with at most one policy, which is well formed, and one MX host."""
wild_worlds = _worlds(
    _wild_texts,
    st.lists(_wild_texts, max_size=2).map(tuple),
    st.lists(_names | st.just(""), max_size=3).map(tuple),
)
"""Names with whatever TXT values, and several or null MX hosts."""
