"""What the audience sees: headings, commands as one would type them, and what they print."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 120
"""Columns where no terminal says how wide it is, and of the picture."""
_STYLES = (
    (re.compile(r'"[^"]*"'), "cyan"),
    (re.compile(r"\b(?:True|Ready|Published)\b"), "green"),
    (re.compile(r"\b(?:False|Warning|Propagating|Pending|Conflict)\b"), "yellow"),
)
_PICTURE = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: monospace; font-size: {char_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""rich's own template without the fonts that it loads from elsewhere."""


class Screen:
    """Prints to standard output: with colours on a terminal, as plain text elsewhere."""

    def __init__(self, picture: Path | None = None) -> None:
        """With `picture`, what is printed between `start_picture` and `end_picture` is drawn there as SVG."""
        self._picture = picture
        self._has_audience = sys.stdout.isatty() and picture is None
        self._console = Console(
            width=None if self._has_audience else WIDTH,
            record=picture is not None,
            force_terminal=True if picture else None,
            color_system="truecolor" if picture else "auto",
            highlight=False,
        )
        self._chapters = 0

    def heading(self, text: str) -> None:
        """Begin a new chapter."""
        self._chapters += 1
        self._console.print()
        self._console.print(Text(f"{self._chapters}. {text}", style="bold"))

    def say(self, text: str) -> None:
        """Tell something in a sentence."""
        self._console.print(Text(text))

    def command(self, arguments: Sequence[str], typed: Sequence[str] = ()) -> None:
        """Show a command, and the lines that are typed into it."""
        self._console.print(Text(f"$ {shlex.join(arguments)}", style="bold blue"), soft_wrap=True)
        for line in typed:
            self._print_cut(Text(f"> {line}", style="blue"))

    def output(self, text: str) -> None:
        """Show what a command printed; a line that is too long is cut, with an ellipsis."""
        for line in text.rstrip().splitlines():
            shown = Text(line.replace("\t", " "))
            for pattern, style in _STYLES:
                shown.highlight_regex(pattern, style)
            self._print_cut(shown)

    def verbatim(self, text: str) -> None:
        """Show lines that are to be copied: whole, however long."""
        self._console.print(Text(text), soft_wrap=True)

    def success(self, text: str) -> None:
        """Tell that something was checked and holds."""
        self._console.print(Text.assemble(("ok  ", "bold green"), text))

    def failure(self, text: str) -> None:
        """Tell what went wrong."""
        self._console.print(Text(text, style="bold red"))

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Show on a terminal what is waited for."""
        if self._has_audience:
            with self._console.status(what):
                yield
        else:
            yield

    def start_picture(self) -> None:
        """Leave what was printed so far out of the picture."""
        if self._picture:
            self._console.export_text(clear=True)

    def end_picture(self) -> None:
        """Draw what was printed since `start_picture`."""
        if self._picture:
            self._console.save_svg(
                str(self._picture), title="mailseal", code_format=_PICTURE, unique_id="demo"
            )

    def _print_cut(self, text: Text) -> None:
        self._console.print(text, no_wrap=True, overflow="ellipsis")
