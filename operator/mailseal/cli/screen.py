"""Printing: standard output for what was asked, standard error for what went wrong."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from mailseal.cli.exits import Exit, InvalidInput


def write_lines(lines: Iterable[Text], *, err: bool = False) -> None:
    """Print each line, in colours on a terminal; never broken or cut, so that a value stays whole."""
    console = Console(stderr=err, soft_wrap=True, highlight=False)
    for line in lines:
        console.print(line)


def write_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object."""
    typer.echo(json.dumps(value, indent=2))


def write_error(message: str) -> None:
    """Say what went wrong."""
    typer.echo(f"error: {message}", err=True)


def write_note(message: str) -> None:
    """Say something that is no error and not what was asked."""
    typer.echo(f"note: {message}", err=True)


def fail_on(error: InvalidInput) -> NoReturn:
    """Say what is wrong with the input and end."""
    for fault in error.faults:
        write_error(fault)
    raise typer.Exit(Exit.INVALID)


def counted(count: int, noun: str) -> str:
    """The number with its noun, such as `1 value` and `2 values`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
