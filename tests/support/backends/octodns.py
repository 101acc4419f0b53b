"""The octodns provider under test, with classes of octoDNS packages on real servers."""

from __future__ import annotations

from typing import Any

from mailseal.providers.octodns import OctoDnsProvider
from mailseal.providers.surroundings import Surroundings
from mailseal.records.names import DnsName
from support.backends.nameservers import BindHarness
from support.backends.powerdnsapi import SECRET, PowerDnsApiHarness


class OctoDnsHarness(PowerDnsApiHarness):
    name = "octodns-powerdns"

    def open_class(
        self, secret: str = SECRET, surroundings: Surroundings | None = None, **settings: Any
    ) -> OctoDnsProvider:
        """The provider with another API key, other surroundings or other settings."""
        return OctoDnsProvider.from_settings(
            {
                "class": "octodns_powerdns.PowerDnsProvider",
                "settings": {"host": self.server.address, "port": self.server.api_port},
                "secretSettings": {"api_key": "api-key"},
                "timeoutSeconds": 10,
                **settings,
            },
            {"api-key": secret.encode()},
            surroundings or self.surroundings,
        )

    def open(self, *zones: DnsName) -> OctoDnsProvider:
        return self.open_class(zones=list(zones))


class OctoDnsBindHarness(BindHarness):
    """octodns-bind's Rfc2136Provider: it reads by AXFR and writes by dynamic updates, texts as they are."""

    name = "octodns-bind"

    def open(self, *zones: DnsName) -> OctoDnsProvider:
        return OctoDnsProvider.from_settings(
            {
                "class": "octodns_bind.Rfc2136Provider",
                "settings": {
                    "host": self.server.address,
                    "port": self.server.port,
                    "key_name": self.key.name,
                    "key_algorithm": self.key.algorithm,
                },
                "secretSettings": {"key_secret": "tsig-secret"},
                "timeoutSeconds": 10,
                "zones": list(zones),
            },
            {"tsig-secret": self.key.secret.encode()},
            self.surroundings,
        )
