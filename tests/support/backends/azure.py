"""The azure provider under test, on an API of our own that follows the public documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import dns.zone
from azure.core.credentials import AccessToken

from mailseal.providers.azure.provider import AzureProvider
from mailseal.providers.azure.settings import AzureSettings
from mailseal.providers.base import Provider
from mailseal.providers.surroundings import Surroundings
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.backends.base import Harness
from support.servers.azuredns import GROUP, SUBSCRIPTION, TOKEN, AzureDnsServer
from support.servers.process import zone_text

ZONES = 40
"""So many newest zones are kept: they fit one page, and finding one takes one request."""
SETTINGS = {
    "subscriptionId": SUBSCRIPTION,
    "resourceGroup": GROUP,
    "tenantId": "22222222-2222-3333-4444-555555555555",
    "clientId": "33333333-2222-3333-4444-555555555555",
    "timeoutSeconds": 5,
}
CREDENTIALS = {"client-secret": b"a~client~secret"}


class HeldToken:
    """A credential that Microsoft Entra has given its token already."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self.closed = False

    async def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken(self.token, 2**33)

    async def close(self) -> None:
        self.closed = True

    async def __aenter__(self) -> HeldToken:
        return self

    async def __aexit__(self, *_details: object) -> None:
        await self.close()


class AzureHarness(Harness):
    name = "azure"
    inapplicable: ClassVar[Mapping[str, str]] = {
        "races.concurrent": "it makes 50 values at a name, and a record set holds 20: see test_azure.py",
    }

    def __init__(self) -> None:
        self.server = AzureDnsServer()

    def open_with(
        self, credential: Any = None, surroundings: Surroundings | None = None, **settings: Any
    ) -> AzureProvider:
        """The provider with another credential, other surroundings or other settings."""
        around = surroundings or self.surroundings
        chosen = {**SETTINGS, "endpoint": self.server.api.url, **settings}
        parsed = AzureSettings.parse(chosen, CREDENTIALS, around)
        return AzureProvider(parsed, credential or HeldToken(), around)

    def open(self, *zones: DnsName) -> Provider:
        return self.open_with(zones=list(zones))

    def add_zone(self, zone: DnsName, records: str = "") -> None:
        while len(self.server.zones) >= ZONES:
            self.server.zones.pop(next(iter(self.server.zones)))
        added = self.server.add_zone(str(zone))
        parsed = dns.zone.from_text(zone_text(zone, records), origin=f"{zone}.", relativize=True)
        for name, rdataset in parsed.iterate_rdatasets():
            kind, owner = rdataset.rdtype.name, str(name)
            if kind == "SOA" or (kind == "NS" and owner == "@"):
                continue  # Azure's own
            self.server.store(
                added, owner, kind, {"TTL": rdataset.ttl, **_records(kind, [*rdataset], f"{zone}.")}
            )

    def put(self, zone: DnsName, rrset: RRset) -> None:
        name, kind = rrset.key.name.relative_to(zone), str(rrset.key.rtype)
        self.server.store(self._zone(zone), name, kind, {"TTL": rrset.ttl_seconds, **_content(rrset)})

    def peek(self, zone: DnsName, key: RRsetKey) -> RRset | None:
        stored = self._zone(zone).sets.get((key.name.relative_to(zone), str(key.rtype)))
        return _rrset(key, stored["properties"]) if stored is not None else None

    def version(self, zone: DnsName) -> object:
        return self._zone(zone).version

    def close(self) -> None:
        self.server.close()

    def _zone(self, zone: DnsName) -> Any:
        return self.server.zones[str(zone)]


def _records(kind: str, rdatas: list[Any], origin: str) -> dict[str, Any]:
    absolute = [rdata.to_text(origin=dns.name.from_text(origin), relativize=False) for rdata in rdatas]
    if kind == "TXT":
        strings = [[string.decode() for string in rdata.strings] for rdata in rdatas]
        return {"TXTRecords": [{"value": texts} for texts in strings]}
    if kind == "MX":
        pairs = [text.split() for text in absolute]
        return {"MXRecords": [{"preference": int(one), "exchange": name} for one, name in pairs]}
    if kind == "CNAME":
        return {"CNAMERecord": {"cname": absolute[0]}}
    return {"NSRecords": [{"nsdname": text} for text in absolute]}


def _content(rrset: RRset) -> dict[str, Any]:
    if rrset.key.rtype is RecordType.TXT:
        values = [value.strings for value in rrset.values if isinstance(value, TxtData)]
        return {"TXTRecords": [{"value": [one.decode() for one in strings]} for strings in values]}
    if rrset.key.rtype is RecordType.MX:
        pairs = [value for value in rrset.values if isinstance(value, MxData)]
        return {"MXRecords": [{"preference": mx.preference, "exchange": f"{mx.exchange}."} for mx in pairs]}
    targets = [value.target for value in rrset.values if isinstance(value, CnameData)]
    return {"CNAMERecord": {"cname": targets[0]}}


def _rrset(key: RRsetKey, properties: dict[str, Any]) -> RRset:
    ttl = properties["TTL"]
    if key.rtype is RecordType.TXT:
        values = [
            TxtData(tuple(one.encode() for one in record["value"])) for record in properties["TXTRecords"]
        ]
        return RRset(key, ttl, tuple(values))
    if key.rtype is RecordType.MX:
        pairs = [(record["preference"], record["exchange"].rstrip(".")) for record in properties["MXRecords"]]
        return RRset(key, ttl, tuple(MxData(one, DnsName(name.lower())) for one, name in pairs))
    return RRset(key, ttl, (CnameData(DnsName(properties["CNAMERecord"]["cname"].rstrip("."))),))
