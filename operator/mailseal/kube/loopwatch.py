"""Names the code that keeps the event loop from turning.

All providers share one event loop. A plug-in that blocks it stops everybody, and nothing in the loop can end
that: after a while the Lease is lost to another replica, and the liveness probe has the Pod restarted. What
can be done from a thread is to say whose code it is.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Final

from mailseal.kube import metrics

PATIENCE: Final = timedelta(seconds=5)
_FRAMES: Final = 4

logger = logging.getLogger(__name__)


@contextmanager
def watched_loop(patience: timedelta = PATIENCE) -> Iterator[None]:
    """Watch the running event loop in a thread, and log once for each time that it stands still."""
    watch = _Watch(asyncio.get_running_loop(), patience.total_seconds())
    thread = threading.Thread(target=watch.run, name="loop-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        watch.stop.set()


class _Watch:
    def __init__(self, loop: asyncio.AbstractEventLoop, patience_seconds: float) -> None:
        self.stop = threading.Event()
        self._loop = loop
        self._patience_seconds = patience_seconds
        self._thread_id = threading.get_ident()
        self._turned = monotonic()
        self._beat()

    def _beat(self) -> None:
        self._turned = monotonic()
        if not self.stop.is_set():
            self._loop.call_later(self._patience_seconds / 5, self._beat)

    def run(self) -> None:
        """Until stopped. A look that comes late itself says nothing: the whole process stood still."""
        told_of, looked, pause = 0.0, monotonic(), self._patience_seconds / 5
        while not self.stop.wait(pause):
            late, looked = monotonic() - looked > 3 * pause, monotonic()
            if not late and looked - self._turned > self._patience_seconds and told_of != self._turned:
                told_of = self._turned
                self._tell()

    def _tell(self) -> None:
        metrics.LOOP_BLOCKED.inc()
        logger.error(
            "nothing has been done for %g s, since this code blocks the event loop: %s",
            self._patience_seconds,
            self._place(),
        )

    def _place(self) -> str:
        """The innermost functions: files, lines and names tell no secrets."""
        frame = sys._current_frames().get(self._thread_id)  # noqa: SLF001 - the only way to a stack
        stack = traceback.extract_stack(frame)[-_FRAMES:] if frame else []
        return " > ".join(f"{Path(entry.filename).name}:{entry.lineno} {entry.name}" for entry in stack)
