"""The settings of type rfc2136."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from mailseal.domain.backends.base import BackendSettings, ServerText, TimeoutSeconds
from mailseal.domain.checks import Check, matching
from mailseal.domain.common import HostText


class TsigAlgorithm(StrEnum):
    """The TSIG algorithms of RFC 8945 section 6 that are recommended, and Kerberos (RFC 3645)."""

    HMAC_SHA256 = "hmac-sha256"
    HMAC_SHA384 = "hmac-sha384"
    HMAC_SHA512 = "hmac-sha512"
    GSS_TSIG = "gss-tsig"


class Transport(StrEnum):
    """How a DNS server is spoken to."""

    AUTO = "auto"
    TCP = "tcp"
    TLS = "tls"


KeyNameText = Annotated[
    str,
    Field(min_length=1, max_length=253),
    matching(
        r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?",
        "write the key's name as the name server's configuration has it, such as mailseal-key",
    ),
]
PrincipalText = Annotated[
    str,
    Field(min_length=3, max_length=253),
    matching(r"[^@\s]+@[A-Za-z0-9.-]+", "write a principal with its realm, such as mailseal@ZORG.EXAMPLE"),
]


class Rfc2136Settings(BackendSettings):
    """A primary name server that takes dynamic updates (RFC 2136) signed with TSIG (RFC 8945)."""

    credential_fields: ClassVar[str] = (
        "whose key tsig-secret holds the TSIG key in base64, or keytab the one of gssPrincipal; for "
        "transport: tls its key ca.crt may hold the certificates to trust instead of the system's"
    )
    checks: ClassVar[tuple[Check, ...]] = (
        Check(
            "!has(self.tlsServerName) || self.transport == 'tls'",
            "tlsServerName is for transport: tls only: set that, or remove it",
            lambda settings: settings.tls_server_name is None or settings.transport is Transport.TLS,
            field="tlsServerName",
        ),
        Check(
            "has(self.tsigKeyName) != (self.tsigAlgorithm == 'gss-tsig')",
            "give tsigKeyName, the name of the shared key, unless tsigAlgorithm is gss-tsig, which has none",
            lambda settings: (settings.tsig_key_name is None) == settings.is_gss,
            field="tsigKeyName",
        ),
        Check(
            "has(self.gssPrincipal) == (self.tsigAlgorithm == 'gss-tsig')",
            "give gssPrincipal when tsigAlgorithm is gss-tsig, and only then",
            lambda settings: (settings.gss_principal is not None) == settings.is_gss,
            field="gssPrincipal",
        ),
        Check(
            "!has(self.gssServerName) || self.tsigAlgorithm == 'gss-tsig'",
            "gssServerName is for tsigAlgorithm: gss-tsig only: set that, or remove it",
            lambda settings: settings.gss_server_name is None or settings.is_gss,
            field="gssServerName",
        ),
    )

    server: ServerText = Field(
        description="Host name or IP address of the primary server that takes updates."
    )
    port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Port of the server. Left out: 853 with transport tls, otherwise 53, for UDP and TCP.",
    )
    tsig_key_name: KeyNameText | None = Field(
        default=None,
        description="Name of the TSIG key, exactly as the name server's configuration has it. Needed unless "
        "tsigAlgorithm is gss-tsig.",
    )
    tsig_algorithm: TsigAlgorithm = Field(
        default=TsigAlgorithm.HMAC_SHA256,
        description="Algorithm of the TSIG key; the same on both sides. gss-tsig signs updates by Kerberos, "
        "as Active Directory wants it; only in a ClusterDnsProvider.",
    )
    gss_principal: PrincipalText | None = Field(
        default=None,
        description="Kerberos principal to sign as, with its realm, such as mailseal@ZORG.EXAMPLE. The "
        "Secret holds its keytab.",
    )
    gss_server_name: HostText | None = Field(
        default=None,
        description="Host name in the server's Kerberos principal DNS/<host name>. Left out: what stands in "
        "server.",
    )
    timeout_seconds: TimeoutSeconds = 5
    transport: Transport = Field(
        default=Transport.AUTO,
        description="auto asks over UDP and repeats a truncated answer over TCP; tcp uses TCP only; tls uses "
        "DNS over TLS only, and verifies the server's certificate. Updates never go over UDP.",
    )
    tls_server_name: ServerText | None = Field(
        default=None,
        description="Host name or IP address that the server's certificate must be for, with transport tls. "
        "Left out: what stands in server.",
    )

    @property
    def is_gss(self) -> bool:
        """True where updates are signed by Kerberos."""
        return self.tsig_algorithm is TsigAlgorithm.GSS_TSIG
