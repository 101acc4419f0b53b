"""OpenDKIM, as a milter."""

from __future__ import annotations

import signal
from typing import ClassVar

from support.servers.process import program
from support.signers.milter import pass_through
from support.signers.process import ADDRESS, Daemon

CONFIGURATION = """\
Mode                s
Canonicalization    relaxed/relaxed
OversignHeaders     From
KeyTable            file:/etc/mailseal/keys/KeyTable
SigningTable        refile:/etc/mailseal/keys/SigningTable
MultipleSignatures  yes
RequireSafeKeys     no
"""
"""`RequireSafeKeys no`, since OpenDKIM otherwise defers mail when a directory above a key is writable by
others (mode 1777, as the root of a Secret's volume) or the key is readable by others. For Ed25519 keys alone
add `SignatureAlgorithm ed25519-sha256`."""
ED25519_ONLY = "SignatureAlgorithm  ed25519-sha256\n"


class OpenDkimSigner(Daemon):
    """`opendkim`; it reads its tables at its start and at SIGUSR1."""

    implementation: ClassVar[str] = "opendkim"
    command: ClassVar[str] = "opendkim"
    grace_seconds: ClassVar[float] = 0.0
    configuration: ClassVar[str] = CONFIGURATION

    def sign(self, message: bytes) -> bytes:
        """The message as the milter gives it back."""
        return pass_through(ADDRESS, self.port, message, f"jan@{self.domain}", "piet@example.com")

    def reload(self) -> None:
        """Send SIGUSR1. OpenDKIM reads its configuration again with the next connection."""
        self._signal(signal.SIGUSR1)

    def _prepare(self) -> None:
        process = f"Socket inet:{self.port}@{ADDRESS}\nBackground no\nSyslog no\n"
        (self.directory / "opendkim.conf").write_text(self._localised(self.configuration) + process)

    def _command(self) -> list[str]:
        return [program(self.command), "-f", "-x", str(self.directory / "opendkim.conf")]


class OpenDkimEd25519Signer(OpenDkimSigner):
    """`opendkim` for keys that are all Ed25519."""

    configuration: ClassVar[str] = CONFIGURATION + ED25519_ONLY
