"""The powerdns provider under test, on a real PowerDNS with its HTTP API."""

from __future__ import annotations

from mailseal.dnsio.rdata import record_set, wire_rdata
from mailseal.providers.powerdns import PowerDnsProvider
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey
from support.backends.base import Harness
from support.servers.powerdns import PowerDnsServer

SECRET = "powerdns api key for tests"


class PowerDnsApiHarness(Harness):
    """Zones are seeded by DNS UPDATE and seen through DNS."""

    name = "powerdns-api"

    def __init__(self) -> None:
        self.to_close: list[PowerDnsProvider] = []
        """For tests that close what they open."""
        self.server = PowerDnsServer({"start.example": ""}, api_key=SECRET)
        self.server.start()

    def add_zone(self, zone: DnsName, records: str = "") -> None:
        self.server.add_zone(zone, records)

    def open_with(self, secret: str = SECRET, **overrides: object) -> PowerDnsProvider:
        """The provider with other settings or another API key."""
        settings = {"url": self.server.api_url, **overrides}
        provider = PowerDnsProvider.from_settings(settings, {"api-key": secret.encode()}, self.surroundings)
        self.to_close.append(provider)
        return provider

    def open(self, *zones: DnsName) -> PowerDnsProvider:
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
