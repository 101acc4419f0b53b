"""The options of `mailseal operator` that are about live checks."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from mailseal.checks.opening import InvalidSettings, open_tools
from mailseal.checks.settings import CheckSettings
from mailseal.domain.durations import parse_duration

Enabled = Annotated[
    bool,
    typer.Option(
        "--checks/--no-checks",
        help="Check the domains of MailDomains and NtaRecords as the Internet sees them. Without it, an "
        "NtaRecord with enforced prerequisites is never published.",
    ),
]
Interval = Annotated[
    str,
    typer.Option(
        "--check-interval",
        metavar="DURATION",
        help="How often each domain is checked while nothing changes, such as 6h or 1d.",
    ),
]
DomainsAtOnce = Annotated[
    int, typer.Option("--check-concurrency", min=1, max=1000, help="How many domains are checked together.")
]
DomainSeconds = Annotated[
    float,
    typer.Option("--check-domain-seconds", min=0.1, help="How long the checks of one domain take at most."),
]
TrustAnchors = Annotated[
    list[str] | None,
    typer.Option(
        "--trust-anchor",
        metavar="RECORD",
        help="DS or DNSKEY record that the checks trust instead of the root's. Repeatable.",
    ),
]
CaFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--check-ca-file",
        metavar="FILE",
        help="Certificate authorities that the checks trust besides the system's, as PEM. Repeatable.",
    ),
]
AllowPrivate = Annotated[
    bool,
    typer.Option(
        "--check-allow-private", help="Let the checks connect to private and loopback addresses as well."
    ),
]
SmtpPort = Annotated[
    int, typer.Option("--check-smtp-port", min=1, max=65535, help="Port of mail servers for the checks.")
]
HttpsPort = Annotated[
    int,
    typer.Option(
        "--check-https-port", min=1, max=65535, help="Port of servers of MTA-STS policies for the checks."
    ),
]
HeloName = Annotated[
    str,
    typer.Option(
        "--check-helo-name",
        metavar="NAME",
        help="What the checks call themselves to mail servers. Default: the host's name.",
    ),
]


def interval_of(text: str) -> timedelta:
    """The interval that `text` writes. Raises `typer.BadParameter`."""
    try:
        interval = parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}, such as 6h", param_hint="--check-interval") from None
    if not interval:
        raise typer.BadParameter("write a duration above 0, such as 6h", param_hint="--check-interval")
    return interval


def ensure_usable(settings: CheckSettings) -> None:
    """Raises `typer.BadParameter` for settings that no check could run with."""
    try:
        asyncio.run(_open_and_close(settings))
    except InvalidSettings as error:
        raise typer.BadParameter(str(error)) from None


async def _open_and_close(settings: CheckSettings) -> None:
    async with open_tools(settings, datetime.now(UTC)):
        pass
