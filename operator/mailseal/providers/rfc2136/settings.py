"""The settings and the Secret of the rfc2136 provider, checked once when it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mailseal.dnsio.endpoint import DNS_PORT, Endpoint, is_address
from mailseal.dnsio.tsig import InvalidKey, TsigKey, algorithm_of, make_key
from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.zonelist import parse_zones
from mailseal.records.names import DnsName, InvalidName

SECRET_KEY: Final = "tsig-secret"  # noqa: S105 - the name of the Secret's key
DEFAULT_ALGORITHM: Final = "hmac-sha256"
DEFAULT_TIMEOUT_SECONDS: Final = 5
_MAX_TIMEOUT_SECONDS: Final = 60
_TRANSPORTS: Final = ("auto", "tcp")


@dataclass(frozen=True, slots=True)
class Rfc2136Settings:
    """Where to send, how to sign, what to serve."""

    server: Endpoint
    key: TsigKey | None
    timeout_seconds: float
    tcp_only: bool
    zones: tuple[DnsName, ...]

    @classmethod
    def parse(cls, settings: Mapping[str, object], credentials: Mapping[str, bytes]) -> Rfc2136Settings:
        """Read the fields and the Secret. Raises `InvalidConfiguration` with the name of the wrong one."""
        return cls(
            server=Endpoint(_server(settings), _number(settings, "port", DNS_PORT, 65535)),
            key=_key(settings, credentials),
            timeout_seconds=_number(
                settings, "timeoutSeconds", DEFAULT_TIMEOUT_SECONDS, _MAX_TIMEOUT_SECONDS
            ),
            tcp_only=_transport(settings) == "tcp",
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


def _key(settings: Mapping[str, object], credentials: Mapping[str, bytes]) -> TsigKey | None:
    name = settings.get("tsigKeyName")
    algorithm = str(settings.get("tsigAlgorithm") or DEFAULT_ALGORITHM)
    if name is None:
        if credentials:
            raise InvalidConfiguration(
                "tsigKeyName is missing, although there is a Secret: name the key that it holds"
            )
        return None
    if not isinstance(name, str) or not name.strip():
        raise InvalidConfiguration("tsigKeyName must be a non-empty text")
    try:
        algorithm_of(algorithm)
    except InvalidKey as error:
        raise InvalidConfiguration(f"tsigAlgorithm: {error}") from None
    if SECRET_KEY not in credentials:
        raise InvalidConfiguration(
            f"the Secret of credentialsSecretRef has no key {SECRET_KEY!r} for TSIG key {name}"
        )
    try:
        return make_key(name, credentials[SECRET_KEY], algorithm)
    except InvalidKey as error:
        raise InvalidConfiguration(f"TSIG key {name}, {SECRET_KEY!r} in the Secret: {error}") from None
