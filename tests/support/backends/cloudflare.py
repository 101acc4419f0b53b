"""The cloudflare provider under test, on an API of our own that follows the public documentation."""

from __future__ import annotations

from typing import Any

import dns.rdataset
import dns.zone

from mailseal.providers.base import Provider
from mailseal.providers.cloudflare import CloudflareProvider
from mailseal.providers.surroundings import Surroundings
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, Rdata, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.backends.base import Harness
from support.servers.cloudflare import CloudflareServer, content_of, strings_of
from support.servers.process import zone_text

ZONES = 40
"""So many newest zones are kept: they fit one page, and finding one takes one request."""
TOKEN = "v1.0-a-token-with-all-the-rights-it-needs"


class CloudflareHarness(Harness):
    name = "cloudflare"

    def __init__(self) -> None:
        self.server = CloudflareServer()
        self.server.add_token(TOKEN)

    def open_with(
        self, token: str = TOKEN, surroundings: Surroundings | None = None, **settings: Any
    ) -> CloudflareProvider:
        """The provider with another token, other surroundings or other settings."""
        return CloudflareProvider.from_settings(
            {"endpoint": self.server.url, "timeoutSeconds": 5, **settings},
            {"api-token": token.encode()},
            surroundings or self.surroundings,
        )

    def add_zone(self, zone: DnsName, records: str = "") -> None:
        while len(self.server.zones) >= ZONES:
            self.server.zones.pop(next(iter(self.server.zones)))
        added = self.server.add_zone(zone)
        parsed = dns.zone.from_text(zone_text(zone, records), origin=f"{zone}.", relativize=False)
        for name, ttl, rdata in parsed.iterate_rdatas():
            type_name = rdata.rdtype.name
            at_apex = name.to_text().rstrip(".") == zone
            if type_name == "SOA" or (type_name == "NS" and at_apex):
                continue  # those of Cloudflare are none of its records
            fields = {"content": rdata.to_text().rstrip(".") or "."}
            if type_name == "TXT":
                fields = {"content": content_of(list(rdata.strings))}
            if type_name == "MX":
                fields = {
                    "content": rdata.exchange.to_text().rstrip(".") or ".",
                    "priority": rdata.preference,
                }
            owner = name.to_text().rstrip(".").lower()
            self.server.put(added, name=owner, type=type_name, ttl=ttl, **fields)

    def open(self, *zones: DnsName) -> Provider:
        return self.open_with(zones=list(zones))

    def put(self, zone: DnsName, rrset: RRset) -> None:
        held = self.server.zone(zone)
        self.server.remove(held, rrset.key.name, rrset.key.rtype)
        for value in rrset.values:
            self.server.put(
                held,
                name=str(rrset.key.name),
                type=str(rrset.key.rtype),
                ttl=rrset.ttl_seconds,
                **_body(value),
            )

    def peek(self, zone: DnsName, key: RRsetKey) -> RRset | None:
        found = [
            record
            for record in self.server.zone(zone).records
            if (record["name"], record["type"]) == (key.name, key.rtype)
        ]
        if not found:
            return None
        ttl = min(record["ttl"] for record in found)
        return RRset(key, ttl, tuple(_value(record) for record in found))

    def version(self, zone: DnsName) -> object:
        return self.server.zone(zone).version

    def close(self) -> None:
        self.server.close()


def _body(value: Rdata) -> dict[str, Any]:
    if isinstance(value, TxtData):
        return {"content": content_of(list(value.strings))}
    if isinstance(value, MxData):
        return {"content": value.exchange or ".", "priority": value.preference}
    return {"content": value.target}


def _value(record: dict[str, Any]) -> Rdata:
    if record["type"] == "TXT":
        return TxtData(tuple(strings_of(record["content"])))
    name = DnsName("" if record["content"] == "." else record["content"])
    return MxData(record["priority"], name) if record["type"] == "MX" else CnameData(name)
