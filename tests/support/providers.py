"""Backends that the provider conformance suite runs on: how to open, to seed and to look behind each."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

import dns.rdataset
import dns.zone

from mailseal.dnsio.rdata import record_set, wire_name, wire_rdata, wire_type
from mailseal.providers.base import Provider
from mailseal.providers.memory import MemoryBackend, MemoryProvider
from mailseal.providers.rfc2136 import Rfc2136Provider
from mailseal.providers.zonefile import ZoneFileProvider
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey
from support.servers import BindServer, KnotServer, NameServer, PowerDnsServer, TsigSecret
from support.servers.process import zone_text

_numbers = itertools.count(1)


class Harness(ABC):
    """One backend under test, with zones made on demand; `close` ends it."""

    name: ClassVar[str]
    cannot: ClassVar[dict[str, str]] = {}
    """What the backend cannot do by its nature, and why: those cases run on the others."""

    def new_zone(self, records: str = "") -> DnsName:
        """A fresh zone with SOA and NS and the records given in presentation form."""
        zone = DnsName.parse(f"zone{next(_numbers)}.example")
        self.add_zone(zone, records)
        return zone

    @abstractmethod
    def add_zone(self, zone: DnsName, records: str = "") -> None: ...

    @abstractmethod
    def open(self, *zones: DnsName) -> Provider:
        """A provider with `zones` listed, or that finds its zones by itself."""

    @abstractmethod
    def put(self, zone: DnsName, rrset: RRset) -> None:
        """Replace a set behind the provider's back, in exactly this form."""

    @abstractmethod
    def peek(self, zone: DnsName, key: RRsetKey) -> RRset | None:
        """What the backend really holds, without the provider."""

    @abstractmethod
    def version(self, zone: DnsName) -> object:
        """Something that changes with every write."""

    @abstractmethod
    def close(self) -> None: ...


class MemoryHarness(Harness):
    name = "memory"
    cannot: ClassVar[dict[str, str]] = {
        "delegation": "the memory provider holds no NS records, so that nothing can be delegated",
        "missing zones": "the memory provider makes each listed zone, so that none is missing",
    }

    def __init__(self) -> None:
        self.backend = MemoryBackend()

    def add_zone(self, zone: DnsName, records: str = "") -> None:
        self.backend.add_zone(zone)
        parsed = dns.zone.from_text(zone_text(zone, records), origin=wire_name(zone), relativize=False)
        for name, node in parsed.nodes.items():
            for rdataset in node:
                if rdataset.rdtype.name in {"TXT", "MX", "CNAME"}:
                    key = RRsetKey(DnsName.parse(str(name)), rdataset.rdtype.name)
                    self.backend.put(record_set(key, rdataset))

    def open(self, *zones: DnsName) -> Provider:
        return MemoryProvider(self.backend, zones)

    def put(self, zone: DnsName, rrset: RRset) -> None:
        self.backend.put(rrset)

    def peek(self, zone: DnsName, key: RRsetKey) -> RRset | None:
        return self.backend.rrsets(zone).get(key)

    def version(self, zone: DnsName) -> object:
        return self.backend.rrsets(zone)

    def close(self) -> None:
        pass


class ZoneFileHarness(Harness):
    name = "zonefile"

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="mailseal-zones-"))

    def add_zone(self, zone: DnsName, records: str = "") -> None:
        (self.directory / f"{zone}.zone").write_text(zone_text(zone, records))

    def open(self, *zones: DnsName) -> Provider:
        return ZoneFileProvider(self.directory, zones)

    def put(self, zone: DnsName, rrset: RRset) -> None:
        parsed = self._parsed(zone)
        values = [wire_rdata(value) for value in rrset.values]
        parsed.replace_rdataset(
            wire_name(rrset.key.name), dns.rdataset.from_rdata_list(rrset.ttl_seconds, values)
        )
        parsed.to_file(str(self.directory / f"{zone}.zone"), relativize=False)

    def peek(self, zone: DnsName, key: RRsetKey) -> RRset | None:
        rdataset = self._parsed(zone).get_rdataset(wire_name(key.name), wire_type(key))
        return record_set(key, rdataset) if rdataset else None

    def version(self, zone: DnsName) -> object:
        return (self.directory / f"{zone}.zone").stat()

    def close(self) -> None:
        shutil.rmtree(self.directory)

    def _parsed(self, zone: DnsName) -> dns.zone.Zone:
        path = self.directory / f"{zone}.zone"
        return dns.zone.from_file(str(path), origin=wire_name(zone), relativize=False)


class ServerHarness(Harness):
    """The rfc2136 provider on a real server."""

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
        credentials = {"tsig-secret": chosen.encode()} if chosen else {}
        return Rfc2136Provider.from_settings(self.settings(**overrides), credentials)

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


HARNESSES: tuple[type[Harness], ...] = (
    MemoryHarness,
    ZoneFileHarness,
    BindHarness,
    KnotHarness,
    PowerDnsHarness,
)
SERVER_HARNESSES: tuple[type[ServerHarness], ...] = (BindHarness, KnotHarness, PowerDnsHarness)


def able_to(ability: str) -> list[type[Harness]]:
    """The backends that do not declare that they cannot."""
    return [kind for kind in HARNESSES if ability not in kind.cannot]
