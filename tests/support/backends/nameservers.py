"""The rfc2136 provider under test, on real name servers."""

from __future__ import annotations

import shutil
import tempfile
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path

from mailseal.dnsio.rdata import record_set, wire_rdata
from mailseal.providers.base import Provider
from mailseal.providers.rfc2136 import Rfc2136Provider
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey
from support.backends.base import Harness
from support.certificates import issue_server_certificate
from support.servers import BindServer, KnotServer, NameServer, PowerDnsServer, TsigSecret


class ServerHarness(Harness):
    """The rfc2136 provider on a real server."""

    authorities: Mapping[str, bytes] = {}
    """What the Secret holds besides the TSIG key."""

    def __init__(self) -> None:
        self.key = TsigSecret()
        self.server = self.start(self.key)
        self.server.start()

    @abstractmethod
    def start(self, key: TsigSecret) -> NameServer: ...

    def settings(self, **overrides: object) -> dict[str, object]:
        """The provider's settings; `overrides` replace some, None removes one."""
        settings: dict[str, object] = {
            "server": self.server.address,
            "port": self.server.port,
            "tsigKeyName": self.key.name,
            "tsigAlgorithm": self.key.algorithm,
            **overrides,
        }
        return {field: value for field, value in settings.items() if value is not None}

    def open_with(self, secret: str | None = None, **overrides: object) -> Rfc2136Provider:
        """The provider with other settings or another secret; "" for no Secret at all."""
        chosen = self.key.secret if secret is None else secret
        signing = {"tsig-secret": chosen.encode()} if chosen else {}
        credentials = {**signing, **self.authorities}
        return Rfc2136Provider.from_settings(self.settings(**overrides), credentials, self.surroundings)

    def add_zone(self, zone: DnsName, records: str = "") -> None:
        self.server.add_zone(zone, records)

    def open(self, *zones: DnsName) -> Provider:
        return self.open_with(zones=list(zones))

    def put(self, zone: DnsName, rrset: RRset) -> None:
        values = [wire_rdata(value).to_text() for value in rrset.values]
        self.server.put(zone, rrset.key.name, rrset.key.rtype, rrset.ttl_seconds, *values)

    def peek(self, zone: DnsName, key: RRsetKey) -> RRset | None:
        found = self.server.query(key.name.fqdn, key.rtype)
        return record_set(key, found) if found else None

    def version(self, zone: DnsName) -> object:
        return self.server.serial(zone)

    def close(self) -> None:
        self.server.close()


class BindHarness(ServerHarness):
    name = "bind"

    def start(self, key: TsigSecret) -> NameServer:
        return BindServer(("start.example",), keys=(key,))


class KnotHarness(ServerHarness):
    name = "knot"

    def start(self, key: TsigSecret) -> NameServer:
        return KnotServer({"start.example": ""}, keys=(key,))


class PowerDnsHarness(ServerHarness):
    name = "powerdns"

    def start(self, key: TsigSecret) -> NameServer:
        return PowerDnsServer({"start.example": ""}, keys=(key,))


class BindTlsHarness(ServerHarness):
    """BIND over IPv6 and DNS over TLS."""

    name = "bind-tls"

    def start(self, key: TsigSecret) -> NameServer:
        self._directory = Path(tempfile.mkdtemp(prefix="mailseal-dot-"))
        certificate = issue_server_certificate(self._directory, "::1")
        self.authorities = {"ca.crt": certificate.ca_file.read_bytes()}
        server = BindServer(("start.example",), keys=(key,), address="::1", certificate=certificate)
        self._tls_port = server.tls_port
        return server

    def settings(self, **overrides: object) -> dict[str, object]:
        return super().settings(**{"transport": "tls", "port": self._tls_port, **overrides})

    def close(self) -> None:
        super().close()
        shutil.rmtree(self._directory)
