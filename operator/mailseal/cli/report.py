"""`mailseal report`: what was found and what the cluster keeps, as one HTML file for an audit."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from mailseal import __version__
from mailseal.checks.model import Language
from mailseal.checks.opening import InvalidSettings
from mailseal.cli import checkoptions as options
from mailseal.cli.checksources import Sources
from mailseal.cli.exits import InvalidInput
from mailseal.cli.reportsources import gather
from mailseal.cli.screen import fail_on, write_note
from mailseal.records.nta7516 import DUTCH_TIME
from mailseal.reporting import ReportHead, build_report, read_bodies, stream_report

STANDARD_OUTPUT = "-"

OutputFile = Annotated[
    str, typer.Option("--output", "-o", metavar="FILE", help="The HTML file, or - for standard output.")
]
ResultFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--results",
        metavar="FILE",
        help="Results of mailseal check --output json or jsonl, instead of checks made now; - for standard "
        "input. Repeatable.",
    ),
]
ReportLanguage = Annotated[Language, typer.Option(help="Language of the report.")]
Organisation = Annotated[str, typer.Option(metavar="NAME", help="Whom the report is about.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]


def report(  # noqa: PLR0913 - one argument for each option
    domain: options.Domains = None,
    file: options.DomainFiles = None,
    kube: options.Kube = False,
    namespace: options.Namespace = "",
    results: ResultFiles = None,
    output: OutputFile = "report.html",
    language: ReportLanguage = Language.NL,
    organisation: Organisation = "",
    selector: options.Selectors = None,
    relay: options.Relay = None,
    resolver: options.Resolvers = None,
    trust_anchor: options.TrustAnchors = None,
    ca_file: options.CaFiles = None,
    allow_private: options.AllowPrivate = False,
    smtp_port: options.SmtpPort = 25,
    https_port: options.HttpsPort = 443,
    concurrency: options.Concurrency = options.DEFAULT_AT_ONCE,
    domain_seconds: options.DomainSeconds = options.DEFAULT_DOMAIN_SECONDS,
    quiet: Quiet = False,
) -> None:
    """Write an evidence report on NTA 7516 as one HTML file, for reading and for print."""
    sources = Sources(tuple(domain or ()), tuple(file or ()), kube, namespace, tuple(selector or ()), relay)
    settings = replace(
        options.check_settings(resolver, trust_anchor, ca_file, allow_private=allow_private),
        smtp_port=smtp_port,
        https_port=https_port,
        domains_at_once=concurrency,
        domain_within=timedelta(seconds=domain_seconds),
    )
    now = datetime.now(DUTCH_TIME)
    try:
        facts = gather(sources, tuple(results or ()), settings, now, quiet=quiet)
        head = ReportHead(now, facts.kind, __version__, organisation, facts.name)
        made = build_report(facts.checked, head, read_bodies(facts.bodies, now))
        write(output, stream_report(made, language))
    except InvalidInput as error:
        fail_on(error)
    except InvalidSettings as error:
        fail_on(InvalidInput(str(error)))
    if output != STANDARD_OUTPUT:
        write_note(f"the report is in {output}")


def write(output: str, pieces: Iterable[str]) -> None:
    """Write the pieces to the file, which is there whole or stays as it was. Raises `InvalidInput`."""
    if output == STANDARD_OUTPUT:
        stream = typer.get_binary_stream("stdout")
        stream.writelines(piece.encode() for piece in pieces)
        return
    target = Path(output)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with unfinished.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces)
        unfinished.replace(target)
    except OSError as error:
        raise InvalidInput(f"{output}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
