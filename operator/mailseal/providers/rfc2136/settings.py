"""The settings and the Secret of the rfc2136 provider, checked once when it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mailseal.dnsio.endpoint import DNS_PORT, Endpoint, is_address
from mailseal.dnsio.tls import DOT_PORT, InvalidAuthority, TlsProfile, strict_profile
from mailseal.dnsio.tsig import TsigKey
from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.rfc2136.gss import KerberosLogin
from mailseal.providers.rfc2136.signing import is_gss, parse_key, parse_login
from mailseal.providers.zonelist import parse_zones
from mailseal.records.names import DnsName, InvalidName

AUTHORITY_KEY: Final = "ca.crt"
DEFAULT_TIMEOUT_SECONDS: Final = 5
_MAX_TIMEOUT_SECONDS: Final = 60
_TRANSPORTS: Final = ("auto", "tcp", "tls")


@dataclass(frozen=True, slots=True)
class Rfc2136Settings:
    """Where to send, how to sign, what to serve."""

    server: Endpoint
    key: TsigKey | None
    login: KerberosLogin | None
    """For GSS-TSIG, instead of a key."""
    timeout_seconds: float
    tcp_only: bool
    tls: TlsProfile | None
    """For TLS only; None for none."""
    zones: tuple[DnsName, ...]

    @property
    def signer(self) -> str | None:
        """Who the server takes updates from, in words; None where they are not signed."""
        if self.login is not None:
            return self.login.principal
        return f"TSIG key {self.key.name}" if self.key is not None else None

    @classmethod
    def parse(cls, settings: Mapping[str, object], credentials: Mapping[str, bytes]) -> Rfc2136Settings:
        """Read the fields and the Secret. Raises `InvalidConfiguration` with the name of the wrong one."""
        host, transport = _server(settings), _transport(settings)
        usual_port = DOT_PORT if transport == "tls" else DNS_PORT
        return cls(
            server=Endpoint(host, _number(settings, "port", usual_port, 65535)),
            key=None if is_gss(settings) else parse_key(settings, credentials),
            login=parse_login(settings, credentials, host) if is_gss(settings) else None,
            timeout_seconds=_number(
                settings, "timeoutSeconds", DEFAULT_TIMEOUT_SECONDS, _MAX_TIMEOUT_SECONDS
            ),
            tcp_only=transport == "tcp",
            tls=_tls(settings, credentials, host, transport),
            zones=parse_zones(settings.get("zones")),
        )


def _server(settings: Mapping[str, object]) -> str:
    server = settings.get("server")
    if not isinstance(server, str) or not server.strip():
        raise InvalidConfiguration(
            "server is missing: give the host name or IP address of the primary name server"
        )
    host = server.strip().removeprefix("[").removesuffix("]")
    if is_address(host):
        return host
    try:
        return DnsName.parse(host)
    except InvalidName as error:
        raise InvalidConfiguration(f"server: {error}; the port goes into its own field") from error


def _number(settings: Mapping[str, object], field: str, default: int, highest: int) -> int:
    value = settings.get(field)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= highest:
        raise InvalidConfiguration(f"{field} must be a whole number from 1 to {highest}, not {value!r}")
    return value


def _transport(settings: Mapping[str, object]) -> str:
    value = settings.get("transport") or "auto"
    if value not in _TRANSPORTS:
        raise InvalidConfiguration(f"transport must be one of {', '.join(_TRANSPORTS)}, not {value!r}")
    return str(value)


def _tls(
    settings: Mapping[str, object], credentials: Mapping[str, bytes], host: str, transport: str
) -> TlsProfile | None:
    """The profile of transport tls. What only it uses is refused elsewhere: who gives it believes in TLS."""
    name, authorities = settings.get("tlsServerName"), credentials.get(AUTHORITY_KEY)
    if transport != "tls":
        for given, what in ((name, "tlsServerName"), (authorities, f"{AUTHORITY_KEY!r} in the Secret")):
            if given is not None:
                raise InvalidConfiguration(f"{what} is for transport: tls only: set that, or remove it")
        return None
    try:
        return strict_profile(host if name is None else _server_name(str(name)), authorities)
    except InvalidAuthority as error:
        raise InvalidConfiguration(f"{AUTHORITY_KEY!r} in the Secret: {error}") from None


def _server_name(name: str) -> str:
    try:
        return name if is_address(name) else DnsName.parse(name)
    except InvalidName as error:
        raise InvalidConfiguration(f"tlsServerName: {error}") from error
