"""How TLS is offered to mail servers: for looking only, since it takes what no client should."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from mailseal.checks.smtp.model import TlsVersion

_VERSIONS: Final[Mapping[TlsVersion, ssl.TLSVersion]] = {
    TlsVersion.TLS_1_0: ssl.TLSVersion.TLSv1,
    TlsVersion.TLS_1_1: ssl.TLSVersion.TLSv1_1,
    TlsVersion.TLS_1_2: ssl.TLSVersion.TLSv1_2,
    TlsVersion.TLS_1_3: ssl.TLSVersion.TLSv1_3,
}
_NEGOTIATED: Final[Mapping[str, TlsVersion]] = {
    "TLSv1": TlsVersion.TLS_1_0,
    "TLSv1.1": TlsVersion.TLS_1_1,
    "TLSv1.2": TlsVersion.TLS_1_2,
    "TLSv1.3": TlsVersion.TLS_1_3,
}
_CIPHERS: Final = "ALL:!aNULL:!eNULL:@SECLEVEL=0"
"""Without level 0 OpenSSL offers neither TLS 1.0 and 1.1 nor the keys of old servers."""
_OP_LEGACY_SERVER_CONNECT: Final = 0x4
"""Lets servers in that do not know RFC 5746; `ssl` has a name for it from Python 3.12 on."""


@dataclass(frozen=True, slots=True)
class Contexts:
    """The contexts of a run."""

    trusting: ssl.SSLContext
    """Any version; the handshake fails without a chain to a trusted authority. Names are not compared."""
    open: ssl.SSLContext
    """Any version, any certificate."""
    only: Mapping[TlsVersion, ssl.SSLContext]
    """One version each, any certificate."""


def make_contexts(authorities: Iterable[str]) -> Contexts:
    """Contexts that trust the system's authorities and those in the PEM files `authorities`.

    Raises `ValueError` when a file cannot be used. It reads files.
    """
    trusting = _context(TlsVersion.TLS_1_0, TlsVersion.TLS_1_3)
    trusting.verify_mode = ssl.CERT_REQUIRED
    trusting.load_default_certs(ssl.Purpose.SERVER_AUTH)
    for path in authorities:
        try:
            trusting.load_verify_locations(path)
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"{path} holds no certificates that can be used: {error}") from error
    only = {version: _context(version, version) for version in TlsVersion}
    return Contexts(trusting, _context(TlsVersion.TLS_1_0, TlsVersion.TLS_1_3), only)


def negotiated_version(tls: ssl.SSLObject) -> TlsVersion | None:
    """The version of a finished handshake."""
    return _NEGOTIATED.get(tls.version() or "")


def _context(lowest: TlsVersion, highest: TlsVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # what is seen is judged, nothing is entrusted to the session
    context.set_ciphers(_CIPHERS)
    context.options |= _OP_LEGACY_SERVER_CONNECT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.0 and 1.1 are what is looked for
        context.minimum_version = _VERSIONS[lowest]
        context.maximum_version = _VERSIONS[highest]
    return context
