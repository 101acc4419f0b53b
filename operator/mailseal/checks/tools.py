"""What a run of checks works with: its ways to the outside, and the time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from mailseal.checks.answers import Resolver
from mailseal.checks.https import PolicyFetcher
from mailseal.checks.model import Examined, Finding
from mailseal.checks.smtp import SmtpProber


@dataclass(frozen=True, slots=True)
class Tools:
    """Shared by all checks of one run; each remembers what it has seen until the end of the run."""

    resolver: Resolver
    smtp: SmtpProber
    policies: PolicyFetcher
    now: datetime
    """Has a time zone."""


Examine: TypeAlias = Callable[[Examined, Tools], Awaitable[Sequence[Finding]]]
"""Looks at one subject of one domain. It says something of each check that applies, also when all is well.

Raises nothing that a server, a record or a certificate could cause.
"""
