"""One authoritative server, as it is asked and as messages call it."""

from __future__ import annotations

from dataclasses import dataclass

from mailseal.dnsio.endpoint import DNS_PORT, Endpoint


@dataclass(frozen=True, slots=True, order=True)
class Nameserver:
    """An address of a name server. `label` is what the user knows it by; "" as address: it is not asked."""

    label: str
    address: str
    port: int = DNS_PORT
    obstacle: str = "has no address"
    """Why it cannot be asked, where it cannot."""

    @classmethod
    def of(cls, host: str, address: str, port: int = DNS_PORT) -> Nameserver:
        """The server at one address of `host`."""
        endpoint = Endpoint(address, port)
        shown = address if port == DNS_PORT else str(endpoint)
        return cls(shown if host == address else f"{host} ({shown})", address, port)

    def __str__(self) -> str:
        return self.label
