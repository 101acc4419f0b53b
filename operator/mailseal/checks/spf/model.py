"""What SPF evaluation is asked, how far it may go, and what it says (RFC 7208 sections 2.6 and 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import TypeAlias

from mailseal.records.spf import Mechanism, Qualifier, Redirect

IpAddress: TypeAlias = IPv4Address | IPv6Address

POSTMASTER = "postmaster"
UNKNOWN_HOST = "unknown"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SpfCode(StrEnum):
    """The results of `check_host` (section 2.6)."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


CODE_OF = {
    Qualifier.PASS: SpfCode.PASS,
    Qualifier.FAIL: SpfCode.FAIL,
    Qualifier.SOFTFAIL: SpfCode.SOFTFAIL,
    Qualifier.NEUTRAL: SpfCode.NEUTRAL,
}
"""What a match of a mechanism with that qualifier results in (section 4.6.2)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The processing limits of section 4.6.4. An evaluation that goes over one is a permerror.

    Only time (a temperror) and the names of one ptr (the rest is ignored) end otherwise.
    """

    lookup_terms: int = 10
    """Terms that look up: include, a, mx, ptr, exists and redirect."""
    void_lookups: int = 2
    """Look-ups of a, mx, exists and ptr that find nothing. Each counts, also those of one mx's hosts."""
    mx_hosts: int = 10
    ptr_names: int = 10
    within: timedelta = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of the message whose sender is checked."""

    ip: IpAddress
    """The SMTP client. An IPv4-mapped IPv6 address counts as the IPv4 address (section 5)."""
    sender: str
    """The MAIL FROM address; the HELO name where that is empty. Without local part it is postmaster's."""
    helo: str = UNKNOWN_HOST
    receiver: str = UNKNOWN_HOST
    """The name of the host that checks, for explanations."""
    at: datetime = EPOCH
    """The time of the check, for explanations."""

    @property
    def client(self) -> IpAddress:
        """The address to compare with."""
        mapped = self.ip.ipv4_mapped if isinstance(self.ip, IPv6Address) else None
        return mapped or self.ip

    @property
    def local_part(self) -> str:
        """What stands before the last `@`, or postmaster (section 4.3)."""
        return self.sender.rpartition("@")[0] or POSTMASTER

    @property
    def sender_domain(self) -> str:
        """What stands after the last `@`."""
        return self.sender.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Step:
    """One term as it was evaluated, with the counts after it."""

    depth: int
    """0 in the record of the domain that is checked, one more in each include and redirect."""
    domain: str
    """The domain in whose record the term stands."""
    term: Mechanism | Redirect
    outcome: str
    """`match`, `no match`, or what went wrong."""
    lookup_terms: int
    void_lookups: int

    @property
    def text(self) -> str:
        """The term as a record writes it."""
        return self.term.to_text()


@dataclass(frozen=True, slots=True)
class SpfResult:
    """What `check_host` says."""

    code: SpfCode
    problem: str = ""
    """Why there is no other result, for `NONE`, `TEMPERROR` and `PERMERROR`."""
    explanation: str | None = None
    """What the domain says of a fail (section 6.2); None: it says nothing usable."""
    matched: Step | None = None
    """The term that decided."""
    lookup_terms: int = 0
    void_lookups: int = 0
    trace: tuple[Step, ...] = field(default=(), repr=False)


class SpfPermError(Exception):
    """The published records cannot be evaluated (section 2.6.7)."""


class SpfTempError(Exception):
    """DNS did not answer; later it may (section 2.6.6)."""
