"""What the conformance suite needs of a backend: how to open it, to seed it and to look behind it."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from typing import ClassVar

from mailseal.providers.base import Provider
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

_numbers = itertools.count(1)


class Harness(ABC):
    """One backend under test, with zones made on demand; `close` ends it."""

    name: ClassVar[str]
    cannot: ClassVar[dict[str, str]] = {}
    """What the backend cannot do by its nature, and why: those cases run on the others."""

    def new_zone(self, records: str = "") -> DnsName:
        """A fresh zone with SOA and NS and the records given in presentation form."""
        zone = DnsName.parse(f"zone{next(_numbers)}.example")
        self.add_zone(zone, records)
        return zone

    @abstractmethod
    def add_zone(self, zone: DnsName, records: str = "") -> None: ...

    @abstractmethod
    def open(self, *zones: DnsName) -> Provider:
        """A provider with `zones` listed, or that finds its zones by itself."""

    @abstractmethod
    def put(self, zone: DnsName, rrset: RRset) -> None:
        """Replace a set behind the provider's back, in exactly this form."""

    @abstractmethod
    def peek(self, zone: DnsName, key: RRsetKey) -> RRset | None:
        """What the backend really holds, without the provider."""

    @abstractmethod
    def version(self, zone: DnsName) -> object:
        """Something that changes with every write."""

    @abstractmethod
    def close(self) -> None: ...
