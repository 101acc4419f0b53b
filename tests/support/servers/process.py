"""A name server process of our own: started, made ready, paused, and ended by its pid."""

from __future__ import annotations

import base64
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.update

from support.processes import bound_to_parent

START_SECONDS = 20.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.02
NEGATIVE_CACHING_SECONDS = 60
"""How long resolvers remember that a name of a zone is not there, unless a test says otherwise."""
_START_ATTEMPTS = 3
_LOG_TAIL_BYTES = 4000
_DAEMON_PATH = "/usr/local/sbin:/usr/sbin:/sbin"


class ServerFailed(RuntimeError):
    """The server is missing, did not start or did not do what was asked; the message holds its log."""


@dataclass(frozen=True, slots=True)
class TsigSecret:
    """A TSIG key for tests: a fresh secret of 32 bytes, in base64."""

    name: str = "mailseal-key"
    algorithm: str = "hmac-sha256"
    secret: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode())


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll `condition` until it holds. Raises `TimeoutError` naming `what` at the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(POLL_SECONDS)


def free_port(address: str) -> int:
    """A port that is free for both TCP and UDP at `address` right now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    while True:
        with (
            socket.socket(family, socket.SOCK_STREAM) as tcp,
            socket.socket(family, socket.SOCK_DGRAM) as udp,
        ):
            tcp.bind((address, 0))
            port = int(tcp.getsockname()[1])
            try:
                udp.bind((address, port))
            except OSError:
                continue
            return port


def program(name: str) -> str:
    """The path of an installed program, also where daemons live. Raises `ServerFailed` with advice."""
    found = shutil.which(name) or shutil.which(name, path=_DAEMON_PATH)
    if found is None:
        raise ServerFailed(f"{name} not found: install the test servers with `make setup`")
    return found


def zone_text(
    zone: str,
    records: str = "",
    *,
    nameservers: tuple[tuple[str, str], ...] = (),
    negative_caching_seconds: int = NEGATIVE_CACHING_SECONDS,
) -> str:
    """A zone file with SOA, NS and addresses of its name servers (`(name, address)`), then `records`."""
    servers = nameservers or ((f"ns1.{zone}", "127.0.0.1"),)
    soa = f"ns1 hostmaster 1 3600 600 86400 {negative_caching_seconds}"
    lines = [f"$ORIGIN {zone}.", "$TTL 3600", f"@ 3600 IN SOA {soa}"]
    lines += [f"@ 3600 IN NS {name}." for name, _ in servers]
    for name, address in servers:
        if name.endswith(f".{zone}"):
            lines.append(f"{name}. 3600 IN {'AAAA' if ':' in address else 'A'} {address}")
    return "\n".join([*lines, records.strip(), ""])


class NameServer(ABC):
    """One running server with zones that its TSIG keys may update. Use it as a context manager."""

    binaries: tuple[str, ...]

    def __init__(self, keys: tuple[TsigSecret, ...], address: str, port: int | None) -> None:
        for binary in self.binaries:
            program(binary)
        self.keys = keys
        self.address = address
        self.port = port or free_port(address)
        self.directory = Path(tempfile.mkdtemp(prefix=f"mailseal-{type(self).__name__.lower()}-"))
        self.zones: dict[str, str] = {}
        self._fixed_port = port is not None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """`address:port` as the settings write it."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @property
    def log_path(self) -> Path:
        """Where the server's output goes."""
        return self.directory / "server.log"

    def log_tail(self) -> str:
        """The end of the log, for failure messages."""
        return self.log_path.read_text(errors="replace")[-_LOG_TAIL_BYTES:] if self.log_path.exists() else ""

    def start(self) -> None:
        """Start the process and return when it answers for all its zones."""
        for attempt in range(1, _START_ATTEMPTS + 1):
            self._prepare()
            name, *arguments = self._command()
            with self.log_path.open("ab") as log:
                self._process = subprocess.Popen(
                    bound_to_parent([program(name), *arguments]),
                    cwd=self.directory,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            try:
                self._wait_ready()
            except ServerFailed:
                self.kill()
                if attempt == _START_ATTEMPTS:
                    raise
                if not self._fixed_port:
                    self.port = free_port(self.address)
            else:
                self._fixed_port = True
                return

    def stop(self) -> None:
        """End the process in its orderly way; it may be started again on the same port."""
        if self._process is None:
            return
        self.resume()
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Freeze the process: its sockets accept what is sent, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """End the process and delete its files."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def query(self, name: str, rtype: str, *, source: str | None = None) -> dns.rrset.RRset | None:
        """The RRset that the server answers for exactly this name and type, or None."""
        query = dns.message.make_query(name, rtype, flags=0, use_edns=0)
        response = dns.query.tcp(query, self.address, timeout=5, port=self.port, source=source)
        owner = query.question[0].name
        return response.get_rrset(response.answer, owner, dns.rdataclass.IN, dns.rdatatype.from_text(rtype))

    def put(self, zone: str, name: str, rtype: str, ttl_seconds: int, *values: str) -> None:
        """Make `values` (presentation form) the whole RRset; with none, delete it. By a plain DNS UPDATE."""
        message = dns.update.UpdateMessage(zone)
        message.delete(f"{name}.", rtype)
        for value in values:
            message.add(f"{name}.", ttl_seconds, rtype, value)
        self._sign(message)
        response = dns.query.tcp(message, self.address, timeout=5, port=self.port)
        if response.rcode() != dns.rcode.NOERROR:
            code = dns.rcode.to_text(response.rcode())
            raise ServerFailed(f"{code} to an update of {name} {rtype}:\n{self.log_tail()}")

    def serial(self, zone: str) -> int:
        """The serial in the zone's SOA."""
        soa = self.query(zone, "SOA")
        if soa is None:
            raise ServerFailed(f"no SOA of {zone}:\n{self.log_tail()}")
        return int(soa[0].to_text().split()[2])

    def serves(self, zone: str) -> bool:
        """True when the server answers the SOA of `zone` with authority."""
        query = dns.message.make_query(zone, "SOA", flags=0)
        self._sign(query)
        try:
            response = dns.query.udp(query, self.address, timeout=0.5, port=self.port)
        except (dns.exception.DNSException, OSError):
            return False
        return bool(response.answer) and bool(response.flags & dns.flags.AA)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def add_zone(self, zone: str, records: str = "") -> None:
        """Serve one more zone; returns when it is answered (at start, when not running yet)."""

    @abstractmethod
    def _prepare(self) -> None:
        """Write the configuration and the zones that are not on disk yet."""

    @abstractmethod
    def _command(self) -> list[str]:
        """The command that runs the server in the foreground."""

    def _sign(self, message: dns.message.Message) -> None:
        for key in self.keys[:1]:
            secret = base64.b64decode(key.secret)
            message.use_tsig({dns.name.from_text(key.name): secret}, algorithm=key.algorithm)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        waiting = list(self.zones)
        while waiting or not self._listens():
            if waiting and self.serves(waiting[-1]):
                waiting.pop()
                continue
            if self._process is None or self._process.poll() is not None:
                raise ServerFailed(f"{type(self).__name__} ended while starting:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise ServerFailed(
                    f"{type(self).__name__} does not answer for {waiting[-1:]}:\n{self.log_tail()}"
                )
            time.sleep(POLL_SECONDS)

    def _listens(self) -> bool:
        try:
            with socket.create_connection((self.address, self.port), timeout=0.5):
                return True
        except OSError:
            return False
