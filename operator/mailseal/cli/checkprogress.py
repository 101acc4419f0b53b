"""How far a run is, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class ProgressBar:
    """A bar on standard error while results are awaited; nothing at all where that is no terminal."""

    def __init__(self, total: int, *, shown: bool) -> None:
        columns = (TextColumn("checking"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        console = Console(stderr=True)
        self._progress = Progress(
            *columns,
            console=console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not (shown and console.is_terminal),
        )
        self._task = self._progress.add_task("", total=total)
        self.done = 0
        self._shares_terminal = sys.stdout.isatty()

    def advance(self) -> None:
        """One more is done."""
        self.done += 1
        self._progress.advance(self._task)

    @contextmanager
    def cleared(self) -> Iterator[None]:
        """The bar is out of the way of what is printed meanwhile on the same terminal."""
        if not self._shares_terminal:
            yield
            return
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()
