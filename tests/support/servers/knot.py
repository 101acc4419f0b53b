"""Knot DNS as primary or secondary."""

from __future__ import annotations

import signal

from support.servers.bind import BindServer
from support.servers.process import START_SECONDS, NameServer, TsigSecret, wait_until, zone_text

EXPIRE_SECONDS = 3600


class KnotServer(NameServer):
    """`knotd` with zones that every key may update; with `primary`, a secondary of that server's zones.

    A secondary is notified of changes, and lets a zone expire when it has not reached the primary for
    `expire_seconds` (RFC 1035 section 3.3.13).
    """

    binaries = ("knotd",)

    def __init__(
        self,
        zones: dict[str, str],
        *,
        keys: tuple[TsigSecret, ...] = (),
        address: str = "127.0.0.1",
        port: int | None = None,
        primary: BindServer | None = None,
        expire_seconds: int = EXPIRE_SECONDS,
    ) -> None:
        super().__init__(keys, address, port)
        self.primary = primary
        self._expire_seconds = expire_seconds
        self.zones = {zone: zone_text(zone, records) for zone, records in zones.items()}
        if primary is not None:
            self.zones = dict.fromkeys(primary.zones, "")

    def add_zone(self, zone: str, records: str = "") -> None:
        self.zones[zone] = zone_text(zone, records)
        if self._process is not None:
            self._prepare()
            self._signal(signal.SIGHUP)
            wait_until(lambda: self.serves(zone), START_SECONDS, f"{zone} answered after a reload")

    def _command(self) -> list[str]:
        return ["knotd", "--config", "knot.conf"]

    def _prepare(self) -> None:
        for zone, text in self.zones.items():
            path = self.directory / f"{zone}.zone"
            if self.primary is None and not path.exists():
                path.write_text(text)
        (self.directory / "knot.conf").write_text(self._configuration())
        if self.primary is not None:
            self.primary.notify(self)

    def _configuration(self) -> str:
        lines = [
            f"server:\n  rundir: {self.directory}\n  listen: {self.address}@{self.port}",
            "  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1",
            f"database:\n  storage: {self.directory}\n  journal-db-max-size: 64M",
            "log:\n  - target: stderr\n    any: info",
        ]
        known = (*self.keys, *self._transfer_keys())
        if known:
            lines.append("key:")
        for key in known:
            lines.append(f"  - id: {key.name}\n    algorithm: {key.algorithm}\n    secret: {key.secret}")
        names = ", ".join(key.name for key in self.keys)
        allowed = f"    key: [{names}]\n    action: update" if names else "    action: transfer"
        lines.append(f'acl:\n  - id: updates\n    address: [127.0.0.0/8, "::1"]\n{allowed}')
        lines += self._secondary_lines() if self.primary is not None else []
        lines.append(f"template:\n  - id: default\n    storage: {self.directory}\n    acl: {self._acls()}")
        lines += ["zone:", *(self._zone_lines(zone) for zone in self.zones)]
        return "\n".join([*lines, ""])

    def _acls(self) -> str:
        return "[updates, notifications]" if self.primary is not None else "updates"

    def _zone_lines(self, zone: str) -> str:
        if self.primary is None:
            return f"  - domain: {zone}\n    file: {zone}.zone"
        return (
            f"  - domain: {zone}\n    master: primary\n    zonefile-sync: -1\n"
            f"    refresh-max-interval: 2\n    retry-max-interval: 1\n"
            f"    expire-min-interval: 3\n    expire-max-interval: {self._expire_seconds}"
        )

    def _secondary_lines(self) -> list[str]:
        primary = self.primary
        assert primary is not None
        signed = "".join(f"\n    key: {key.name}" for key in self._transfer_keys())
        return [
            f"acl:\n  - id: notifications\n    address: {primary.address}\n    action: notify{signed}",
            f"remote:\n  - id: primary\n    address: {primary.address}@{primary.port}{signed}",
        ]

    def _transfer_keys(self) -> tuple[TsigSecret, ...]:
        key = self.primary.transfer_key if self.primary is not None else None
        return (key,) if key is not None else ()
