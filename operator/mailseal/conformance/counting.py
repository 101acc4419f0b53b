"""Counting the requests that a provider sends, as its `CallLog`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the backend."""

    operation: str
    took: timedelta
    failure: str
    """The reason of its `ProviderError`, or empty."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Requests of one operation of a provider."""

    operation: str
    stated: int
    counted: Counter[str]
    """How often each request of the backend's API was sent."""


class CallCounter:
    """A `CallLog` that keeps every request, failed and repeated ones too."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def called(self, operation: str, took: timedelta, failure: str) -> None:
        """See `CallLog.called`."""
        self.calls.append(Call(operation, took, failure))

    def budget_left(self, requests: float) -> None:
        """See `CallLog.budget_left`."""

    def mark(self) -> int:
        """A point in time for `since`."""
        return len(self.calls)

    def since(self, mark: int) -> Counter[str]:
        """How often each operation was called from `mark` on, without what the backend throttled."""
        return Counter(call.operation for call in self.calls[mark:] if call.failure != "RateLimited")


def described(calls: Counter[str]) -> str:
    """The operations for people, such as `3 requests: 2 ListZones, Update`."""
    parts = (f"{count} {name}" if count > 1 else name for name, count in sorted(calls.items()))
    total = calls.total()
    noun = "request" if total == 1 else "requests"
    return f"{total} {noun}: {', '.join(parts)}" if calls else "no request"
