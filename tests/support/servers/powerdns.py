"""PowerDNS Authoritative Server over SQLite as primary."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

from support.servers.process import (
    START_SECONDS,
    NameServer,
    ServerFailed,
    TsigSecret,
    free_port,
    program,
    wait_until,
    zone_text,
)

_SCHEMAS = (
    "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql",
    "/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql",
    "/usr/share/doc/pdns/schema.sqlite3.sql",
)


class PowerDnsServer(NameServer):
    """`pdns_server` with zones that every key may update, and its HTTP API where there is a key for that."""

    binaries = ("pdns_server", "pdnsutil", "sqlite3")

    def __init__(
        self,
        zones: dict[str, str],
        *,
        keys: tuple[TsigSecret, ...] = (),
        address: str = "127.0.0.1",
        port: int | None = None,
        api_key: str = "",
    ) -> None:
        super().__init__(keys, address, port)
        self.api_key = api_key
        self.api_port = 0
        self.zones = {zone: zone_text(zone, records) for zone, records in zones.items()}
        self._loaded: set[str] = set()

    def add_zone(self, zone: str, records: str = "") -> None:
        self.zones[zone] = zone_text(zone, records)
        if self._process is not None:
            self._prepare()
            wait_until(lambda: self.serves(zone), START_SECONDS, f"{zone} answered after it was loaded")

    @property
    def api_url(self) -> str:
        """The base URL of the HTTP API."""
        return f"http://{self.address}:{self.api_port}"

    def sql(self, statement: str) -> None:
        """Change the database behind the server."""
        self._run("sqlite3", "zones.sqlite", ".timeout 5000", statement)

    def set_meta(self, zone: str, kind: str, *values: str) -> None:
        """Set metadata of a zone, such as SOA-EDIT-API."""
        self._pdnsutil("set-meta", zone, kind, *values)

    def secure(self, zone: str) -> None:
        """Let the server sign a zone."""
        self._pdnsutil("secure-zone", zone)

    def _listens(self) -> bool:
        return super()._listens() and (not self.api_key or _accepts(self.address, self.api_port))

    def _command(self) -> list[str]:
        return ["pdns_server", f"--config-dir={self.directory}"]

    def _prepare(self) -> None:
        if self.api_key and not self._fixed_port:
            self.api_port = free_port(self.address)
        (self.directory / "pdns.conf").write_text(self._configuration())
        if not (self.directory / "zones.sqlite").exists():
            self._run("sqlite3", "zones.sqlite", f".read {_schema()}")
            for key in self.keys:
                self._pdnsutil("import-tsig-key", key.name, key.algorithm, key.secret)
        for zone in self.zones.keys() - self._loaded:
            (self.directory / f"{zone}.zone").write_text(self.zones[zone])
            self._pdnsutil("load-zone", zone, f"{zone}.zone")
            self._pdnsutil("set-meta", zone, "ALLOW-DNSUPDATE-FROM", "127.0.0.0/8", "::1")
            if self.api_key:
                self._pdnsutil("set-meta", zone, "SOA-EDIT-API", "INCREASE")
            if self.keys:
                self._pdnsutil("set-meta", zone, "TSIG-ALLOW-DNSUPDATE", *(key.name for key in self.keys))
            self._loaded.add(zone)

    def _configuration(self) -> str:
        lines = [
            "launch=gsqlite3",
            f"gsqlite3-database={self.directory}/zones.sqlite",
            "gsqlite3-pragma-synchronous=0",
            "gsqlite3-dnssec=yes",
            f"local-address={self.address}",
            f"local-port={self.port}",
            f"socket-dir={self.directory}",
            "daemon=no",
            "guardian=no",
            "dnsupdate=yes",
            "allow-dnsupdate-from=",
            "zone-cache-refresh-interval=0",
            "receiver-threads=1",
            "distributor-threads=1",
            "security-poll-suffix=",
        ]
        return "\n".join([*lines, *(self._api_lines() if self.api_key else ()), ""])

    def _api_lines(self) -> list[str]:
        return [
            "api=yes",
            f"api-key={self.api_key}",
            "webserver=yes",
            f"webserver-address={self.address}",
            f"webserver-port={self.api_port}",
            f"webserver-allow-from={self.address}",
        ]

    def _pdnsutil(self, *arguments: str) -> None:
        self._run("pdnsutil", f"--config-dir={self.directory}", *arguments)

    def _run(self, *command: str) -> None:
        name, *arguments = command
        done = subprocess.run(
            [program(name), *arguments], cwd=self.directory, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise ServerFailed(f"{command[0]} {command[-1]} failed:\n{done.stdout}{done.stderr}")


def _accepts(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=0.5):
            return True
    except OSError:
        return False


def _schema() -> str:
    found = next((path for path in _SCHEMAS if Path(path).exists()), None)
    if found is None:
        raise ServerFailed("no SQLite schema of PowerDNS: install pdns-backend-sqlite3 with `make setup`")
    return found
