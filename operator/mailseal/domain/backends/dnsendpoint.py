"""The settings of type dnsendpoint."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from mailseal.domain.backends.base import BackendSettings, Credentials


class DnsEndpointSettings(BackendSettings):
    """DNSEndpoint resources, which external-dns carries out."""

    credentials: ClassVar[Credentials] = Credentials.NONE

    namespace: str | None = Field(
        default=None, min_length=1, max_length=63, description="Namespace of the DNSEndpoints."
    )
