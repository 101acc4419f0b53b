"""What was seen of mail servers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailseal.checks.smtp.certificates import Certificate
from mailseal.records.names import DnsName


class TlsVersion(StrEnum):
    """Versions of TLS, from old to new."""

    TLS_1_0 = "TLS 1.0"
    TLS_1_1 = "TLS 1.1"
    TLS_1_2 = "TLS 1.2"
    TLS_1_3 = "TLS 1.3"


class Contact(StrEnum):
    """How far an SMTP session with one address got."""

    ANSWERED = "answered"
    """It greeted with 220 and answered EHLO or HELO."""
    TURNED_AWAY = "turned away"
    """It greeted with another code, or closed with 421: it may be about us (RFC 5321 section 3.1)."""
    NO_SMTP = "no SMTP"
    """The connection was made, and what came is no SMTP, or the server closed or reset it."""
    SILENT = "silent"
    """The connection was made, and no whole answer came in time."""
    REFUSED = "refused"
    """The port is closed."""
    TIMED_OUT = "timed out"
    """No answer to the connection: the server is down, or port 25 is blocked somewhere on the way."""
    UNROUTABLE = "unroutable"
    """This machine or a router says that there is no way to the address, as without IPv6."""
    FORBIDDEN = "forbidden"
    """The Internet does not route the address (`addresses.is_reachable`); nothing was sent."""


class StartTls(StrEnum):
    """What came of STARTTLS (RFC 3207)."""

    WORKS = "works"
    NOT_OFFERED = "not offered"
    TURNED_DOWN = "turned down"
    """It is offered, and the answer to STARTTLS is not 220."""
    FAILED = "failed"
    """The handshake failed, or something that is no TLS came."""
    STALLED = "stalled"
    """The handshake did not end in time."""
    UNKNOWN = "unknown"
    """The session did not get so far."""


@dataclass(frozen=True, slots=True)
class AddressObservation:
    """What one address of a mail server showed."""

    address: str
    contact: Contact
    fault: str = ""
    """What went wrong, for people; about STARTTLS when `contact` is `ANSWERED`."""
    greeting: str = ""
    """The first line, cut and without control characters."""
    starttls: StartTls = StartTls.UNKNOWN
    negotiated: TlsVersion | None = None
    """What came of a handshake that lets the server choose."""
    offered: frozenset[TlsVersion] = frozenset()
    undecided: frozenset[TlsVersion] = frozenset()
    """The versions of which it is not known whether they are offered."""
    chain: tuple[Certificate, ...] = ()
    """The server's certificate first, then what it sent with it."""
    distrust: str = ""
    """Why the chain does not lead to a trusted certificate authority; empty when it does."""

    @property
    def certificate(self) -> Certificate | None:
        """The server's own."""
        return self.chain[0] if self.chain else None


class Lookup(StrEnum):
    """What came of asking for the addresses of a host."""

    FOUND = "found"
    NONE = "none"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class HostObservation:
    """What a mail server showed, at each of its addresses."""

    host: DnsName
    lookup: Lookup = Lookup.UNANSWERED
    fault: str = ""
    """Why the question for addresses was not answered, for people."""
    aliases: tuple[DnsName, ...] = ()
    """The targets of the CNAMEs on the way to the addresses."""
    addresses: tuple[AddressObservation, ...] = field(default=())

    @property
    def answering(self) -> tuple[AddressObservation, ...]:
        """The addresses at which SMTP is spoken."""
        return tuple(seen for seen in self.addresses if seen.contact is Contact.ANSWERED)

    @property
    def certificate_not_after(self) -> datetime | None:
        """When the first of its own certificates ends; None when none was seen."""
        ends = [seen.certificate.not_after for seen in self.addresses if seen.certificate is not None]
        return min(ends, default=None)
