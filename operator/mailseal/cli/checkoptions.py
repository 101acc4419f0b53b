"""The options of the commands that look at domains and write nothing."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mailseal.checks.model import Language, Subject
from mailseal.checks.settings import CheckSettings
from mailseal.cli.checkformats import CheckOutput

DEFAULT_AT_ONCE = 64
DEFAULT_DOMAIN_SECONDS = 60.0


class FailOn(StrEnum):
    """From which outcome on a run fails."""

    FAIL = "fail"
    UNKNOWN = "unknown"
    WARN = "warn"
    NEVER = "never"


Domains = Annotated[list[str] | None, typer.Argument(metavar="DOMAIN", help="Domains to look at.")]
DomainFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--file",
        "-f",
        metavar="FILE|DIR",
        help="More domains: a list (one a line, DKIM selectors after it, # for remarks), manifests, a "
        "directory of manifests, or - for standard input. Repeatable.",
    ),
]
Kube = Annotated[
    bool,
    typer.Option(
        "--kube", help="The domains of the MailDomains, DkimKeys and NtaRecords of the cluster (KUBECONFIG)."
    ),
]
Namespace = Annotated[str, typer.Option(help="With --kube: this namespace only.")]
Selectors = Annotated[
    list[str] | None,
    typer.Option("--selector", metavar="SELECTOR", help="DKIM selector of every domain. Repeatable."),
]
Relay = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Name whose SPF record lists the servers of the NTA 7516 provider."),
]
Subjects = Annotated[
    list[Subject] | None,
    typer.Option("--subject", "--only", help="Look at this subject only. Repeatable."),
]
Resolvers = Annotated[
    list[str] | None,
    typer.Option(
        "--resolver",
        metavar="ADDRESS[:PORT]",
        help="Recursive resolver to ask. Repeatable. Default: the system's.",
    ),
]
TrustAnchors = Annotated[
    list[str] | None,
    typer.Option(
        "--trust-anchor",
        metavar="RECORD",
        help="DS or DNSKEY record to trust instead of the root's, such as 'example. IN DS 1 8 2 ...'. "
        "Repeatable.",
    ),
]
CaFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--ca-file",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        readable=True,
        help="Certificate authorities to trust besides the system's, as PEM. Repeatable.",
    ),
]
AllowPrivate = Annotated[
    bool, typer.Option("--allow-private", help="Connect to private and loopback addresses as well.")
]
SmtpPort = Annotated[int, typer.Option(min=1, max=65535, help="Port of mail servers.")]
HttpsPort = Annotated[int, typer.Option(min=1, max=65535, help="Port of servers of MTA-STS policies.")]
Concurrency = Annotated[int, typer.Option(min=1, max=1000, help="How many domains to look at together.")]
DomainSeconds = Annotated[
    float, typer.Option(min=0.1, help="How long one domain takes at most; what comes later is unknown.")
]
FindingLanguage = Annotated[Language, typer.Option(help="Language of what is found.")]
ResultOutput = Annotated[CheckOutput, typer.Option("--output", "-o", help="For people or for programs.")]
FailOnOption = Annotated[
    FailOn,
    typer.Option(
        "--fail-on", help="From which outcome on the exit code is 1: fail, unknown, warn, or never."
    ),
]
Details = Annotated[bool, typer.Option("--details", help="Show every finding, also of several domains.")]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="No progress bar; as text, only what is not in order."),
]


def check_settings(
    resolvers: list[str] | None,
    trust_anchors: list[str] | None,
    ca_files: list[Path] | None,
    *,
    allow_private: bool,
) -> CheckSettings:
    """Settings of checks that a command runs on its way."""
    return CheckSettings(
        resolvers=tuple(resolvers or ()),
        trust_anchors=tuple(trust_anchors or ()),
        certificate_authorities=tuple(str(path) for path in ca_files or ()),
        allow_private=allow_private,
    )
