"""What the providers of octoDNS raise, as the errors of a provider. Pure.

They have no errors in common: most pass those of `requests` on, some those of a vendor's SDK, some their own
without a status, raised while another was handled. So the whole chain is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from mailseal.providers.base import (
    AuthenticationFailed,
    InvalidConfiguration,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Refused,
    Unavailable,
    ZoneNotFound,
)
from mailseal.providers.octodns.redaction import Redactor

_NOT_ALLOWED: Final = ("auth", "forbidden", "accessdenied", "credential")
_THROTTLED: Final = ("ratelimit", "throttl", "toomanyrequests")
_MISSING: Final = ("notfound",)
_NOT_AUTHORITATIVE: Final = "NOTAUTH"
"""The answer of a name server that is not authoritative for a zone (RFC 2136 section 2.2)."""
_NO_CONNECTION: Final = ("connection", "timeout", "ssl", "proxyerror")
_REFUSED: Final = ("validationerror", "supportsexception")
_DEEPEST: Final = 8


def read_error(error: Exception, subject: str, redactor: Redactor) -> ProviderError:
    """What an error of reading means; `subject` is what was read."""
    status, text = _status(error), _text(error, redactor)
    if status == 429 or _is_named(error, _THROTTLED):
        return RateLimited(f"the service wants fewer requests about {subject}: {text}", _retry_after(error))
    if status in {401, 403} or _is_named(error, _NOT_ALLOWED):
        return AuthenticationFailed(f"the service does not let us read {subject}: {text}")
    missing = _is_named(error, _MISSING) or _NOT_AUTHORITATIVE in text
    if status == 404 or (status is None and missing):
        return ZoneNotFound(f"the service has no {subject}: {text}")
    return Unavailable(f"octoDNS could not read {subject}: {text}")


def write_error(error: Exception, zone: str, redactor: Redactor) -> ProviderError:
    """What an error of applying a plan means.

    A plan may be several requests: one that is throttled in the middle must not be sent again as a whole.
    """
    status, text = _status(error), _text(error, redactor)
    if status in {401, 403} or (status is None and _is_named(error, _NOT_ALLOWED)):
        return AuthenticationFailed(f"the service does not let us change {zone}: {text}")
    if status is not None and 400 <= status < 500 and status not in {408, 429}:
        return Refused(f"the service refuses a change of {zone}: {text}")
    if status is None and _is_named(error, _REFUSED):
        return Refused(f"octoDNS refuses a change of {zone}: {text}")
    return OutcomeUnknown(f"a change of {zone} may have been made or not: {text}")


def opening_error(error: Exception, class_name: str, redactor: Redactor) -> ProviderError:
    """What an error of the class's constructor means, which may connect already."""
    if _status(error) is not None or _is_named(error, (*_NOT_ALLOWED, *_NO_CONNECTION)):
        return read_error(error, f"what {class_name} needs", redactor)
    words = redactor.shown(f"{type(error).__name__}: {error}")
    return InvalidConfiguration(f"{class_name} cannot be opened with these settings: {words}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    for _ in range(_DEEPEST):
        if link is None:
            return
        yield link
        link = link.__cause__ or link.__context__


def _status(error: Exception) -> int | None:
    """The HTTP status of the first error in the chain that has one."""
    for link in _chain(error):
        response = getattr(link, "response", None)
        for holder in (response, link):
            for attribute in ("status_code", "status"):
                found = getattr(holder, attribute, None)
                if isinstance(found, int) and 100 <= found <= 599:
                    return found
        if isinstance(response, dict):  # as the SDK of AWS has it
            found = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if isinstance(found, int):
                return found
    return None


def _retry_after(error: Exception) -> timedelta | None:
    for link in _chain(error):
        headers: Any = getattr(getattr(link, "response", None), "headers", None) or {}
        value = str(headers.get("Retry-After", "")) if hasattr(headers, "get") else ""
        if value.isdecimal() and len(value) < 6:
            return timedelta(seconds=int(value))
    return None


def _is_named(error: Exception, parts: tuple[str, ...]) -> bool:
    names = [kind.__name__.lower() for link in _chain(error) for kind in type(link).__mro__]
    return any(part in name for name in names for part in parts)


def _text(error: Exception, redactor: Redactor) -> str:
    """The error's own words, or its type alone for errors of libraries, whose texts show whole addresses."""
    status = _status(error)
    if status is not None:
        body = next((_body(link) for link in _chain(error) if _body(link)), "")
        return redactor.shown(f"status {status} {body}".strip())
    if type(error).__module__.partition(".")[0].startswith("octodns"):
        return redactor.shown(f"{type(error).__name__}: {error}")
    return type(error).__name__


def _body(error: BaseException) -> str:
    text = getattr(getattr(error, "response", None), "text", "")
    return text if isinstance(text, str) else ""
