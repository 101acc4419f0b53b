"""The settings of type powerdns."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from mailseal.domain.backends.base import BackendSettings, UrlText


class PowerDnsSettings(BackendSettings):
    """The HTTP API of a PowerDNS Authoritative Server."""

    credential_fields: ClassVar[str] = "whose key api-key holds the API key"

    url: UrlText = Field(description="Base URL of the API, such as https://pdns.example.nl:8081.")
    server_id: str = Field(
        default="localhost", min_length=1, max_length=63, description="Name of the server in the API."
    )
    timeout_seconds: int = Field(
        default=20, ge=1, le=60, description="How long to wait for one answer, in seconds (1 to 60)."
    )
