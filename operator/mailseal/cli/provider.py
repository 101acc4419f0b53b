"""`mailseal provider test`: does this provider do what mailseal needs, on a zone of yours?"""

from __future__ import annotations

import asyncio
import signal
from contextlib import aclosing
from datetime import timedelta
from typing import Annotated

import typer

from mailseal.cli.exits import CheckExit, InvalidInput
from mailseal.cli.options import (
    DEFAULT_OPERATOR_NAMESPACE,
    Files,
    OperatorNamespace,
    Output,
    OutputFormat,
    SecretsDir,
)
from mailseal.cli.printable import printable
from mailseal.cli.providertarget import Target, find_target
from mailseal.cli.providertext import Report, report_lines, report_value, result_lines
from mailseal.cli.running import run_interruptible
from mailseal.cli.screen import fail_on, write_error, write_json, write_lines, write_note
from mailseal.conformance.leftovers import keys_of_a_run, remove
from mailseal.conformance.live import RESERVED, Limits, LiveRun, Result, live_cases, reserved_name
from mailseal.conformance.preflight import NotReady, check_ready
from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.surroundings import NoLog
from mailseal.records.names import DnsName, InvalidName

provider = typer.Typer(help="DNS providers.", no_args_is_help=True)


@provider.callback()
def _about() -> None:
    """DNS providers."""


@provider.command("test")
def run_suite(  # noqa: PLR0913 - one argument for each option
    file: Files,
    zone: Annotated[
        str,
        typer.Option(
            metavar="ZONE", help="A zone of the provider that may be written to, best a throw-away one."
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option("--provider", metavar="NAME", help="Which provider, where the files have several."),
    ] = None,
    secrets_dir: SecretsDir = None,
    operator_namespace: OperatorNamespace = DEFAULT_OPERATOR_NAMESPACE,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out the cases that send many requests.")
    ] = False,
    minutes: Annotated[float, typer.Option(min=0.1, help="How long the run may take.")] = 15.0,
    max_calls: Annotated[
        int, typer.Option(min=1, help="Calls to the provider that the run may make.")
    ] = 2000,
    clean_up: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Run no case: remove what the run RUN has left behind."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before writing.")] = False,
    output: OutputFormat = Output.TEXT,
) -> None:
    """Run the conformance suite on a live zone, at and below a name of its own, and clean up behind it."""
    try:
        target = find_target(file, zone, name, secrets_dir, operator_namespace)
        base = _reserved(target, clean_up)
        if not yes:
            _confirm(target, base)
        if clean_up is not None:
            raise typer.Exit(run_interruptible(_clean_up(target, base)))
        limits = Limits(timedelta(minutes=minutes), max_calls)
        run = LiveRun(target.open, target.zone, base, limits)
        report = run_interruptible(_run(target, run, output, quick=quick))
    except InvalidConfiguration as error:
        fail_on(InvalidInput(str(error)))
    except InvalidInput as error:
        fail_on(error)
    except NotReady as error:
        write_error(printable(str(error)))
        raise typer.Exit(CheckExit.UNDECIDED if error.may_work_later else CheckExit.INVALID) from None
    if output is Output.JSON:
        write_json(report_value(report))
    else:
        write_lines(report_lines(report))
    raise typer.Exit(report.exit_code)


def _reserved(target: Target, run: str | None) -> DnsName:
    """The name of a new run, or of the one that is to be cleaned up. Raises `InvalidInput`."""
    if run is not None and not (run.isascii() and run.isalnum()):
        raise InvalidInput(f"--clean-up: {run!r} is not the end of a name such as _mailseal-test-3f9c01ab")
    try:
        return reserved_name(target.zone, run)
    except InvalidName as error:
        raise InvalidInput(f"--zone: leaves no room for a name below it: {error}") from None


def _confirm(target: Target, base: DnsName) -> None:
    """Ask on the terminal. Raises `InvalidInput` without a yes."""
    question = (
        f"{target.resource.key}: write and remove TXT and CNAME records at and below {base}, and "
        "nowhere else. Go on?"
    )
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        agreed = False
    if not agreed:
        raise InvalidInput("not confirmed, nothing was written: answer y, or add --yes")


async def _run(target: Target, run: LiveRun, output: Output, *, quick: bool) -> Report:
    """Run all cases and show them as they end; SIGTERM ends the run as Ctrl-C does."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, signal.raise_signal, signal.SIGINT)
    write_note(
        f"writes at and below {run.base} only; should this be killed, --clean-up {_run_of(run.base)} removes "
        "what is left"
    )
    await check_ready(target.open, target.zone, run.base)
    results: list[Result] = []
    try:
        async with aclosing(run.results(live_cases(quick=quick))) as found:
            async for result in found:
                results.append(result)
                if output is Output.TEXT:
                    write_lines(result_lines(result))
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        if run.left_behind:
            names = ", ".join(dict.fromkeys(str(key) for key in run.left_behind))
            write_error(f"left behind: {names}; run again with --clean-up {_run_of(run.base)}")
    return Report(target, run.base, tuple(results), run.left_behind)


async def _clean_up(target: Target, base: DnsName) -> CheckExit:
    opened = target.open(NoLog(), (target.zone,))
    try:
        left = await remove(opened, target.zone, base, keys_of_a_run(base), Limits().cleaning_within)
    finally:
        await opened.close()
    if left:
        write_error(f"could not be read or removed: {', '.join(map(str, left))}")
        return CheckExit.FAILED
    write_note(f"nothing of the run is left at and below {base}")
    return CheckExit.PASSED


def _run_of(base: DnsName) -> str:
    return base.labels[0].removeprefix(RESERVED)
