"""What was seen of mail servers."""

from __future__ import annotations

from dataclasses import dataclass

from mailseal.records.names import DnsName


@dataclass(frozen=True, slots=True)
class HostObservation:
    """What a mail server showed."""

    host: DnsName
