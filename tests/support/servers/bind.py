"""BIND 9 as primary or secondary."""

from __future__ import annotations

import signal
from functools import partial

from support.certificates import ServerCertificate
from support.servers.process import (
    NEGATIVE_CACHING_SECONDS,
    START_SECONDS,
    NameServer,
    TsigSecret,
    free_port,
    wait_until,
    zone_text,
)


class BindServer(NameServer):
    """`named` with dynamic zones; with `primary`, a secondary of that server's zones.

    A secondary hears of changes only when it is `notified`; otherwise it lags until its next start, at
    which it transfers all zones, since it keeps none on disk.
    BIND listens on addresses that an interface has: `127.0.0.1` and `::1`, but not other 127.x.x.x.
    `access` stands in every zone in place of `allow-update` for all keys, and `options` in the
    options block, for what a test is about. With `certificate` it serves DNS over TLS at `tls_port`, too.
    """

    binaries = ("named",)

    def __init__(
        self,
        zones: dict[str, str] | tuple[str, ...] = (),
        *,
        keys: tuple[TsigSecret, ...] = (),
        address: str = "127.0.0.1",
        port: int | None = None,
        primary: BindServer | None = None,
        notified: bool = True,
        access: str | None = None,
        options: str = "",
        nameservers: tuple[tuple[str, str], ...] = (),
        negative_caching_seconds: int = NEGATIVE_CACHING_SECONDS,
        certificate: ServerCertificate | None = None,
    ) -> None:
        super().__init__(keys, address, port)
        self.primary = primary
        self.tls_port = free_port(address)
        self.transfer_key: TsigSecret | None = None
        self.certificate = certificate
        self._notified = notified
        self._secondaries: list[NameServer] = []
        self._access = access
        self._options = options
        self._nameservers = nameservers
        self._negative_caching_seconds = negative_caching_seconds
        records_of = zones if isinstance(zones, dict) else dict.fromkeys(zones, "")
        self.zones = {zone: self._zone_text(zone, records) for zone, records in records_of.items()}
        if primary is not None:
            self.zones = dict.fromkeys(primary.zones, "")

    def add_zone(self, zone: str, records: str = "") -> None:
        self.add_zones({zone: records})

    def add_zones(self, records_of: dict[str, str]) -> None:
        """Serve several more zones after one reload; a secondary takes their records from its primary."""
        self.zones |= {zone: self._zone_text(zone, records) for zone, records in records_of.items()}
        self._reload()
        if self._process is not None:
            for zone in records_of:
                wait_until(partial(self.serves, zone), START_SECONDS, f"{zone} answered after a reload")

    def restrict(self, access: str | None) -> None:
        """From now on have `access` in every primary zone; None gives all keys their rights back."""
        self._access = access
        self._reload()

    def _command(self) -> list[str]:
        return ["named", "-g", "-c", "named.conf", "-n", "1"]

    def _prepare(self) -> None:
        for zone, text in self.zones.items():
            path = self.directory / f"{zone}.zone"
            if self.primary is None and not path.exists():
                path.write_text(text)
        (self.directory / "named.conf").write_text(self._configuration())
        if self.primary is not None and self._notified:
            self.primary.notify(self)

    def sign_transfers(self, key: TsigSecret) -> None:
        """From now on transfer zones to who has `key` only, and sign notifications with it."""
        self.transfer_key = key
        self._reload()

    def notify(self, secondary: NameServer) -> None:
        """From now on tell `secondary` of each change."""
        if secondary not in self._secondaries:
            self._secondaries.append(secondary)
        self._reload()

    def _reload(self) -> None:
        if self._process is not None:
            self._prepare()
            self._signal(signal.SIGHUP)

    def _zone_text(self, zone: str, records: str) -> str:
        return zone_text(
            zone,
            records,
            nameservers=self._nameservers,
            negative_caching_seconds=self._negative_caching_seconds,
        )

    def _configuration(self) -> str:
        ipv6 = ":" in self.address
        listening = f"port {self.port} {{ {self.address}; }};"
        lines = [
            "options {",
            f'  directory "{self.directory}"; managed-keys-directory ".";',
            "  pid-file none; session-keyfile none;",
            f"  listen-on{'-v6' if ipv6 else ''} {listening} listen-on{'' if ipv6 else '-v6'} {{ none; }};",
            f"  {self._tls_listener()}",
            "  recursion no; dnssec-validation no; empty-zones-enable no;",
            f"  allow-transfer {{ {_key_clause(self.transfer_key) or 'any;'} }};",
            "  notify explicit; notify-delay 0; notify-rate 1000; startup-notify-rate 1000;",
            "  serial-query-rate 1000;",
            "" if ipv6 else f"  transfer-source {self.address}; notify-source {self.address};",
            f"  {self._options}",
            "};",
            "controls { };",
        ]
        known = (*self.keys, *self._transfer_keys())
        lines += [
            f'key "{key.name}" {{ algorithm {key.algorithm}; secret "{key.secret}"; }};' for key in known
        ]
        if self.certificate is not None:
            lines.insert(0, f'tls "dot" {{ {_tls_files(self.certificate)} }};')
        return "\n".join([*lines, *(self._zone_block(zone) for zone in self.zones), ""])

    def _zone_block(self, zone: str) -> str:
        if self.primary is not None:
            key = _key_clause(self.primary.transfer_key)
            source = f"primaries {{ {self.primary.address} port {self.primary.port} {key or ';'} }};"
            return f'zone "{zone}" {{ type secondary; {source} {self._access or ""} }};'
        allowed = "".join(f'key "{key.name}"; ' for key in self.keys) or "none; "
        access = self._access if self._access is not None else f"allow-update {{ {allowed}}};"
        key_clause = _key_clause(self.transfer_key) or ";"
        notified = "".join(
            f"{server.address} port {server.port} {key_clause} " for server in self._secondaries
        )
        also_notify = f"also-notify {{ {notified}}};" if notified else ""
        return f'zone "{zone}" {{ type primary; file "{zone}.zone"; {access} {also_notify} }};'

    def _transfer_keys(self) -> tuple[TsigSecret, ...]:
        key = self.transfer_key if self.primary is None else self.primary.transfer_key
        return (key,) if key is not None else ()

    def _tls_listener(self) -> str:
        if self.certificate is None:
            return ""
        option = "listen-on-v6" if ":" in self.address else "listen-on"
        return f'{option} port {self.tls_port} tls "dot" {{ {self.address}; }};'


def _key_clause(key: TsigSecret | None) -> str:
    return f'key "{key.name}";' if key is not None else ""


def _tls_files(certificate: ServerCertificate) -> str:
    return f'cert-file "{certificate.cert_file}"; key-file "{certificate.key_file}";'
