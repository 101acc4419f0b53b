"""The settings and the Secret of the webhook provider, checked once when it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from yarl import URL

from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.http import api_url
from mailseal.providers.settings import secret_text, timeout_setting
from mailseal.providers.webhook.txtforms import FormName
from mailseal.providers.zonelist import parse_zones
from mailseal.records.names import DnsName

SECRET_KEY: Final = "token"  # noqa: S105 - the name of the Secret's key


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where the webhook is, and how it writes TXT values."""

    url: URL
    token: str = field(repr=False)
    timeout: timedelta
    txt_form: FormName
    zones: tuple[DnsName, ...]

    @classmethod
    def parse(cls, settings: Mapping[str, object], credentials: Mapping[str, bytes]) -> WebhookSettings:
        """Read the fields and the Secret. Raises `InvalidConfiguration` with the name of the wrong one."""
        return cls(
            url=api_url(settings.get("url"), "url"),
            token=secret_text(credentials, SECRET_KEY) if credentials else "",
            timeout=timeout_setting(settings),
            txt_form=_txt_form(settings.get("txtForm", FormName.QUOTED)),
            zones=parse_zones(settings.get("zones")),
        )


def _txt_form(value: object) -> FormName:
    try:
        return FormName(str(value))
    except ValueError:
        raise InvalidConfiguration(f"txtForm must be one of {', '.join(FormName)}, not {value!r}") from None
