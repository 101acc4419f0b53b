"""Reading the terms of an SPF record (RFC 7208 sections 4.6.1 and 12)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NoReturn

from mailseal.records.errors import RecordSyntaxError
from mailseal.records.spf.macros import DomainSpec, MacroString
from mailseal.records.spf.terms import (
    IP4_BITS,
    IP6_BITS,
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

_MODIFIER = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9._-]*)=(?P<value>.*)", re.DOTALL)
_DIRECTIVE = re.compile(r"(?P<qualifier>[-+?~]?)(?P<name>[A-Za-z0-9]+)(?P<rest>(?:[:/].*)?)", re.DOTALL)
_NUMBER = r"(?:0|[1-9][0-9]*)"
_HOST = re.compile(rf"(?P<domain>:.*?)?(?:/(?P<ip4>{_NUMBER}))?(?://(?P<ip6>{_NUMBER}))?", re.DOTALL)
_NETWORK = re.compile(rf":(?P<address>[^/]*)(?:/(?P<prefix>{_NUMBER}))?", re.DOTALL)
_MAX_PREFIX_DIGITS = 3


def parse_term(text: str, position: int = 0) -> Term:
    """The term that `text` writes, such as `include:_spf.example.nl` or `-all`.

    `position` is where it stands in the record. Raises `RecordSyntaxError`.
    """
    modifier = _MODIFIER.fullmatch(text)
    if modifier:
        return _modifier(modifier, text, position)
    directive = _DIRECTIVE.fullmatch(text)
    if directive is None:
        raise RecordSyntaxError("this is neither a mechanism nor a modifier", tag=text, position=position)
    return _mechanism(directive, text, position)


def _modifier(found: re.Match[str], text: str, position: int) -> Modifier:
    name, value, start = found["name"].lower(), found["value"], position + found.start("value")
    if name == Redirect.name:
        return Redirect(DomainSpec.parse(value, term=text, position=start))
    if name == Explanation.name:
        return Explanation(DomainSpec.parse(value, term=text, position=start))
    return UnknownModifier(name, MacroString.parse(value, term=text, position=start))


@dataclass(frozen=True, slots=True)
class _Directive:
    """A mechanism's parts before they are read: everything after the name is `rest`."""

    term: str
    qualifier: Qualifier
    name: str
    rest: str
    position: int

    def fail(self, problem: str) -> NoReturn:
        raise RecordSyntaxError(problem, tag=self.term, position=self.position)

    def domain(self, argument: str) -> DomainSpec:
        """The domain-spec after the colon with which `argument` starts."""
        return DomainSpec.parse(argument.removeprefix(":"), term=self.term, position=self.position + 1)

    def optional_domain(self, argument: str | None) -> DomainSpec | None:
        return self.domain(argument) if argument else None


def _mechanism(found: re.Match[str], text: str, position: int) -> Mechanism:
    directive = _Directive(
        term=text,
        qualifier=Qualifier(found["qualifier"] or "+"),
        name=found["name"].lower(),
        rest=found["rest"],
        position=position + found.start("rest"),
    )
    read = _MECHANISMS.get(directive.name)
    if read is None:
        raise RecordSyntaxError(
            f"there is no mechanism {found['name']!r}", tag=text, position=position + found.start("name")
        )
    return read(directive)


def _all(directive: _Directive) -> All:
    if directive.rest:
        directive.fail("the mechanism all takes no argument")
    return All(directive.qualifier)


def _include(directive: _Directive) -> Include:
    return Include(_needed_domain(directive), directive.qualifier)


def _exists(directive: _Directive) -> Exists:
    return Exists(_needed_domain(directive), directive.qualifier)


def _needed_domain(directive: _Directive) -> DomainSpec:
    if not directive.rest.startswith(":"):
        directive.fail(f"the mechanism {directive.name} needs ':' and a domain")
    return directive.domain(directive.rest)


def _ptr(directive: _Directive) -> Ptr:
    if directive.rest.startswith("/"):
        directive.fail("the mechanism ptr takes no prefix length")
    return Ptr(directive.optional_domain(directive.rest), directive.qualifier)


def _a(directive: _Directive) -> A:
    domain, ip4_prefix_length, ip6_prefix_length = _host(directive)
    return A(domain, ip4_prefix_length, ip6_prefix_length, directive.qualifier)


def _mx(directive: _Directive) -> Mx:
    domain, ip4_prefix_length, ip6_prefix_length = _host(directive)
    return Mx(domain, ip4_prefix_length, ip6_prefix_length, directive.qualifier)


def _host(directive: _Directive) -> tuple[DomainSpec | None, int, int]:
    """`[ ":" domain-spec ] [ dual-cidr-length ]`."""
    found = _HOST.fullmatch(directive.rest)
    if found is None:
        directive.fail(f"{directive.rest!r} are not prefix lengths such as /24, //64 or /24//64")
    domain = directive.optional_domain(found["domain"])
    return domain, _prefix(directive, found["ip4"], IP4_BITS), _prefix(directive, found["ip6"], IP6_BITS)


def _ip4(directive: _Directive) -> Ip4:
    address, prefix = _network(directive, IP4_BITS)
    try:
        return Ip4(IPv4Address(address), prefix, directive.qualifier)
    except AddressValueError:
        directive.fail(f"{address!r} is not an IPv4 address of four numbers")


def _ip6(directive: _Directive) -> Ip6:
    address, prefix = _network(directive, IP6_BITS)
    if "%" in address:
        directive.fail(f"{address!r} has a zone index")
    try:
        return Ip6(IPv6Address(address), prefix, directive.qualifier)
    except AddressValueError:
        directive.fail(f"{address!r} is not an IPv6 address")


def _network(directive: _Directive, bits: int) -> tuple[str, int]:
    found = _NETWORK.fullmatch(directive.rest)
    if found is None:
        directive.fail(f"the mechanism {directive.name} needs ':', an address, and at most one prefix length")
    return found["address"], _prefix(directive, found["prefix"], bits)


def _prefix(directive: _Directive, digits: str | None, bits: int) -> int:
    if digits is None:
        return bits
    if len(digits) > _MAX_PREFIX_DIGITS or int(digits) > bits:
        directive.fail(f"the prefix length /{digits} is over {bits}")
    return int(digits)


_MECHANISMS: dict[str, Callable[[_Directive], Mechanism]] = {
    All.name: _all,
    Include.name: _include,
    A.name: _a,
    Mx.name: _mx,
    Ptr.name: _ptr,
    Ip4.name: _ip4,
    Ip6.name: _ip6,
    Exists.name: _exists,
}
