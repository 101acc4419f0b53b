"""The settings and the Secret of the powerdns provider, checked once when it is opened."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from yarl import URL

from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.http import api_url
from mailseal.providers.settings import secret_text, text_setting, timeout_setting
from mailseal.providers.zonelist import parse_zones
from mailseal.records.names import DnsName

API_KEY: Final = "api-key"
CA_CERTIFICATES: Final = "ca.crt"
_API_PATH: Final = "/api/v1"


@dataclass(frozen=True, slots=True)
class PowerDnsSettings:
    """Where the API is, how to be let in, what to serve."""

    url: URL
    """Base URL of the API, with a path before `/api/v1` where a proxy has one."""
    server_id: str
    api_key: str
    tls: ssl.SSLContext | None
    """None: the certificate authorities of the system."""
    timeout: timedelta
    """For one answer."""
    zones: tuple[DnsName, ...]

    @classmethod
    def parse(cls, settings: Mapping[str, object], credentials: Mapping[str, bytes]) -> PowerDnsSettings:
        """Read the fields and the Secret. Raises `InvalidConfiguration` with the name of the wrong one."""
        url = api_url(settings.get("url"), "url")
        return cls(
            url=url.with_path(url.path.removesuffix(_API_PATH).rstrip("/")),
            server_id=text_setting(settings, "serverId", "localhost"),
            api_key=secret_text(credentials, API_KEY),
            tls=_tls(credentials, url),
            timeout=timeout_setting(settings),
            zones=parse_zones(settings.get("zones")),
        )

    def __repr__(self) -> str:
        return f"PowerDnsSettings({self.url}, {self.server_id})"


def _tls(credentials: Mapping[str, bytes], url: URL) -> ssl.SSLContext | None:
    if CA_CERTIFICATES not in credentials:
        return None
    if url.scheme != "https":
        raise InvalidConfiguration(
            f"the Secret's key {CA_CERTIFICATES!r} is for https, but url begins with http: write https:// or "
            "remove the key"
        )
    try:
        return ssl.create_default_context(cadata=credentials[CA_CERTIFICATES].decode())
    except (ssl.SSLError, ValueError):
        raise InvalidConfiguration(
            f"the Secret's key {CA_CERTIFICATES!r} holds no certificates in PEM"
        ) from None
