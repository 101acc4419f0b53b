"""Error answers of the Cloudflare API as the errors of a provider. Pure.

The API answers `{"success": false, "errors": [{"code": …, "message": …}]}`
(https://developers.cloudflare.com/fundamentals/api/troubleshooting/). The codes have no official list; those
here are what its users report (for instance octodns-cloudflare, lego and cloudflare-ddns on GitHub).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from mailseal.providers.base import (
    AuthenticationFailed,
    BatchTooLarge,
    OutcomeUnknown,
    ProviderError,
    Raced,
    RateLimited,
    Refused,
    Unavailable,
    ZoneNotFound,
)

_WRONG_HEADERS: Final = {6003, 6103, 6111}
"""Status 400: the token does not have the form of one."""
_NOT_ALLOWED: Final = {9109, 10000}
_NO_ZONE: Final = {1001, 1003, 7000, 7003}
_RACED: Final = {
    81044,  # record does not exist
    81053,  # an A, AAAA, or CNAME record with that host already exists
    81054,  # a CNAME record with that host already exists
    81057,  # the record already exists
    81058,  # an identical record already exists
}
_LONGEST_TEXT: Final = 300

PERMISSIONS: Final = "the permissions Zone / Zone / Read and Zone / DNS / Edit for this zone"


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer that is no success."""

    status: int
    codes: frozenset[int]
    text: str
    """The messages of the API, shortened."""
    retry_after: timedelta | None = None

    @classmethod
    def of(cls, status: int, body: object, headers: Mapping[str, str]) -> Fault:
        """What the answer says, whatever its body is."""
        errors = [each for each in _list(body, "errors") if isinstance(each, Mapping)]
        chained = [
            more for each in errors for more in _list(each, "error_chain") if isinstance(more, Mapping)
        ]
        codes = [each.get("code") for each in (*errors, *chained)]
        text = "; ".join(f"{each.get('message')} ({each.get('code')})" for each in errors)
        return cls(
            status,
            frozenset(code for code in codes if isinstance(code, int)),
            _plain(text) or f"status {status}",
            _seconds(headers.get("retry-after", "")),
        )


def read_error(fault: Fault, subject: str) -> ProviderError:
    """What a fault of a request that changes nothing means; `subject` is what was asked for."""
    if (general := _general(fault, subject)) is not None:
        return general
    return Unavailable(f"Cloudflare does not answer a question about {subject}: {fault.text}")


def write_error(fault: Fault, zone: str) -> ProviderError:
    """What a fault of a batch of changes means."""
    if fault.status >= 500 or (fault.status < 400 and not fault.codes):
        return OutcomeUnknown(f"a change of {zone} was sent and Cloudflare answered: {fault.text}")
    if fault.codes & _RACED:
        return Raced(f"{zone} has changed since it was read; Cloudflare says: {fault.text}")
    if fault.status == 413:
        return BatchTooLarge(f"the changes of {zone} do not fit one request: {fault.text}")
    if (general := _general(fault, zone)) is not None:
        return general
    return Refused(f"Cloudflare refuses a change of {zone}: {fault.text}")


def _general(fault: Fault, subject: str) -> ProviderError | None:
    if fault.status == 429:
        return RateLimited(f"Cloudflare wants fewer requests: {fault.text}", fault.retry_after)
    if fault.status == 401 or fault.codes & _WRONG_HEADERS:
        return AuthenticationFailed(
            f"Cloudflare does not take the API token ({fault.text}): put a valid one into the Secret; a "
            "global API key does not work"
        )
    if fault.status == 403 or fault.codes & _NOT_ALLOWED:
        return AuthenticationFailed(
            f"the API token may not do this with {subject} ({fault.text}): give it {PERMISSIONS}"
        )
    if fault.status == 404 or fault.codes & _NO_ZONE:
        return ZoneNotFound(f"Cloudflare has no zone {subject} for this token: {fault.text}")
    if fault.status >= 500 or fault.status < 400:
        return Unavailable(f"Cloudflare has no usable answer about {subject}: {fault.text}")
    return None


def _list(body: object, field: str) -> list[Any]:
    found = body.get(field) if isinstance(body, Mapping) else None
    return found if isinstance(found, list) else []


def _plain(text: str) -> str:
    """One line of bounded length without control characters."""
    shown = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return shown if len(shown) <= _LONGEST_TEXT else f"{shown[:_LONGEST_TEXT]}…"


def _seconds(value: str) -> timedelta | None:
    return timedelta(seconds=int(value)) if value.isdecimal() and len(value) < 6 else None
