"""Error answers of the Cloud DNS API as the errors of a provider. Pure.

The body is `{"error": {"code", "message", "errors": [{"reason", ...}]}}`, as Google's older APIs have it; the
reasons are those that the API's reference and its users name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from mailseal.providers.base import (
    AuthenticationFailed,
    BatchTooLarge,
    ProviderError,
    Raced,
    RateLimited,
    Refused,
    Unavailable,
    ZoneNotFound,
)
from mailseal.providers.http import Answer
from mailseal.records.change import RRsetChange
from mailseal.records.rrset import RecordType

_LONGEST_TEXT: Final = 300
_THROTTLED: Final = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded"})
_QUOTAS: Final = frozenset({"quotaExceeded", "totalRrdataSizePerChange", "limitExceeded"})
_CNAME_CONFLICT: Final = "cnameResourceRecordSetConflict"
_NOT_DONE: Final = frozenset({503})


def read_error(answer: Answer, operation: str) -> ProviderError:
    """What an error answer to a question means."""
    reason, said = _parsed(answer, operation)
    if answer.status == 404:
        return ZoneNotFound(said)
    return _general(answer, reason, said, Unavailable)


def write_error(
    answer: Answer, operation: str, changes: Sequence[RRsetChange], lost: type[Unavailable]
) -> ProviderError:
    """What an error answer to `changes` means."""
    reason, said = _parsed(answer, operation)
    if answer.status in {409, 412} or (answer.status == 404 and "entity.change" in said):
        return Raced(f"{_names(changes)} changed since it was read ({said})")
    if answer.status == 404:
        return ZoneNotFound(said)
    if reason == _CNAME_CONFLICT:
        return _cname_conflict(changes, said)
    if answer.status == 413 or reason in _QUOTAS:
        return BatchTooLarge(said) if len(changes) > 1 else Refused(said)
    return _general(answer, reason, said, lost)


def _general(answer: Answer, reason: str, said: str, lost: type[Unavailable]) -> ProviderError:
    if answer.status == 429 or reason in _THROTTLED:
        return RateLimited(said, answer.retry_after())
    if answer.status in {401, 403}:
        return AuthenticationFailed(f"{said}; the service account needs the role DNS Administrator")
    if 400 <= answer.status < 500:
        return Refused(said)
    return Unavailable(said) if answer.status in _NOT_DONE else lost(said)


def _cname_conflict(changes: Sequence[RRsetChange], said: str) -> ProviderError:
    """With both kinds in a batch it is taken for a race, so that the batch is made smaller."""
    made = [change for change in changes if change.after is not None]
    if all(change.key.rtype is RecordType.CNAME for change in made):
        return Refused(
            f"{_names(made)}: the name holds other records, which allow no CNAME beside them ({said})"
        )
    cnames = [change for change in made if change.key.rtype is RecordType.CNAME]
    if any(change.key.name.fqdn in said for change in cnames):
        return Refused(f"{_names(cnames)}: no CNAME beside other records ({said})")
    return Raced(f"{_names(made)}: a CNAME is in the way ({said})")


def _parsed(answer: Answer, operation: str) -> tuple[str, str]:
    """The first reason of an error body and a text for people; both are there for any body."""
    reason, message = "", ""
    try:
        error: Any = json.loads(answer.body)["error"]
        message = str(error.get("message", ""))
        reason = str(error["errors"][0]["reason"])
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        pass
    shown = "".join(character if character.isprintable() else " " for character in f"{reason} {message}")
    return reason, f"{operation}: Google answers {answer.status} {shown.strip()[:_LONGEST_TEXT]}".rstrip()


def _names(changes: Sequence[RRsetChange]) -> str:
    shown = ", ".join(str(change.key) for change in changes[:5])
    return f"{shown} and {len(changes) - 5} more" if len(changes) > 5 else shown
