"""The webhook provider under test, on external-dns' own webhook server over two of its providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from mailseal.dnsio.rdata import record_set, wire_rdata
from mailseal.providers.webhook import WebhookProvider
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey
from support.backends.base import Harness
from support.servers import BindServer, NameServer, PowerDnsServer, TsigSecret
from support.servers.externaldns import WebhookServer, powerdns_flags, rfc2136_flags


class _WebhookHarness(Harness):
    """Zones are seeded by DNS UPDATE and seen through DNS, past external-dns."""

    txt_form: ClassVar[str]
    server: NameServer
    webhook: WebhookServer

    def open_with(
        self, credentials: Mapping[str, bytes] | None = None, **overrides: object
    ) -> WebhookProvider:
        """The provider with other settings or with a Secret."""
        settings = {"url": self.webhook.url, "txtForm": self.txt_form, **overrides}
        return WebhookProvider.from_settings(settings, credentials or {}, self.surroundings)

    def open(self, *zones: DnsName) -> WebhookProvider:
        return self.open_with(zones=list(zones))

    def add_zone(self, zone: DnsName, records: str = "") -> None:
        self.server.add_zone(zone, records)

    def put(self, zone: DnsName, rrset: RRset) -> None:
        values = [wire_rdata(value).to_text() for value in rrset.values]
        self.server.put(zone, rrset.key.name, rrset.key.rtype, rrset.ttl_seconds, *values)

    def peek(self, zone: DnsName, key: RRsetKey) -> RRset | None:
        found = self.server.query(key.name.fqdn, key.rtype)
        return record_set(key, found) if found else None

    def version(self, zone: DnsName) -> object:
        return self.server.serial(zone)

    def close(self) -> None:
        self.webhook.close()
        self.server.close()


class WebhookHarness(_WebhookHarness):
    """external-dns over the HTTP API of a real PowerDNS: TXT targets in presentation form."""

    name = "webhook"
    txt_form = "quoted"

    def __init__(self) -> None:
        server = PowerDnsServer({"start.example": ""}, api_key="webhook api key")
        server.start()
        self.server = server
        self.webhook = WebhookServer(*powerdns_flags(server)).start()


class WebhookStringsHarness(_WebhookHarness):
    """external-dns over DNS UPDATE and zone transfers of a real BIND: each character-string is a target."""

    name = "webhook-strings"
    txt_form = "strings"

    def __init__(self) -> None:
        self.bind = BindServer(("start.example",), keys=(TsigSecret(),))
        self.bind.start()
        self.server = self.bind
        self.webhook = WebhookServer(*rfc2136_flags(self.bind, "start.example")).start()

    def add_zone(self, zone: DnsName, records: str = "") -> None:
        super().add_zone(zone, records)
        self.webhook.stop()
        self.webhook.flags = (*self.webhook.flags, f"--rfc2136-zone={zone}")
        self.webhook.start()
