"""What mail servers show: whether they answer, which TLS they offer, and their certificates."""

from __future__ import annotations

from typing import Protocol

from mailseal.checks.smtp.certificates import Certificate
from mailseal.checks.smtp.model import (
    AddressObservation,
    Contact,
    HostObservation,
    Lookup,
    StartTls,
    TlsVersion,
)
from mailseal.records.names import DnsName

__all__ = [
    "AddressObservation",
    "Certificate",
    "Contact",
    "HostObservation",
    "Lookup",
    "SmtpProber",
    "StartTls",
    "TlsVersion",
]


class SmtpProber(Protocol):
    """Looks at mail servers for a run of checks, at each host once."""

    async def observe(self, host: DnsName) -> HostObservation:
        """What all addresses of `host` show. Raises nothing that a server could cause."""
        ...
