"""Standard output for commands that go on working while it is read."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.text import Text

_CHUNK: Final = 1000
"""Characters, so that a chunk is at most 4,000 bytes: a pipe that can be written to takes 4,096 (pipe(7))."""


class Outlet:
    """Collects what is to be printed; `flush` prints it without stopping the event loop.

    A reader may take its time, as a pager does. A plain print would then stop everything, and the answers
    of servers would be taken for late.
    """

    def __init__(self) -> None:
        self._pending: list[str] = []
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")

    def write(self, text: str) -> None:
        """One line or more, without the final line break."""
        self._pending.append(f"{text}\n")

    def show(self, lines: Iterable[Text]) -> None:
        """Lines, in colours on a terminal; never broken or cut."""
        console = Console(soft_wrap=True, highlight=False)
        with console.capture() as capture:
            for line in lines:
                console.print(line)
        self._pending.append(capture.get())

    async def flush(self) -> None:
        """Print what was collected. Raises `BrokenPipeError` when nobody reads any more."""
        text = "".join(self._pending)
        self._pending.clear()
        for start in range(0, len(text), _CHUNK):
            await _writable()
            sys.stdout.write(text[start : start + _CHUNK])
            sys.stdout.flush()


async def _writable() -> None:
    """Wait until standard output takes something; files always do."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        output = sys.stdout.fileno()
        loop.add_writer(output, ready.set)
    except (OSError, ValueError):  # a file, or none that the system knows of
        return
    try:
        await ready.wait()
    finally:
        loop.remove_writer(output)
