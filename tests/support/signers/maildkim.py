"""Mail::DKIM, the Perl library of amavis, with the files of the layout Stable."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import ClassVar

SCRIPT = Path(__file__).with_name("mail_dkim.pl")
_SECONDS = 30.0


class MailDkimSigner:
    """Signs with `rsa.pem` under the selector in `rsa.selector`, both read for each mail; RSA only."""

    implementation: ClassVar[str] = "Mail::DKIM"

    def __init__(self) -> None:
        self._mount = Path()
        self._domain = ""

    def start(self, mount: Path, domain: str) -> None:
        """Remember where the Secret is mounted."""
        self._mount, self._domain = mount, domain

    def sign(self, message: bytes) -> bytes:
        """The message with its signature on top."""
        command = ["perl", str(SCRIPT), "sign", str(self._mount), self._domain]
        done = subprocess.run(command, input=message, capture_output=True, timeout=_SECONDS, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode(errors="replace"))
        return done.stdout

    def reload(self) -> None:
        """Nothing: the files are read for each mail."""

    def close(self) -> None:
        """Nothing is left running."""
