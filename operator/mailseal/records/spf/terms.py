"""The terms of an SPF record as values: mechanisms (RFC 7208 section 5) and modifiers (section 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import ClassVar, TypeAlias

from mailseal.records.errors import InvalidRecord
from mailseal.records.spf.macros import DomainSpec, MacroString

IP4_BITS = 32
IP6_BITS = 128
_MODIFIER_NAME = re.compile(r"[a-z][a-z0-9._-]*")


class Qualifier(StrEnum):
    """What a match of a mechanism means (section 4.6.2)."""

    PASS = "+"  # noqa: S105 - a result of SPF, no password
    FAIL = "-"
    SOFTFAIL = "~"
    NEUTRAL = "?"

    @property
    def prefix(self) -> str:
        """The qualifier as printed: nothing for pass, which is the default."""
        return "" if self is Qualifier.PASS else self.value


@dataclass(frozen=True, slots=True)
class All:
    """Matches everything (section 5.1)."""

    name: ClassVar[str] = "all"
    looks_up: ClassVar[bool] = False
    qualifier: Qualifier = Qualifier.PASS

    def to_text(self) -> str:
        """The term as a record writes it."""
        return f"{self.qualifier.prefix}{self.name}"


@dataclass(frozen=True, slots=True)
class Include:
    """Matches when the record of another domain passes (section 5.2)."""

    name: ClassVar[str] = "include"
    looks_up: ClassVar[bool] = True
    domain: DomainSpec
    qualifier: Qualifier = Qualifier.PASS

    def to_text(self) -> str:
        """The term as a record writes it."""
        return f"{self.qualifier.prefix}{self.name}:{self.domain.to_text()}"


@dataclass(frozen=True, slots=True)
class Exists:
    """Matches when the expanded name has an address (section 5.7)."""

    name: ClassVar[str] = "exists"
    looks_up: ClassVar[bool] = True
    domain: DomainSpec
    qualifier: Qualifier = Qualifier.PASS

    def to_text(self) -> str:
        """The term as a record writes it."""
        return f"{self.qualifier.prefix}{self.name}:{self.domain.to_text()}"


@dataclass(frozen=True, slots=True)
class Ptr:
    """Matches the reverse name of the client (section 5.5, which says not to use it)."""

    name: ClassVar[str] = "ptr"
    looks_up: ClassVar[bool] = True
    domain: DomainSpec | None = None
    qualifier: Qualifier = Qualifier.PASS

    def to_text(self) -> str:
        """The term as a record writes it."""
        return f"{self.qualifier.prefix}{self.name}{_argument(self.domain)}"


@dataclass(frozen=True, slots=True)
class A:
    """Matches the addresses of a host, widened to networks of the given prefix lengths (section 5.3)."""

    name: ClassVar[str] = "a"
    looks_up: ClassVar[bool] = True
    domain: DomainSpec | None = None
    ip4_prefix_length: int = IP4_BITS
    ip6_prefix_length: int = IP6_BITS
    qualifier: Qualifier = Qualifier.PASS

    def __post_init__(self) -> None:
        _check_prefix(self.ip4_prefix_length, IP4_BITS)
        _check_prefix(self.ip6_prefix_length, IP6_BITS)

    def to_text(self) -> str:
        """The term as a record writes it."""
        return f"{self.qualifier.prefix}{self.name}{_argument(self.domain)}{_dual_cidr(self)}"


@dataclass(frozen=True, slots=True)
class Mx:
    """Matches the addresses of a domain's mail exchangers, widened as with `A` (section 5.4)."""

    name: ClassVar[str] = "mx"
    looks_up: ClassVar[bool] = True
    domain: DomainSpec | None = None
    ip4_prefix_length: int = IP4_BITS
    ip6_prefix_length: int = IP6_BITS
    qualifier: Qualifier = Qualifier.PASS

    def __post_init__(self) -> None:
        _check_prefix(self.ip4_prefix_length, IP4_BITS)
        _check_prefix(self.ip6_prefix_length, IP6_BITS)

    def to_text(self) -> str:
        """The term as a record writes it."""
        return f"{self.qualifier.prefix}{self.name}{_argument(self.domain)}{_dual_cidr(self)}"


