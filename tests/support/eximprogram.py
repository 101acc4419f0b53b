"""Exim as a program of our own: a copy without the setuid bit, run as the user that is compiled into it."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path

from support.servers.process import program

EXIM_USER = "Debian-exim"


def install_exim(directory: Path) -> None:
    """Put the copy and an empty `spool` into `directory`, which everybody must be able to enter."""
    binary = directory / "exim"
    shutil.copy(program("exim4"), binary)
    binary.chmod(0o755)
    spool = directory / "spool"
    spool.mkdir()
    if os.geteuid() == 0:
        shutil.chown(spool, EXIM_USER, EXIM_USER)


def exim_command(directory: Path, *arguments: str) -> list[str]:
    """The command that runs the copy in `directory` with its `exim.conf`."""
    uid, gid = (str(number) for number in pwd.getpwnam(EXIM_USER)[2:4])
    root = ["setpriv", "--reuid", uid, "--regid", gid, "--clear-groups", "--"]
    others = ["unshare", "--user", f"--map-user={uid}", f"--map-group={gid}", "--"]
    exim = [str(directory / "exim"), "-C", str(directory / "exim.conf"), *arguments]
    return [*(root if os.geteuid() == 0 else others), *exim]
