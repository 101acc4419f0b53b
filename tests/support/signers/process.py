"""What all signers are: a process of our own, on loopback, with a directory of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Protocol, Self

from support.processes import bound_to_parent, end
from support.servers.process import ServerFailed, free_port, program, wait_until

ADDRESS = "127.0.0.1"
DOCUMENTED_MOUNT = "/etc/mailseal/keys"
"""The mount path in the configurations as the documentation quotes them."""
DOCUMENTED_DOMAIN = "example.nl"
_START_SECONDS = 30.0


class Signer(Protocol):
    """Mail software that signs. `implementation` names the library that makes its signatures."""

    implementation: ClassVar[str]

    def start(self, mount: Path, domain: str) -> None:
        """Start with the Secret mounted at `mount`, and return when it takes mail."""

    def sign(self, message: bytes) -> bytes:
        """The message as it would leave, lines ending with CRLF. Raises when it would not leave."""

    def reload(self) -> None:
        """What a reloader does after a change of the Secret; returns when the change is in force."""

    def close(self) -> None:
        """End the process and delete its files."""


class Daemon(ABC):
    """A signer that runs as a process and listens on a port."""

    implementation: ClassVar[str]
    command: ClassVar[str]
    grace_seconds: ClassVar[float] = 10.0
    """How long it may take to end: 0 for a filter that needs seconds to notice and leaves nothing behind."""

    def __init__(self) -> None:
        program(self.command)
        self.port = free_port(ADDRESS)
        self.directory = Path(tempfile.mkdtemp(prefix=f"mailseal-{self.command}-"))
        self.directory.chmod(0o755)
        self.mount = Path()
        self.domain = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, mount: Path, domain: str) -> None:
        """Start with the Secret mounted at `mount`, and return when it takes mail."""
        self.mount, self.domain = mount, domain
        self._prepare()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                bound_to_parent(self._command()), cwd=self.directory, stdout=log, stderr=subprocess.STDOUT
            )
        self._wait_listening()

    def close(self) -> None:
        """End the process and delete its files."""
        self._end()
        shutil.rmtree(self.directory, ignore_errors=True)

    def log(self) -> str:
        """What the process has said."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def _prepare(self) -> None:
        """Write the configuration."""

    @abstractmethod
    def _command(self) -> list[str]:
        """The command that runs the process in the foreground."""

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _localised(self, configuration: str) -> str:
        return localised(configuration, self.mount, self.domain)

    @property
    def _log(self) -> Path:
        return self.directory / "output.log"

    def _end(self) -> None:
        if self._process is not None:
            end(self._process, self.grace_seconds)
            self._process = None

    def _wait_listening(self) -> None:
        def listens() -> bool:
            if self._process is None or self._process.poll() is not None:
                raise ServerFailed(f"{self.command} ended while starting:\n{self.log()[-4000:]}")
            try:
                with socket.create_connection((ADDRESS, self.port), timeout=0.5):
                    return True
            except OSError:
                return False

        wait_until(listens, _START_SECONDS, f"{self.command} listens on port {self.port}")


def localised(configuration: str, mount: Path, domain: str) -> str:
    """A configuration as it is documented, with the mount path and the domain of a test."""
    return configuration.replace(DOCUMENTED_MOUNT, str(mount)).replace(DOCUMENTED_DOMAIN, domain)


def is_root() -> bool:
    """True when the tests run as root, whom some daemons refuse."""
    return os.geteuid() == 0
