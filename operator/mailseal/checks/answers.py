"""What DNS answers to the checks, and whether DNSSEC proves it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol, TypeVar

import dns.name
import dns.rdata
import dns.rdatatype
import dns.rdtypes.txtbase

Data = TypeVar("Data", bound=dns.rdata.Rdata)


class Presence(StrEnum):
    """What came of a question."""

    FOUND = "found"
    NO_DATA = "no data"
    """The name exists and has no record of the type."""
    NO_NAME = "no name"
    """The name does not exist (NXDOMAIN, RFC 8020)."""
    UNANSWERED = "unanswered"
    """A time-out, SERVFAIL, REFUSED or nonsense: nothing is known."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question, CNAMEs followed."""

    name: dns.name.Name
    rdtype: dns.rdatatype.RdataType
    presence: Presence
    rdatas: tuple[dns.rdata.Rdata, ...] = ()
    aliases: tuple[dns.name.Name, ...] = ()
    """The targets of the CNAMEs and DNAMEs that led to it, in order."""
    ttl_seconds: int = 0
    fault: str = ""
    """Why it is `UNANSWERED`, for people."""

    @property
    def is_void(self) -> bool:
        """True for a void look-up (RFC 7208 section 4.6.4): answered, and nothing is there."""
        return self.presence in {Presence.NO_DATA, Presence.NO_NAME}

    @property
    def is_known(self) -> bool:
        """True unless it is `UNANSWERED`."""
        return self.presence is not Presence.UNANSWERED

    def of(self, kind: type[Data]) -> tuple[Data, ...]:
        """The rdatas of that class of dnspython."""
        return tuple(rdata for rdata in self.rdatas if isinstance(rdata, kind))

    @property
    def texts(self) -> tuple[str, ...]:
        """The TXT values, each joined without a space, one character for each byte (latin-1)."""
        values = self.of(dns.rdtypes.txtbase.TXTBase)
        return tuple(b"".join(value.strings).decode("latin-1") for value in values)


class Security(StrEnum):
    """What DNSSEC says of an answer (RFC 4035 section 4.3)."""

    SECURE = "secure"
    """Signed, and the chain reaches the trust anchor; also for an absence that is proven."""
    INSECURE = "insecure"
    """A parent proves that the zone is not signed."""
    BOGUS = "bogus"
    """It should be signed, and is not, or wrongly: validating resolvers answer SERVFAIL."""
    INDETERMINATE = "indeterminate"
    """An answer that would decide it did not come."""


@dataclass(frozen=True, slots=True)
class Validity:
    """When a signature is valid (RFC 4034 section 3.1.5)."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Validation:
    """What came of validating an answer, and why."""

    security: Security
    reason: str = ""
    """For people; empty when secure."""
    zone: dns.name.Name = dns.name.root
    """The zone at which it was decided."""
    validity: Validity | None = None
    """Of the signatures over a secure answer, and not of the keys above it, the one that ends first."""


_WEAKEST_FIRST: Final = (Security.BOGUS, Security.INDETERMINATE, Security.INSECURE, Security.SECURE)


def weakest(validations: Iterable[Validation]) -> Validation:
    """The one that decides about all of them together. There must be one."""
    return min(validations, key=lambda validation: _WEAKEST_FIRST.index(validation.security))


class Resolver(Protocol):
    """Asks questions for a run of checks and remembers the answers until its end."""

    async def ask(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Answer:
        """The answer, CNAMEs followed. Raises nothing: what goes wrong makes it `UNANSWERED`."""
        ...

    async def validate(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Validation:
        """What DNSSEC says of the answer to this question, by our own validation from the trust anchor."""
        ...
