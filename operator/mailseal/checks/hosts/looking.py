"""Looking at the mail servers of one domain, a few at a time, so that other domains have their turn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from mailseal.checks.smtp import HostObservation, SmtpProber
from mailseal.checks.together import of_each
from mailseal.records.names import DnsName

HOSTS_AT_ONCE: Final = 4
"""Of one domain; few domains have more."""


async def look_at(hosts: Iterable[DnsName], smtp: SmtpProber) -> Sequence[HostObservation]:
    """What `hosts` show, in their order."""
    return await of_each(smtp.observe, hosts, HOSTS_AT_ONCE)
