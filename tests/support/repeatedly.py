"""Work that is done again and again beside a test, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

_PAUSE_SECONDS = 0.03


class Repeatedly:
    """Calls `work` until it is stopped or fails."""

    def __init__(self, work: Callable[[], None], name: str) -> None:
        self._work = work
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name)
        self._error: BaseException | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait until the work is."""
        self._stop.set()
        self._thread.join()

    def check(self) -> None:
        """Fail when the work did."""
        assert self._error is None, self._error

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._work()
                self._stop.wait(_PAUSE_SECONDS)
        except BaseException as error:
            self._error = error
