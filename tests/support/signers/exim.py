"""Exim, which relays to another mail server."""

from __future__ import annotations

import queue
import re
import shutil
import socketserver
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import ClassVar, cast

from support.eximprogram import exim_command, install_exim
from support.servers.process import free_port, program
from support.signers.process import ADDRESS, localised

CONFIGURATION = """\
  dkim_domain = ${if eqi{${domain:$h_from:}}{example.nl}{example.nl}}
  dkim_selector = ${readfile{/etc/mailseal/keys/exim-selectors}{}}
  dkim_private_key = /etc/mailseal/keys/$dkim_selector.pem
  dkim_canon = relaxed
  dkim_strict = true
"""
"""Options of the smtp transport. With `dkim_strict` mail that cannot be signed waits."""

_DELIVERY_SECONDS = 20.0


class _Sink(socketserver.ThreadingTCPServer):
    """The next hop: an SMTP server that keeps what it gets."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__((ADDRESS, port), _SinkSession)
        self.received: queue.Queue[bytes] = queue.Queue()


class _SinkSession(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self._say("220 sink ESMTP")
        while line := self.rfile.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                self._say("354 go on")
                cast("_Sink", self.server).received.put(self._data())
            self._say("221 bye" if verb == b"QUIT" else "250 sink")
            if verb == b"QUIT":
                return

    def _data(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


class EximSigner:
    """`exim4`, which reads selectors and keys for each delivery.

    It takes mail on its standard input, since only an administrator may start its daemon.
    """

    implementation: ClassVar[str] = "exim"

    def __init__(self) -> None:
        program("exim4")
        self._directory = Path(tempfile.mkdtemp(prefix="mailseal-exim-"))
        self._directory.chmod(0o755)
        self._domain = ""
        self._sink = _Sink(free_port(ADDRESS))
        threading.Thread(target=self._sink.serve_forever, daemon=True).start()

    def start(self, mount: Path, domain: str) -> None:
        """Write the configuration."""
        self._domain = domain
        install_exim(self._directory)
        transport = localised(CONFIGURATION, mount, domain)
        (self._directory / "exim.conf").write_text(self._configuration(transport))

    def sign(self, message: bytes) -> bytes:
        """The message as the next hop gets it."""
        stuffed = re.sub(rb"^\.", b"..", message, flags=re.MULTILINE)
        envelope = (
            f"HELO localhost\r\nMAIL FROM:<jan@{self._domain}>\r\nRCPT TO:<piet@example.com>\r\nDATA\r\n"
        )
        session = envelope.encode() + stuffed + b".\r\nQUIT\r\n"
        done = subprocess.run(
            self._command(), input=session, capture_output=True, timeout=_DELIVERY_SECONDS, check=False
        )
        try:
            return self._sink.received.get(timeout=_DELIVERY_SECONDS)
        except queue.Empty:
            raise TimeoutError(f"Exim delivered nothing: {done}\n{self._log()}") from None

    def reload(self) -> None:
        """Nothing: Exim reads the files for each delivery."""

    def close(self) -> None:
        """End the next hop and delete Exim's files."""
        self._sink.shutdown()
        self._sink.server_close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _log(self) -> str:
        return "".join(path.read_text() for path in self._directory.glob("spool/*log"))[-4000:]

    def _configuration(self, transport: str) -> str:
        return f"""\
exim_path = {self._directory}/exim
spool_directory = {self._directory}/spool
log_file_path = {self._directory}/spool/%slog
primary_hostname = mx.example.com
tls_advertise_hosts =
host_lookup =
acl_smtp_rcpt = accept
acl_not_smtp = accept
untrusted_set_sender = *
local_from_check = false
deliver_drop_privilege = true
keep_environment =

begin routers
next_hop:
  driver = manualroute
  route_list = * {ADDRESS}
  self = send
  transport = signing

begin transports
signing:
  driver = smtp
  port = {self._sink.server_address[1]}
{transport}
begin retry
* * F,1h,1m
"""

    def _command(self) -> list[str]:
        return exim_command(self._directory, "-odf", "-bs")
