"""Policies that domains publish over HTTPS (MTA-STS, RFC 8461 section 3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from mailseal.records.names import DnsName


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """What came of fetching a policy."""

    text: str | None
    """The body of the 200 answer; None when there was none to use."""
    fault: str = ""
    """Why there is no text, for people."""
    content_type: str = ""
    is_decided: bool = True
    """False when nobody answered in time, so that it may be another time."""


class PolicyFetcher(Protocol):
    """Fetches policies for a run of checks, each once."""

    async def fetch(self, domain: DnsName) -> PolicyAnswer:
        """The policy at `https://mta-sts.<domain>/.well-known/mta-sts.txt`. Raises nothing."""
        ...
