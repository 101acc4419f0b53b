"""The demo plays to its end, and ends what it started when it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.documents import ROOT
from support.servers.process import wait_until

SECONDS = 120


@contextmanager
def _demo(workspace: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The demo as a process, with the lines that it has printed so far."""
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'examples'}:{ROOT / 'tests'}",
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(workspace),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "demo", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        lines: list[str] = []
        reader = threading.Thread(target=lines.extend, args=(iter(process.stdout or ()),))
        reader.start()
        try:
            yield process, lines
        finally:
            process.terminate()
            process.wait(SECONDS)
            reader.join()


def _has_ended(process: subprocess.Popen[str]) -> bool:
    return process.poll() is not None


def _processes_in(workspace: Path) -> list[str]:
    """The command lines of the processes whose working directory is below `workspace`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink().is_relative_to(workspace):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def test_the_demo_succeeds_and_leaves_nothing_behind(tmp_path: Path) -> None:
    picture = tmp_path / "demo.svg"
    with _demo(tmp_path, "--picture", str(picture)) as (process, lines):
        wait_until(lambda: _has_ended(process), SECONDS, "the end of the demo")
    text = "".join(lines)
    assert process.returncode == 0, text
    assert "DriftRepaired" in text
    assert "p=quarantine" in text
    assert "string for string" in text
    assert [path.name for path in tmp_path.iterdir()] == ["demo.svg"]
    assert _processes_in(tmp_path) == []


def test_an_interrupted_demo_says_so_and_ends_everything(tmp_path: Path) -> None:
    with _demo(tmp_path) as (process, lines):
        wait_until(lambda: any("kubectl apply" in line for line in lines), SECONDS, "the first resources")
        assert _processes_in(tmp_path)
        process.send_signal(signal.SIGINT)
        wait_until(lambda: _has_ended(process), SECONDS, "the end of the interrupted demo")
    assert process.returncode == 130, "".join(lines)
    assert list(tmp_path.iterdir()) == []
    assert _processes_in(tmp_path) == []


def test_a_kept_demo_stays_until_it_is_interrupted_and_succeeds(tmp_path: Path) -> None:
    with _demo(tmp_path, "--keep") as (process, lines):
        wait_until(lambda: any("export KUBECONFIG=" in line for line in lines), SECONDS, "what to type")
        (line,) = (line for line in lines if "export KUBECONFIG=" in line)
        assert Path(line.strip().partition("=")[2]).exists()
        process.send_signal(signal.SIGINT)
        wait_until(lambda: _has_ended(process), SECONDS, "the end of the kept demo")
    assert process.returncode == 0, "".join(lines)
    assert list(tmp_path.iterdir()) == []
