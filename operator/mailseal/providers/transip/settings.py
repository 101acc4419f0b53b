"""The settings and the Secret of the transip provider, checked once when it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from yarl import URL

from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.http import api_url
from mailseal.providers.settings import endpoint_setting, flag_setting, text_setting, timeout_setting
from mailseal.providers.surroundings import Surroundings
from mailseal.providers.zonelist import parse_zones
from mailseal.records.names import DnsName

PRIVATE_KEY: Final = "private-key"
ENDPOINT: Final = "https://api.transip.nl/v6"


@dataclass(frozen=True, slots=True)
class TransIpSettings:
    """The account, its key, what to serve."""

    login: str
    """Name of the account."""
    key: RSAPrivateKey
    whitelisted_only: bool
    """Ask for tokens that TransIP takes from the account's whitelisted addresses only."""
    endpoint: URL
    timeout: timedelta
    """For one answer."""
    zones: tuple[DnsName, ...]

    @classmethod
    def parse(
        cls, settings: Mapping[str, object], credentials: Mapping[str, bytes], surroundings: Surroundings
    ) -> TransIpSettings:
        """Read the fields and the Secret. Raises `InvalidConfiguration` with the name of the wrong one."""
        return cls(
            login=text_setting(settings, "login"),
            key=_key(credentials),
            whitelisted_only=flag_setting(settings, "whitelistedOnly", default=False),
            endpoint=api_url(endpoint_setting(settings, surroundings) or ENDPOINT, "endpoint"),
            timeout=timeout_setting(settings),
            zones=parse_zones(settings.get("zones")),
        )

    def __repr__(self) -> str:
        return f"TransIpSettings({self.login})"


def _key(credentials: Mapping[str, bytes]) -> RSAPrivateKey:
    """The key in PKCS#8 or PKCS#1, as the control panel gives it out."""
    if PRIVATE_KEY not in credentials:
        raise InvalidConfiguration(f"the Secret of credentialsSecretRef has no key {PRIVATE_KEY!r}")
    try:
        key = load_pem_private_key(credentials[PRIVATE_KEY].strip() + b"\n", password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise InvalidConfiguration(
            f"the Secret's key {PRIVATE_KEY!r} must hold the RSA private key of TransIP's API in PEM, "
            "without a password"
        )
    return key
