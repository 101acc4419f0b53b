"""Child processes that never outlive the process which started them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence


def bound_to_parent(command: Sequence[str]) -> list[str]:
    """The command, run so that the kernel kills it as soon as its parent is gone, SIGKILL included.

    Uses setpriv(1) of util-linux (PR_SET_PDEATHSIG), which keeps the pid; on systems without it the command
    is unchanged and only `end` ends it. The "parent" is the thread that starts the child: start long-lived
    children from a thread that lives as long.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--", *command] if setpriv else list(command)


def end(process: subprocess.Popen[bytes], grace_seconds: float = 10) -> None:
    """End one child by its pid: SIGTERM, and SIGKILL when it has not gone after the grace period."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
