"""What a backend said of each RRset when it was last read, for APIs whose writes must name it."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

CAPACITY: Final = 20_000
_Token = TypeVar("_Token")


class LastSeen(Generic[_Token]):
    """RRsets with the backend's own mark of that state: an etag, or the stored text.

    A write whose `before` is the set that was last seen needs no reading: the mark itself makes the backend
    refuse it when the set has changed since.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._seen: dict[tuple[DnsName, RRsetKey], tuple[RRset | None, _Token]] = {}

    def note(self, zone: DnsName, key: RRsetKey, rrset: RRset | None, token: _Token) -> None:
        """Remember a state; the oldest gives way when there are too many."""
        self._seen.pop((zone, key), None)
        self._seen[zone, key] = (rrset, token)
        if len(self._seen) > self._capacity:
            del self._seen[next(iter(self._seen))]

    def forget(self, zone: DnsName, key: RRsetKey) -> None:
        """Nothing is known of the set any more."""
        self._seen.pop((zone, key), None)

    def take(self, zone: DnsName, key: RRsetKey, before: RRset | None) -> _Token | None:
        """The mark of the state `before`, once: the write that uses it makes it old.

        None when that state was not the last one seen.
        """
        rrset, token = self._seen.pop((zone, key), (None, None))
        if token is None:
            return None
        same = rrset is None if before is None else before.same_as(rrset)
        return token if same else None
