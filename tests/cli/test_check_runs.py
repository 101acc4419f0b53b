"""Long and awkward runs of `mailseal check`: thousands of domains, silence, Ctrl-C, terminals and pipes."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.commandline import Workspace, environment
from support.mailzone import mail_zone, silent_resolver
from support.processes import bound_to_parent, end
from support.servers.bind import BindServer

BULK = 2000
ONLY = ("--only", "nta7516", "--only", "tls-rpt")
MEGABYTES = 2**20


@pytest.fixture(scope="module")
def server() -> Iterator[BindServer]:
    """The zone of mail domains, thousands of them."""
    with mail_zone(bulk=BULK) as started:
        yield started


@pytest.fixture
def bulk(tmp_path: Path) -> Path:
    """A list of all those domains."""
    path = tmp_path / "bulk"
    path.write_text("\n".join(f"d{number}.example" for number in range(BULK)))
    return path


@contextmanager
def started(*arguments: object, **streams: object) -> Iterator[subprocess.Popen[bytes]]:
    """A command as a process of its own, ended at the end whatever it does."""
    command = [sys.executable, "-m", "mailseal", *(str(argument) for argument in arguments)]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    process = subprocess.Popen(bound_to_parent(command), env=environment(), **pipes)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        end(process)


def test_thousands_of_domains_stream_through_bounded_memory(server: BindServer, bulk: Path) -> None:
    """All subjects: results come long before the last domain is asked for, and each domain comes once."""
    begun = time.monotonic()
    arguments = ("check", "-f", bulk, "--selector", "s1", "-o", "jsonl", "--resolver", server.endpoint)
    with started(*arguments) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        first_after = time.monotonic() - begun
        rest = process.stdout.read()
        took = time.monotonic() - begun
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    domains = {json.loads(line)["domain"] for line in (first + rest).splitlines()}

    assert process.returncode == 1
    assert domains == {f"d{number}.example" for number in range(BULK)}
    assert len((first + rest).splitlines()) == BULK
    assert first_after < took / 2
    assert took < 240
    assert usage.ru_maxrss * 1024 < 400 * MEGABYTES


@pytest.mark.parametrize("output", ["json", "junit", "sarif", "table"])
def test_every_form_takes_many_domains(server: BindServer, workspace: Workspace, output: str) -> None:
    names = [f"d{number}.example" for number in range(200)]

    result = workspace.process("check", *names, *ONLY, "-o", output, "--resolver", server.endpoint)

    assert result.returncode == 0
    assert result.stderr == ""
    assert all(name in result.stdout for name in names)


def test_a_silent_resolver_takes_bounded_time(workspace: Workspace) -> None:
    """Everything is unknown, after little more than what one domain may take; nothing else is said."""
    names = [f"d{number}.example" for number in range(30)]
    begun = time.monotonic()

    with silent_resolver() as silence:
        result = workspace.process(
            "check", *names, "--domain-seconds", "2", "--resolver", silence.endpoint, "-o", "json"
        )

    took = time.monotonic() - begun
    findings = [finding for found in json.loads(result.stdout)["results"] for finding in found["findings"]]
    assert (result.returncode, result.stderr) == (3, "")
    assert {finding["outcome"] for finding in findings} == {"unknown"}
    assert {finding["verdict"] for finding in findings} == {"timed-out"}
    assert took < 15


@pytest.mark.parametrize("command", [("check", "-o", "json"), ("check",), ("nta", "lookup")])
def test_ctrl_c_ends_a_run_cleanly(command: tuple[str, ...]) -> None:
    """Within two seconds, with the exit code that shells expect, and without a traceback."""
    with (
        silent_resolver() as silence,
        started(*command, "a.example", "b.example", "--resolver", silence.endpoint) as process,
    ):
        silence.wait_for_question()
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        took = time.monotonic() - begun

    assert process.returncode == 130
    assert errors.decode() == "note: interrupted: what was not yet looked at is missing\n"
    assert took < 2


@pytest.mark.parametrize("output", ["jsonl", "table"])
def test_a_reader_that_takes_its_time_makes_nothing_late(server: BindServer, bulk: Path, output: str) -> None:
    """As a pager does: meanwhile the checks that are under way come to their end, and no more are begun."""
    options = ("-o", output, "--concurrency", "4", "--domain-seconds", "3", "--resolver", server.endpoint)
    with started("check", "-f", bulk, *ONLY, *options) as process:
        assert process.stdout is not None
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        first = process.stdout.readline()
        _wait_until_it_rests(process.pid)
        rest = process.stdout.read()
        process.wait(20)

    assert process.returncode == 0
    assert len((first + rest).splitlines()) >= BULK


def _wait_until_it_rests(pid: int) -> None:
    """Until the process has used next to no time of the processor for longer than a domain may take."""
    deadline, rested_since, used = time.monotonic() + 60, time.monotonic(), -1
    while time.monotonic() - rested_since < 5:
        assert time.monotonic() < deadline
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        if ticks > used + 2:
            rested_since, used = time.monotonic(), ticks
        time.sleep(0.05)


def test_a_reader_that_leaves_ends_the_run(server: BindServer, bulk: Path) -> None:
    """As `| head -1` does: no traceback."""
    with started("check", "-f", bulk, *ONLY, "-o", "jsonl", "--resolver", server.endpoint) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["domain"].endswith(".example")
        process.stdout.close()
        errors = process.stderr.read()
        process.wait(20)

    assert errors == b""
    assert process.returncode == 1


class Terminal:
    """A pseudo-terminal of 100 columns, and what was written to it."""

    def __init__(self) -> None:
        self._master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))

    def read_all(self) -> str:
        """Everything, until all who could write are gone."""
        os.close(self.slave)
        parts = []
        try:
            while part := os.read(self._master, 65536):
                parts.append(part)
        except OSError:  # how Linux tells that nobody has the other end open
            pass
        os.close(self._master)
        return b"".join(parts).decode()


def test_a_terminal_sees_progress_and_a_pipe_does_not(server: BindServer, bulk: Path) -> None:
    """The bar goes to standard error while the results go elsewhere whole; `--quiet` leaves it out."""
    few = bulk.with_name("few")
    few.write_text("\n".join(f"d{number}.example" for number in range(40)))
    seen = {}
    for options in ((), ("--quiet",)):
        terminal = Terminal()
        arguments = ("check", "-f", few, *ONLY, "-o", "jsonl", "--resolver", server.endpoint, *options)
        results = bulk.with_name("results")
        with results.open("wb") as file, started(*arguments, stdout=file, stderr=terminal.slave) as process:
            seen[options] = terminal.read_all()
            process.wait(20)
        assert len([json.loads(line) for line in results.read_text().splitlines()]) == 40

    assert "checking" in seen[()]
    assert "/40" in seen[()]
    assert seen["--quiet",] == ""


def test_the_bar_leaves_the_table_whole(server: BindServer) -> None:
    """On one terminal every row stands on a line of its own, and the cursor is shown again."""
    terminal = Terminal()
    names = [f"d{number}.example" for number in range(20)]
    with started(
        "check", *names, *ONLY, "--resolver", server.endpoint, stdout=terminal.slave, stderr=terminal.slave
    ) as process:
        shown = terminal.read_all()
        process.wait(20)

    lines = [_without_controls(line) for line in shown.split("\n")]
    for name in names:
        assert any(line.split() == [name, "ok", "warn"] for line in lines), name
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l")


def _without_controls(line: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", line)
