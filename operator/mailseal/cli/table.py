"""Columns of text. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

_STATES = {
    "Published": "green",
    "Removed": "green",
    "LeftInPlace": "yellow",
    "Propagating": "yellow",
    "Removing": "yellow",
    "Pending": "yellow",
    "Conflict": "bold red",
    "Refused": "bold red",
    "Blocked": "bold red",
    "Failed": "bold red",
}


def state_style(state: str) -> str:
    """The style of a state."""
    return _STATES.get(state, "")


def columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Text]:
    """The rows below their header, each column as wide as its longest cell; states are coloured."""
    widths = [max(len(row[index]) for row in (header, *rows)) for index in range(len(header))]
    for number, row in enumerate((header, *rows)):
        line = Text(style="bold" if number == 0 else "")
        for cell, width in zip(row, widths, strict=True):
            line.append(cell.ljust(width), state_style(cell) if number else "")
            line.append("  ")
        line.rstrip()
        yield line
