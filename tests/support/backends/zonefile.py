"""The zonefile provider under test."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import dns.rdataset
import dns.zone

from mailseal.dnsio.rdata import record_set, wire_name, wire_rdata, wire_type
from mailseal.providers.base import Provider
from mailseal.providers.zonefile import ZoneFileProvider
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey
from support.backends.base import Harness
from support.servers.process import zone_text


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
