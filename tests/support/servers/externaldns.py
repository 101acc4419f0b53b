"""external-dns as a process: its webhook server, or its controller over DNSEndpoint resources."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from support import binaries
from support.processes import bound_to_parent, end
from support.servers.bind import BindServer
from support.servers.powerdns import PowerDnsServer
from support.servers.process import START_SECONDS, free_port, wait_until


class ExternalDns:
    """One process of external-dns. Its flags say what it does."""

    def __init__(self, *flags: str, environment: Mapping[str, str] | None = None) -> None:
        self.flags = flags
        self.environment = {"PATH": os.environ.get("PATH", ""), **(environment or {})}
        self.log = Path(tempfile.mkstemp(prefix="mailseal-external-dns-", suffix=".log")[1])
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start the process."""
        command = bound_to_parent([str(binaries.find("external-dns")), *self.flags])
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        return self

    def stop(self) -> None:
        """End the process; it may be started again."""
        if self._process is not None:
            end(self._process)
            self._process = None

    def close(self) -> None:
        """End the process and delete its log."""
        self.stop()
        self.log.unlink(missing_ok=True)

    def log_text(self) -> str:
        """What it has logged so far."""
        return self.log.read_text(errors="replace")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class WebhookServer(ExternalDns):
    """external-dns' own webhook server over one of its providers."""

    def __init__(self, *flags: str) -> None:
        self.port = free_port("127.0.0.1")
        address = {"WEBHOOK_ADDRESS": f"127.0.0.1:{self.port}"}
        super().__init__("--webhook-server", "--source=crd", *flags, environment=address)

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Start the process and return when it listens."""
        super().start()
        wait_until(self._listens, START_SECONDS, f"the webhook server: {self.log_text()}")
        return self

    def _listens(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.5):
                return True
        except OSError:
            return False


def rfc2136_flags(server: BindServer, *zones: str) -> tuple[str, ...]:
    """Flags that have external-dns write to a BIND by DNS UPDATE and read it by zone transfer."""
    key = server.keys[0]
    return (
        "--provider=rfc2136",
        f"--rfc2136-host={server.address}",
        f"--rfc2136-port={server.port}",
        f"--rfc2136-tsig-keyname={key.name}",
        f"--rfc2136-tsig-secret-alg={key.algorithm}",
        f"--rfc2136-tsig-secret={key.secret}",
        "--rfc2136-tsig-axfr",
        "--rfc2136-min-ttl=0s",
        *(f"--rfc2136-zone={zone}" for zone in zones),
    )


def powerdns_flags(server: PowerDnsServer) -> tuple[str, ...]:
    """Flags that have external-dns work through the HTTP API of a PowerDNS."""
    return ("--provider=pdns", f"--pdns-server={server.api_url}", f"--pdns-api-key={server.api_key}")
