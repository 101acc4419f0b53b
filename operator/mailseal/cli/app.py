"""The commands. How each ends is told in `mailseal.cli.exits`."""

from __future__ import annotations

from typing import Annotated

import typer

from mailseal import __version__
from mailseal.cli.apply import apply
from mailseal.cli.check import check
from mailseal.cli.nta import nta
from mailseal.cli.operator import operator
from mailseal.cli.plan import plan
from mailseal.cli.provider import provider
from mailseal.cli.report import report
from mailseal.cli.status import status

app = typer.Typer(
    name="mailseal",
    help="Keeps the DNS records of mail domains right: SPF, DMARC, DKIM and NTA 7516.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(plan)
app.command()(apply)
app.command()(status)
app.command()(check)
app.add_typer(nta, name="nta")
app.add_typer(provider, name="provider")
app.command()(report)
app.command()(operator)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mailseal {__version__}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and end."),
    ] = False,
) -> None:
    """Options of every command."""


def main() -> None:
    """Run the command line."""
    app()
