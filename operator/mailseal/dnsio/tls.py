"""Connections over TLS to a server that proves who it is (RFC 7858 in the strict profile of RFC 8310)."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass, field
from typing import Final

from mailseal.dnsio.faults import CertificateRejected, Unreachable

DOT_PORT: Final = 853
"""RFC 7858 section 3.1."""
ALPN: Final = "dot"
"""RFC 7858 as RFC 9103 section 7.1 names it to the server."""

_EXPIRED, _NOT_YET = 10, 9
_UNTRUSTED: Final = frozenset({2, 18, 19, 20, 21})
_OTHER_NAME: Final = frozenset({62, 64})
"""Codes of OpenSSL's X509_V_ERR_*, which Python hands on as they are."""


class InvalidAuthority(ValueError):
    """The certificates of authorities cannot be used."""


@dataclass(frozen=True, slots=True)
class TlsProfile:
    """Whom a server has to be, and who may say that it is."""

    server_name: str
    """Host name or IP address that its certificate must have (RFC 8310 section 8.1)."""
    context: ssl.SSLContext = field(repr=False)


def strict_profile(server_name: str, authorities_pem: bytes | None = None) -> TlsProfile:
    """TLS 1.2 or higher with a certificate for `server_name`; there is no weaker profile.

    `authorities_pem` are trusted instead of the system's. Raises `InvalidAuthority`.
    """
    if authorities_pem is not None and not authorities_pem.strip():
        raise InvalidAuthority("it is empty")  # which Python would take for the system's authorities
    try:
        text = None if authorities_pem is None else authorities_pem.decode("ascii")
        context = ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError):
        raise InvalidAuthority("it holds no certificates in PEM form") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols([ALPN])
    return TlsProfile(server_name, context)


async def open_tls(
    address: str, port: int, server: str, profile: TlsProfile, timeout_seconds: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect and shake hands, each within the time-out.

    Raises `CertificateRejected` when the server does not prove its name, otherwise `Unreachable`: in both
    cases no message was sent.
    """
    connected = await _connect(address, port, server, timeout_seconds)
    try:
        async with asyncio.timeout(timeout_seconds):
            return await asyncio.open_connection(
                sock=connected, ssl=profile.context, server_hostname=profile.server_name
            )
    except TimeoutError:
        raise Unreachable(
            f"{server} completes no TLS handshake within {timeout_seconds:g} s: check that DNS over TLS is "
            "served at this port"
        ) from None
    except ssl.SSLCertVerificationError as error:
        raise CertificateRejected(f"{server} {_verification(error, profile.server_name)}") from None
    except ssl.SSLError as error:
        raise Unreachable(f"{server} {_handshake(error)}") from None
    except OSError:
        raise Unreachable(
            f"{server} ends the TLS handshake: check that DNS over TLS is served at this port"
        ) from None


async def _connect(address: str, port: int, server: str, timeout_seconds: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connecting = socket.socket(family, socket.SOCK_STREAM)
    connecting.setblocking(False)
    try:
        async with asyncio.timeout(timeout_seconds):
            await asyncio.get_running_loop().sock_connect(connecting, (address, port))
    except TimeoutError:
        connecting.close()
        raise Unreachable(f"{server} accepts no TCP connection within {timeout_seconds:g} s") from None
    except OSError as error:
        connecting.close()
        raise Unreachable(f"{server} cannot be reached over TCP: {error.strerror or error}") from None
    except BaseException:
        connecting.close()
        raise
    return connecting


def _verification(error: ssl.SSLCertVerificationError, name: str) -> str:
    """What is wrong with the certificate, and what to do about it."""
    code = error.verify_code
    if code == _EXPIRED:
        return "shows a certificate that has expired: renew it there"
    if code == _NOT_YET:
        return "shows a certificate that is not valid yet: compare its start and the clocks of both sides"
    if code in _UNTRUSTED:
        return (
            "shows a certificate of an authority that is not trusted here: put that authority's certificate "
            "into the Secret as ca.crt"
        )
    if code in _OTHER_NAME:
        return (
            f"shows a certificate that is not for {name}: set tlsServerName to a name that stands in it, or "
            f"have one issued for {name}"
        )
    return f"shows a certificate that cannot be trusted: {error.verify_message}"


def _handshake(error: ssl.SSLError) -> str:
    reason = (error.reason or "").replace("_", " ").lower()
    if error.reason in {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION"}:
        return "offers no TLS 1.2 or higher: enable that there"
    if error.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}:
        return "does not speak TLS at this port: check port and transport"
    return f"fails in the TLS handshake ({reason or 'it hangs up'}): check that DNS over TLS is served there"
