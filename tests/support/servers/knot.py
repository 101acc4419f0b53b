"""Knot DNS as primary."""

from __future__ import annotations

import signal

from support.servers.process import START_SECONDS, NameServer, TsigSecret, wait_until, zone_text


class KnotServer(NameServer):
    """`knotd` with zones that every key may update."""

    binaries = ("knotd",)

    def __init__(
        self,
        zones: dict[str, str],
        *,
        keys: tuple[TsigSecret, ...] = (),
        address: str = "127.0.0.1",
        port: int | None = None,
    ) -> None:
        super().__init__(keys, address, port)
        self.zones = {zone: zone_text(zone, records) for zone, records in zones.items()}

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
            if not path.exists():
                path.write_text(text)
        (self.directory / "knot.conf").write_text(self._configuration())

    def _configuration(self) -> str:
        lines = [
            f"server:\n  rundir: {self.directory}\n  listen: {self.address}@{self.port}",
            "  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1",
            f"database:\n  storage: {self.directory}\n  journal-db-max-size: 64M",
            "log:\n  - target: stderr\n    any: info",
        ]
        if self.keys:
            lines.append("key:")
        for key in self.keys:
            lines.append(f"  - id: {key.name}\n    algorithm: {key.algorithm}\n    secret: {key.secret}")
        names = ", ".join(key.name for key in self.keys)
        allowed = f"    key: [{names}]\n    action: update" if names else "    action: transfer"
        lines.append(f"acl:\n  - id: updates\n    address: 127.0.0.0/8\n{allowed}")
        lines.append(f"template:\n  - id: default\n    storage: {self.directory}\n    acl: updates")
        lines += ["zone:", *(f"  - domain: {zone}\n    file: {zone}.zone" for zone in self.zones)]
        return "\n".join([*lines, ""])