@dataclass(frozen=True, slots=True)
class Ip4:
    """Matches an IPv4 network (section 5.6). The address keeps its host bits."""

    name: ClassVar[str] = "ip4"
    looks_up: ClassVar[bool] = False
    address: IPv4Address
    prefix_length: int = IP4_BITS
    qualifier: Qualifier = Qualifier.PASS

    def __post_init__(self) -> None:
        _check_prefix(self.prefix_length, IP4_BITS)

    def to_text(self) -> str:
        """The term as a record writes it."""
        return f"{self.qualifier.prefix}{self.name}:{self.address}{_cidr(self.prefix_length, IP4_BITS)}"


@dataclass(frozen=True, slots=True)
class Ip6:
    """Matches an IPv6 network (section 5.6). The address keeps its host bits."""

    name: ClassVar[str] = "ip6"
    looks_up: ClassVar[bool] = False
    address: IPv6Address
    prefix_length: int = IP6_BITS
    qualifier: Qualifier = Qualifier.PASS

    def __post_init__(self) -> None:
        _check_prefix(self.prefix_length, IP6_BITS)
        if self.address.scope_id is not None:
            raise InvalidRecord(f"{self.address} has a zone index, which means nothing to others")

    def to_text(self) -> str:
        """The term as a record writes it."""
        return f"{self.qualifier.prefix}{self.name}:{self.address}{_cidr(self.prefix_length, IP6_BITS)}"


@dataclass(frozen=True, slots=True)
class Redirect:
    """Continues with another domain's record when nothing matched (section 6.1)."""

    name: ClassVar[str] = "redirect"
    domain: DomainSpec

    def to_text(self) -> str:
        """The term as a record writes it."""
        return f"{self.name}={self.domain.to_text()}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Names the TXT record that explains a fail (section 6.2)."""

    name: ClassVar[str] = "exp"
    domain: DomainSpec

    def to_text(self) -> str:
        """The term as a record writes it."""
        return f"{self.name}={self.domain.to_text()}"


@dataclass(frozen=True, slots=True)
class UnknownModifier:
    """A modifier that receivers must ignore (section 6). Its `name` is in lower case."""

    name: str
    value: MacroString

    def __post_init__(self) -> None:
        if _MODIFIER_NAME.fullmatch(self.name) is None:
            raise InvalidRecord(f"{self.name!r} is not a lower-case modifier name")
        if self.name in {Redirect.name, Explanation.name}:
            raise InvalidRecord(f"{self.name!r} is not an unknown modifier")

    def to_text(self) -> str:
        """The term as a record writes it."""
        return f"{self.name}={self.value.to_text()}"


Mechanism: TypeAlias = All | Include | A | Mx | Ptr | Ip4 | Ip6 | Exists
Modifier: TypeAlias = Redirect | Explanation | UnknownModifier
Term: TypeAlias = Mechanism | Modifier


def _argument(domain: DomainSpec | None) -> str:
    return "" if domain is None else f":{domain.to_text()}"


def _cidr(prefix: int, bits: int) -> str:
    return "" if prefix == bits else f"/{prefix}"


def _dual_cidr(term: A | Mx) -> str:
    ip6 = _cidr(term.ip6_prefix_length, IP6_BITS)
    return _cidr(term.ip4_prefix_length, IP4_BITS) + (f"/{ip6}" if ip6 else "")


def _check_prefix(prefix: int, bits: int) -> None:
    if not 0 <= prefix <= bits:
        raise InvalidRecord(f"the prefix length /{prefix} is not within 0 to {bits}")
