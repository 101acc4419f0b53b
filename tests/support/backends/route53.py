"""The route53 provider under test, on moto's server made strict."""

from __future__ import annotations

import re
from typing import Any

import dns.rdata
import dns.zone

from mailseal.dnsio.rdata import record_value, wire_rdata
from mailseal.providers.base import Provider
from mailseal.providers.route53 import Route53Provider
from mailseal.providers.surroundings import Surroundings
from mailseal.records.names import DnsName
from mailseal.records.rrset import Rdata, RRset, RRsetKey
from support.backends.base import Harness
from support.servers.process import zone_text


class Route53Harness(Harness):
    name = "route53"

    def __init__(self) -> None:
        from support.servers.route53 import LocalAws  # moto takes a second to import

        self.aws = LocalAws()

    def open_with(
        self,
        credentials: dict[str, bytes] | None = None,
        surroundings: Surroundings | None = None,
        **settings: Any,
    ) -> Route53Provider:
        """The provider with another Secret, other surroundings or other settings."""
        from support.servers.route53 import KEY_ID, SECRET

        own = {"access-key-id": KEY_ID.encode(), "secret-access-key": SECRET.encode()}
        return Route53Provider.from_settings(
            {"endpoint": self.aws.url, "stsEndpoint": self.aws.url, "timeoutSeconds": 5, **settings},
            own if credentials is None else credentials,
            surroundings or self.surroundings,
        )

    def add_zone(self, zone: DnsName, records: str = "") -> None:
        added = self.aws.add_zone(zone)
        parsed = dns.zone.from_text(zone_text(zone, records), origin=f"{zone}.", relativize=False)
        for name, rdataset in parsed.iterate_rdatasets():
            if rdataset.rdtype.name in {"SOA", "NS"} and name == parsed.origin:
                continue
            texts = [text_of(rdata) for rdata in rdataset]
            self.aws.put(added, octal(name.to_text()), rdataset.rdtype.name, rdataset.ttl, *texts)

    def open(self, *zones: DnsName) -> Provider:
        return self.open_with(zones=list(zones))

    def put(self, zone: DnsName, rrset: RRset) -> None:
        texts = [text_of(wire_rdata(value)) for value in rrset.values]
        self.aws.put(
            self.aws.zones(zone)[0], octal(rrset.key.name), str(rrset.key.rtype), rrset.ttl_seconds, *texts
        )

    def peek(self, zone: DnsName, key: RRsetKey) -> RRset | None:
        found = self.aws.texts(self.aws.zones(zone)[0], octal(key.name), str(key.rtype))
        if found is None:
            return None
        ttl, texts = found
        return RRset(key, ttl, tuple(_value(str(key.rtype), text) for text in texts))

    def version(self, zone: DnsName) -> object:
        return self.aws.account.operations["ChangeResourceRecordSets"]

    def close(self) -> None:
        self.aws.close()


def text_of(rdata: dns.rdata.Rdata) -> str:
    """The value as the API takes it: what a zone file writes in decimal is octal there."""
    return octal(rdata.to_text())


def octal(text: str) -> str:
    r"""`\DDD` in decimal as `\OOO` in octal."""
    return re.sub(r"\\([0-9]{3})|\\.", lambda m: f"\\{int(m[1]):03o}" if m[1] else m[0], text)


def decimal(text: str) -> str:
    r"""`\OOO` in octal as `\DDD` in decimal, as a zone file has it."""
    return re.sub(r"\\([0-3][0-7]{2})|\\.", lambda m: f"\\{int(m[1], 8):03d}" if m[1] else m[0], text)


def _value(rtype: str, text: str) -> Rdata:
    return record_value(dns.rdata.from_text("IN", rtype, decimal(text)))
