"""The memory provider under test."""

from __future__ import annotations

from typing import ClassVar

import dns.rdataset
import dns.zone

from mailseal.dnsio.rdata import record_set, wire_name
from mailseal.providers.base import Provider
from mailseal.providers.memory import MemoryBackend, MemoryProvider
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey
from support.backends.base import Harness
from support.servers.process import zone_text


class MemoryHarness(Harness):
    name = "memory"
    inapplicable: ClassVar[dict[str, str]] = {
        "zones.survey": "the memory provider makes each listed zone, so that none is missing",
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
