"""Exim as the mail server of many hosts: one process, and a TLS set-up of its own at each address."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from support.eximprogram import exim_command, install_exim
from support.mailcertificates import Issued
from support.processes import bound_to_parent
from support.servers.process import POLL_SECONDS, START_SECONDS, STOP_SECONDS, ServerFailed, free_port

ANY_TLS = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
_ATTEMPTS = 3


def only(*versions: str) -> str:
    """The priority string of GnuTLS for these versions, such as `TLS1.2`."""
    old = ":+SHA1:+SIGN-ALL:%VERIFY_ALLOW_SIGN_WITH_SHA1" if {"TLS1.0", "TLS1.1"} & {*versions} else ""
    return "NORMAL:-VERS-ALL" + "".join(f":+VERS-{version}" for version in versions) + old


@dataclass(frozen=True, slots=True)
class EximHost:
    """One address on loopback and what is to be seen there."""

    address: str
    issued: Issued | None = None
    """None: no STARTTLS."""
    priority: str = ANY_TLS


class EximServer:
    """Runs Exim for all hosts on one port. It takes no mail. Use it as a context manager."""

    def __init__(self, hosts: Sequence[EximHost]) -> None:
        self._hosts = tuple(hosts)
        self._directory = Path(tempfile.mkdtemp(prefix="mailseal-exim-server-"))
        self._directory.chmod(0o755)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def __enter__(self) -> Self:
        try:
            install_exim(self._directory)
            for host in self._hosts:
                self._write(host)
            (self._directory / ".priority").write_text(ANY_TLS)  # read once where there is no address yet
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def sessions(self, address: str) -> int:
        """How many connections came to the address, by the log; start-up makes one."""
        return len(re.findall(rf"SMTP connection from .* I=\[{address}\]:\d+ \(TCP", self.log()))

    def log(self) -> str:
        """What Exim wrote about its work."""
        return "".join(path.read_text(errors="replace") for path in self._directory.glob("spool/*log"))

    def close(self) -> None:
        """End the process and delete its files."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        shutil.rmtree(self._directory, ignore_errors=True)

    def _write(self, host: EximHost) -> None:
        if host.issued is None:
            return
        files = {
            "crt": host.issued.chain_pem,
            "key": host.issued.key_pem,
            "priority": host.priority.encode(),
        }
        for suffix, content in files.items():
            path = self._directory / f"{host.address}.{suffix}"
            path.write_bytes(content)
            path.chmod(0o644)

    def _start(self) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            self.port = free_port(self._hosts[0].address)
            (self._directory / "exim.conf").write_text(self._configuration())
            with (self._directory / "output").open("wb") as output:
                self._process = subprocess.Popen(
                    bound_to_parent(exim_command(self._directory, "-bdf")),
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env={"PATH": os.environ["PATH"]},
                )
            if self._is_ready(self._process):
                return
            self._process.kill()
            self._process.wait()
            if attempt == _ATTEMPTS:
                output_text = (self._directory / "output").read_text()
                raise ServerFailed(f"Exim does not listen:\n{output_text}\n{self.log()[-4000:]}")

    def _is_ready(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            try:
                for host in self._hosts:
                    with socket.create_connection((host.address, self.port), timeout=1):
                        pass
            except OSError:
                time.sleep(POLL_SECONDS)
            else:
                return True
        return False

    def _configuration(self) -> str:
        own = f"{self._directory}/$received_ip_address"
        return f"""\
exim_path = {self._directory}/exim
spool_directory = {self._directory}/spool
log_file_path = {self._directory}/spool/%slog
pid_file_path = {self._directory}/spool/exim.pid
log_selector = +smtp_connection +incoming_interface +incoming_port
primary_hostname = mx.example.com
local_interfaces = <; {" ; ".join(host.address for host in self._hosts)}
daemon_smtp_ports = {self.port}
smtp_accept_max = 200
host_lookup =
rfc1413_hosts =
keep_environment =
acl_smtp_mail = deny
tls_advertise_hosts = ${{if exists{{{own}.crt}}{{*}}{{}}}}
tls_certificate = {own}.crt
tls_privatekey = {own}.key
tls_require_ciphers = ${{readfile{{{own}.priority}}{{}}}}

begin acl

begin routers

begin transports

begin retry
"""
