"""The settings of each DNS backend: the part of a provider's spec that is named like its type."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from mailseal.domain.checks import matching
from mailseal.domain.common import SUBDOMAIN, Model

IPV4 = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_ADDRESSES = rf"{IPV4}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*"

ServerText = Annotated[
    str,
    Field(min_length=1, max_length=253),
    matching(
        rf"{SUBDOMAIN}|{_ADDRESSES}",
        "write a host name or an IP address without port or brackets, such as 192.0.2.53; the port has its "
        "own field",
    ),
]


class ProviderType(StrEnum):
    """The DNS backends."""

    RFC2136 = "rfc2136"
    ZONEFILE = "zonefile"
    MEMORY = "memory"


class TsigAlgorithm(StrEnum):
    """The TSIG algorithms of RFC 8945 section 6 that are recommended."""

    HMAC_SHA256 = "hmac-sha256"
    HMAC_SHA384 = "hmac-sha384"
    HMAC_SHA512 = "hmac-sha512"


class Transport(StrEnum):
    """How a DNS server is spoken to."""

    AUTO = "auto"
    TCP = "tcp"


class Rfc2136Settings(Model):
    """A primary name server that takes dynamic updates (RFC 2136) signed with TSIG (RFC 8945)."""

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


class ZoneFileSettings(Model):
    """Zone files (RFC 1035 section 5) that another process serves, such as from a Git checkout."""

    path: Annotated[
        str,
        Field(max_length=1024),
        matching(
            r"/(?:[^/\x00.][^/\x00]*/?|\.[^/\x00.][^/\x00]*/?)+",
            "write an absolute path without . and .. parts, such as /zones",
        ),
    ] = Field(
        description="Directory in the operator's file system with one file per zone, named <zone>.zone."
    )


class MemorySettings(Model):
    """No settings: the records live in the operator's memory and go with it. For trying mailseal out."""
