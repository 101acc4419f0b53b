"""apply asks on a terminal, and refuses where there is nobody to ask."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from support.commandline import Workspace, environment, mail_domain


def on_a_terminal(workspace: Workspace, file: Path, answer: str) -> tuple[int, str]:
    """Run apply with a terminal as standard input on which somebody types `answer`."""
    leader, follower = pty.openpty()
    try:
        os.write(leader, answer.encode())
        process = subprocess.run(
            [sys.executable, "-m", "mailseal", "apply", "-f", str(file)],
            cwd=workspace.directory,
            env=environment(),
            stdin=follower,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(leader)
        os.close(follower)
    return process.returncode, process.stdout


@pytest.mark.parametrize(
    ("answer", "code", "written"),
    [("y\n", 0, {"v=spf1 mx -all"}), ("n\n", 1, set()), ("\n", 1, set()), ("\x04", 1, set())],
    ids=["yes", "no", "enter", "end of input"],
)
def test_apply_asks(workspace: Workspace, answer: str, code: int, written: set[str]) -> None:
    """Only a yes writes, and the plan is shown before the question."""
    returned, output = on_a_terminal(workspace, workspace.put(mail_domain()), answer)

    assert returned == code
    assert output.index("+ v=spf1 mx -all") < output.index("Write these changes? [y/N]")
    assert workspace.texts() == written


def test_apply_without_a_terminal_refuses(workspace: Workspace) -> None:
    """It shows the plan and ends with exit code 2."""
    result = workspace.process("apply", "-f", workspace.put(mail_domain()))

    assert result.returncode == 2
    assert "+ v=spf1 mx -all" in result.stdout
    assert result.stderr == (
        "error: there are changes and nobody to ask: look at them with plan, then run apply with --yes\n"
    )
    assert workspace.texts() == set()


def test_apply_asks_nothing_when_nothing_changes(workspace: Workspace) -> None:
    """It then proves that what is published is answered."""
    file = workspace.put(mail_domain())
    workspace.run("apply", "-f", file, "--yes")

    result = workspace.process("apply", "-f", file)

    assert result.returncode == 0
    assert result.stdout.splitlines() == [
        "No changes.",
        "RESOURCE                 STATE      RECORDS",
        "MailDomain default/main  Published  zorg-voorbeeld.example TXT Published",
        "Wrote 0 record sets; 1 of 1 resource done.",
    ]
