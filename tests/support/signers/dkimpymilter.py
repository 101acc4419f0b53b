"""dkimpy-milter."""

from __future__ import annotations

import getpass
import subprocess
import time
from typing import ClassVar

from support.processes import end
from support.servers.process import POLL_SECONDS, free_port, program
from support.signers.milter import pass_through
from support.signers.process import ADDRESS, Daemon

CONFIGURATION = """\
Mode               s
Canonicalization   relaxed/relaxed
SigningTable       refile:/etc/mailseal/keys/dkimpy-SigningTable
KeyTable           refile:/etc/mailseal/keys/dkimpy-KeyTable
KeyTableEd25519    refile:/etc/mailseal/keys/dkimpy-KeyTableEd25519
"""

_RETRY_SECONDS = 10.0


class DkimpyMilterSigner(Daemon):
    """`dkimpy-milter`; it reads tables and keys at its start only."""

    implementation: ClassVar[str] = "dkimpy"
    command: ClassVar[str] = "dkimpy-milter"
    grace_seconds: ClassVar[float] = 0.0

    def __init__(self) -> None:
        super().__init__()
        self._ending: list[subprocess.Popen[bytes]] = []

    def sign(self, message: bytes) -> bytes:
        """The message as the milter gives it back.

        Tried again while no milter answers, as a mail server does: in Postfix by `milter_default_action =
        tempfail`.
        """
        deadline = time.monotonic() + _RETRY_SECONDS
        while True:
            try:
                return pass_through(ADDRESS, self.port, message, f"jan@{self.domain}", "piet@example.com")
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(POLL_SECONDS)

    def reload(self) -> None:
        """Start another one, and then end this one, as the rolling update of a Deployment does."""
        if self._process is not None:
            self._ending.append(self._process)
        self.port = free_port(ADDRESS)
        self.start(self.mount, self.domain)
        self._ending[-1].terminate()

    def close(self) -> None:
        """End all of them."""
        for process in self._ending:
            end(process, self.grace_seconds)
        super().close()

    def _prepare(self) -> None:
        process = f"Socket inet:{self.port}@{ADDRESS}\nSyslog no\nUserID {getpass.getuser()}\n"
        (self.directory / "dkimpy-milter.conf").write_text(self._localised(CONFIGURATION) + process)

    def _command(self) -> list[str]:
        return [program(self.command), str(self.directory / "dkimpy-milter.conf")]
