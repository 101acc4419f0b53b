"""The settings of type rfc2136."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from mailseal.domain.backends.base import BackendSettings, ServerText
from mailseal.domain.checks import matching


class TsigAlgorithm(StrEnum):
    """The TSIG algorithms of RFC 8945 section 6 that are recommended."""

    HMAC_SHA256 = "hmac-sha256"
    HMAC_SHA384 = "hmac-sha384"
    HMAC_SHA512 = "hmac-sha512"


class Transport(StrEnum):
    """How a DNS server is spoken to."""

    AUTO = "auto"
    TCP = "tcp"


class Rfc2136Settings(BackendSettings):
    """A primary name server that takes dynamic updates (RFC 2136) signed with TSIG (RFC 8945)."""

    credential_fields: ClassVar[str] = "whose key tsig-secret holds the TSIG key in base64"

    server: ServerText = Field(
        description="Host name or IP address of the primary server that takes updates."
    )
    port: int = Field(default=53, ge=1, le=65535, description="Port of the server, for UDP and TCP.")
    tsig_key_name: Annotated[
        str,
        Field(min_length=1, max_length=253),
        matching(
            r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?",
            "write the key's name as the name server's configuration has it, such as mailseal-key",
        ),
    ] = Field(description="Name of the TSIG key, exactly as the name server's configuration has it.")
    tsig_algorithm: TsigAlgorithm = Field(
        default=TsigAlgorithm.HMAC_SHA256,
        description="Algorithm of the TSIG key; the same on both sides.",
    )
    timeout_seconds: int = Field(
        default=5, ge=1, le=60, description="How long to wait for one answer, in seconds (1 to 60)."
    )
    transport: Transport = Field(
        default=Transport.AUTO,
        description="auto asks over UDP and repeats a truncated answer over TCP; tcp uses TCP only.",
    )
