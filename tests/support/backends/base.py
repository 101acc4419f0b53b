"""What the conformance suite needs of a backend: how to open it, to seed it and to look behind it."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from mailseal.providers.base import Provider
from mailseal.providers.budget import Budget, Budgets, Rate
from mailseal.providers.surroundings import CallLog, NoLog, Surroundings
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

_numbers = itertools.count(1)


class Unhurried(Budgets):
    """Budgets that make no test wait, whatever rate a provider asks for."""

    def of(self, account: str, rate: Rate) -> Budget:
        return super().of(account, Rate(1_000_000, 1_000_000))


class Harness(ABC):
    """One backend under test, with zones made on demand; `close` ends it."""

    name: ClassVar[str]
    inapplicable: ClassVar[Mapping[str, str]] = {}
    """Cases of the conformance suite, by id, that make no sense for the backend, and why."""
    log: CallLog = NoLog()
    """Told of the requests of the providers that are opened from now on."""

    @property
    def surroundings(self) -> Surroundings:
        """What `open` opens its provider with."""
        return Surroundings(name=self.name, log=self.log, budgets=Unhurried())

    def opened(self, log: CallLog, zones: tuple[DnsName, ...]) -> Provider:
        """A provider whose requests `log` is told of."""
        self.log = log
        return self.open(*zones)

    def new_zone(self, records: str = "") -> DnsName:
        """A fresh zone with SOA and NS and the records given in presentation form."""
        zone = DnsName.parse(f"zone{next(_numbers)}.example")
        self.add_zone(zone, records)
        return zone

    @abstractmethod
    def add_zone(self, zone: DnsName, records: str = "") -> None: ...

    @abstractmethod
    def open(self, *zones: DnsName) -> Provider:
        """A provider with `zones` listed, or that finds its zones by itself, with `self.surroundings`."""

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
