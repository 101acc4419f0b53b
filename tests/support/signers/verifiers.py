"""Verifying mail with another implementation than its signer, through a name server on any port."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from support.signers.maildkim import SCRIPT as MAIL_DKIM
from support.signers.rspamdverifier import RspamdVerifier

_DKIMPY = Path(__file__).with_name("dkimpy_verify.py")
_SYSTEM_PYTHON = "/usr/bin/python3"
"""Debian packages dkimpy and PyNaCl for it."""
_SECONDS = 60.0


class Verifier(Protocol):
    """An implementation of RFC 6376 section 6."""

    def verdicts(self, messages: Sequence[bytes]) -> list[dict[str, bool]]:
        """Of each message, by selector: whether its signature verifies."""


class CommandVerifier:
    """A command that prints a line for each file: `selector=result` of each signature."""

    def __init__(self, command: Sequence[str], name_server: tuple[str, int]) -> None:
        address, port = name_server
        self._command = (*command, address, str(port))

    def verdicts(self, messages: Sequence[bytes]) -> list[dict[str, bool]]:
        """Of each message, by selector: whether its signature verifies."""
        with tempfile.TemporaryDirectory(prefix="mailseal-mails-") as directory:
            paths = [Path(directory) / f"{number}.eml" for number in range(len(messages))]
            for path, message in zip(paths, messages, strict=True):
                path.write_bytes(message)
            command = [*self._command, *map(str, paths)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return [_read(line) for line in done.stdout.split("\n")[: len(messages)]]


def mail_dkim(name_server: tuple[str, int]) -> Verifier:
    """Mail::DKIM. Debian's verifies RSA only: it says of each Ed25519 signature that it fails."""
    return CommandVerifier(["perl", str(MAIL_DKIM), "verify"], name_server)


@contextmanager
def another_verifier(implementation: str, name_server: tuple[str, int]) -> Iterator[Verifier]:
    """A verifier of RSA and Ed25519 that is not of this implementation: dkimpy, or else rspamd."""
    if implementation != "dkimpy":
        yield CommandVerifier([_SYSTEM_PYTHON, str(_DKIMPY)], name_server)
        return
    with RspamdVerifier(name_server) as verifier:
        verifier.start(verifier.directory, "")
        yield verifier


def _read(line: str) -> dict[str, bool]:
    pairs = (word.rpartition("=") for word in line.split())
    return {selector: result == "pass" for selector, _, result in pairs}
