"""The settings and the Secret of the cloudflare provider, checked once when it is opened."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.settings import endpoint_setting, optional_text, timeout_setting
from mailseal.providers.surroundings import Surroundings
from mailseal.providers.zonelist import parse_zones
from mailseal.records.names import DnsName

API_URL: Final = "https://api.cloudflare.com/client/v4"
SECRET_KEY: Final = "api-token"  # noqa: S105 - the name of the Secret's key
_ACCOUNT_ADVICE: Final = "write the account's identifier of 32 hexadecimal digits, as the dashboard has it"
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class CloudflareSettings:
    """Whose zones, which of them, and how long to wait."""

    token: str = field(repr=False)
    account_id: str
    """Empty for all accounts that the token reaches."""
    endpoint: str
    timeout: timedelta
    """For one answer."""
    zones: tuple[DnsName, ...]

    @classmethod
    def parse(
        cls, settings: Mapping[str, object], credentials: Mapping[str, bytes], surroundings: Surroundings
    ) -> CloudflareSettings:
        """Read the fields and the Secret. Raises `InvalidConfiguration` with the name of the wrong one."""
        return cls(
            token=_token(credentials),
            account_id=optional_text(settings, "accountId", r"[0-9a-f]{32}", _ACCOUNT_ADVICE) or "",
            endpoint=endpoint_setting(settings, surroundings) or API_URL,
            timeout=timeout_setting(settings),
            zones=parse_zones(settings.get("zones")),
        )


def _token(credentials: Mapping[str, bytes]) -> str:
    if SECRET_KEY not in credentials:
        raise InvalidConfiguration(
            f"the Secret of credentialsSecretRef must have the key {SECRET_KEY!r} with an API token of "
            "Cloudflare"
        )
    token = credentials[SECRET_KEY].decode("ascii", "replace").strip()
    if not _TOKEN.fullmatch(token):
        raise InvalidConfiguration(
            f"{SECRET_KEY!r} in the Secret is no API token of Cloudflare: that is one word of printable ASCII"
        )
    return token
