"""Reading a provider's settings, with errors that name the field and say what to write."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.http import api_url
from mailseal.providers.settings import endpoint_setting
from mailseal.providers.surroundings import Surroundings


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


def whole_seconds(settings: Mapping[str, object], field: str, default: int, highest: int) -> int:
    """A number of seconds from 1 to `highest`. Raises `InvalidConfiguration`."""
    value = settings.get(field, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= highest:
        raise InvalidConfiguration(f"{field} must be a whole number of seconds from 1 to {highest}")
    return value


def trusted_endpoint(settings: Mapping[str, object], surroundings: Surroundings) -> str | None:
    """The URL in `endpoint` that replaces a vendor's API, without a final slash; None where it is left out.

    Raises `InvalidConfiguration` for one that an untrusted provider names: it would be sent credentials.
    """
    value = endpoint_setting(settings, surroundings)
    return None if value is None else str(api_url(value, "endpoint")).rstrip("/")
