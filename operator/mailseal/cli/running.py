"""Running a command's work so that Ctrl-C ends it without a traceback."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

import typer

from mailseal.cli.exits import CheckExit
from mailseal.cli.screen import write_note

Result = TypeVar("Result")


def run_interruptible(work: Coroutine[None, None, Result]) -> Result:
    """Run `work` to its end; on SIGINT cancel it and end the command with `CheckExit.INTERRUPTED`."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        write_note("interrupted: what was not yet looked at is missing")
        raise typer.Exit(CheckExit.INTERRUPTED) from None
