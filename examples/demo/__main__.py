"""Plays the demo. Exit status: 0 when every step succeeded, 1 when one failed, 130 on Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from demo.screen import Screen
from demo.stage import DemoFailedError, set_up
from demo.story import clear_up, play, show_how_to_play
from support.binaries import BinaryUnavailableError
from support.controlplane import ControlPlaneFailedError
from support.servers.process import ServerFailed

FAILURES = (
    AssertionError,
    BinaryUnavailableError,
    ControlPlaneFailedError,
    DemoFailedError,
    OSError,
    ServerFailed,
    subprocess.SubprocessError,
)
"""What the launchers of the tests raise, a time-out included."""


class Interrupted(BaseException):
    """The user or the system wants the demo to end."""


def main(arguments: list[str]) -> int:
    """Play the demo; returns the exit status."""
    options = _parse(arguments)
    screen = Screen(options.picture)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        _perform(screen, keep=options.keep)
    except Interrupted:
        screen.failure("Interrupted; everything that was started is ended.")
        return 130
    except FAILURES as error:
        screen.failure(f"The demo failed: {error}")
        return 1
    return 0


def _perform(screen: Screen, *, keep: bool) -> None:
    started = time.monotonic()
    with set_up(screen) as stage:
        before = play(stage)
        if keep:
            show_how_to_play(stage)
            _wait_for_interrupt()
            return
        clear_up(stage, before)
    screen.say(f"\nAll steps succeeded within {time.monotonic() - started:.0f} s; nothing is left running.")


def _wait_for_interrupt() -> None:
    try:
        signal.pause()
    except Interrupted:
        return


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """End the demo in order; a second signal must not disturb that."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise Interrupted


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument(
        "--keep", action="store_true", help="do not delete anything; stay up until Ctrl-C, to be played with"
    )
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw a part of the demo as SVG")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
