"""Fields and Secret keys that the settings of several providers share, each read with words that help."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.http import api_url
from mailseal.providers.surroundings import Surroundings

DEFAULT_TIMEOUT_SECONDS: Final = 20
LONGEST_TIMEOUT_SECONDS: Final = 60
_KEYS_NAMED: Final = 10


def text_setting(settings: Mapping[str, object], field: str, default: str | None = None) -> str:
    """A text of printable characters. Raises `InvalidConfiguration` without one and without a default."""
    value = settings.get(field, default)
    if value is None:
        raise InvalidConfiguration(f"{field} is missing")
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise InvalidConfiguration(f"{field} must be a text of printable characters, not {value!r}")
    return value.strip()


def required_text(settings: Mapping[str, object], field: str, pattern: str, advice: str) -> str:
    """The text of a field that all of `pattern` matches. Raises `InvalidConfiguration` with the advice."""
    value = optional_text(settings, field, pattern, advice)
    if value is None:
        raise InvalidConfiguration(f"{field} is missing: {advice}")
    return value


def optional_text(settings: Mapping[str, object], field: str, pattern: str, advice: str) -> str | None:
    """Like `required_text`; None where the field is left out."""
    value = settings.get(field)
    if value is None:
        return None
    if not isinstance(value, str) or re.fullmatch(pattern, value) is None:
        raise InvalidConfiguration(f"{field} is not right: {advice}")
    return value


def timeout_setting(
    settings: Mapping[str, object],
    default_seconds: int = DEFAULT_TIMEOUT_SECONDS,
    longest_seconds: int = LONGEST_TIMEOUT_SECONDS,
) -> timedelta:
    """The field `timeoutSeconds`. Raises `InvalidConfiguration`."""
    value = settings.get("timeoutSeconds", default_seconds)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= longest_seconds:
        raise InvalidConfiguration(
            f"timeoutSeconds must be a whole number from 1 to {longest_seconds}, not {value!r}"
        )
    return timedelta(seconds=value)


def secret_text(credentials: Mapping[str, bytes], key: str) -> str:
    """A key of the Secret that holds one line of printable ASCII, such as a token for a header.

    Raises `InvalidConfiguration`, never with what the Secret holds.
    """
    if key not in credentials:
        held = ", ".join(sorted(credentials)[:_KEYS_NAMED]) or "none"
        raise InvalidConfiguration(f"the Secret of credentialsSecretRef has no key {key!r}; its keys: {held}")
    try:
        text = credentials[key].decode("ascii").strip()
    except UnicodeDecodeError:
        text = ""
    if not text or not text.isprintable():
        raise InvalidConfiguration(f"the Secret's key {key!r} must hold one line of printable ASCII")
    return text


def flag_setting(settings: Mapping[str, object], field: str, *, default: bool) -> bool:
    """A field that is true or false. Raises `InvalidConfiguration`."""
    value = settings.get(field, default)
    if not isinstance(value, bool):
        raise InvalidConfiguration(f"{field} must be true or false, not {value!r}")
    return value


def endpoint_setting(
    settings: Mapping[str, object], surroundings: Surroundings, field: str = "endpoint"
) -> str | None:
    """The URL that replaces a vendor's API, without a final slash; None where the vendor's own counts.

    Raises `InvalidConfiguration` where who describes the provider may not name one: the credentials would go
    there.
    """
    value = settings.get(field)
    if value is None:
        return None
    if not surroundings.trusted:
        raise InvalidConfiguration(
            f"{field} is only for a ClusterDnsProvider: remove it, so that the vendor's own address is used"
        )
    return str(api_url(value, field)).rstrip("/")
