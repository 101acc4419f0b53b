"""The octodns provider under test, with octodns-powerdns on a real PowerDNS."""

from __future__ import annotations

from typing import Any

from mailseal.providers.octodns import OctoDnsProvider
from mailseal.providers.surroundings import Surroundings
from mailseal.records.names import DnsName
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
