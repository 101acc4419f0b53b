"""The settings of type powerdns."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from mailseal.domain.backends.base import BackendSettings, TimeoutSeconds, UrlText
from mailseal.domain.checks import matching


class PowerDnsSettings(BackendSettings):
    """The HTTP API of a PowerDNS Authoritative Server."""

    credential_fields: ClassVar[str] = (
        "whose key api-key holds the API key and, for a certificate authority of your own, ca.crt its "
        "certificates"
    )

    url: UrlText = Field(
        description="Base URL of the API, such as https://pdns.example.nl:8081; with what a proxy has before "
        "/api/v1."
    )
    server_id: Annotated[
        str,
        Field(min_length=1, max_length=63),
        matching(
            r"[A-Za-z0-9_.-]+", "write the server's id in the API, which is localhost for PowerDNS itself"
        ),
    ] = Field(default="localhost", description="Id of the server in the API.")
    timeout_seconds: TimeoutSeconds = 20
