"""A vendor that runs DKIM selectors for a domain: its keys stand in a zone on a server of its own."""

from __future__ import annotations

import base64
from types import TracebackType
from typing import Any, Self

from support.dnszone import DnsZone
from support.servers.bind import BindServer
from support.servers.process import TsigSecret

ZONE = "keys.vendor.example"


def key_record(number: int) -> str:
    """The record of an Ed25519 key; another one for each number."""
    return f"v=DKIM1; k=ed25519; p={base64.b64encode(bytes([number]) * 32).decode()}"


class Vendor:
    """The vendor's server, which the operator asks as its resolver. A context manager."""

    def __init__(self) -> None:
        self.server = BindServer({ZONE: ""}, keys=(TsigSecret(),))
        self.zone = DnsZone(self.server, ZONE)

    def publish(self, name: str, record: str) -> None:
        """Have `record` alone stand at `name`."""
        self.zone.delete(name)
        self.zone.add(name, f'"{record}"', ttl_seconds=1)

    def entry(self, name: str, selector: str = "s1") -> dict[str, Any]:
        """The entry of a MailDomain for a selector that leads to `name`."""
        return {"selector": selector, "cname": f"{name}.{ZONE}"}

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.__exit__(kind, error, trace)
