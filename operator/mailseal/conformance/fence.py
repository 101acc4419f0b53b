"""Keeping a live run below its reserved name, and within the requests that it may send."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar, Self

from mailseal.providers.base import InvalidConfiguration, Provider, Unavailable, ZoneSurvey
from mailseal.providers.surroundings import Surroundings
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey


class OutsideReserved(Exception):
    """A case would have written to a name that is not the run's own. Nothing was sent."""


class AllowanceUsedUp(Unavailable):
    """The run has made as many calls as it may."""


class Allowance:
    """How many calls of the protocol a run may make, and the names that it may have left records at."""

    def __init__(self, calls: int) -> None:
        self.left = calls
        self.touched: dict[RRsetKey, None] = {}
        """Every key that was given to `apply`, in order."""

    def take(self) -> None:
        """Take one call. Raises `AllowanceUsedUp`."""
        if self.left <= 0:
            raise AllowanceUsedUp("the run has made as many calls as it may: see --max-calls")
        self.left -= 1


class Fence:
    """A provider that writes below one name only.

    It stands between the cases and the backend, so that no fault of a case can reach another name.
    """

    type_name: ClassVar[str] = "fenced"

    def __init__(self, provider: Provider, base: DnsName, allowance: Allowance) -> None:
        self.capabilities = provider.capabilities
        self._provider = provider
        self._base = base
        self._allowance = allowance

    @classmethod
    def from_settings(
        cls, settings: Mapping[str, object], credentials: Mapping[str, bytes], surroundings: Surroundings
    ) -> Self:
        """A fence is put round an opened provider; it cannot be opened by itself."""
        raise InvalidConfiguration("a fence has no settings: name the type of the provider")

    async def survey(self) -> ZoneSurvey:
        """See `Provider.survey`."""
        self._allowance.take()
        return await self._provider.survey()

    async def zones(self) -> tuple[DnsName, ...]:
        """See `Provider.zones`."""
        self._allowance.take()
        return await self._provider.zones()

    async def zone_of(self, name: DnsName) -> DnsName:
        """See `Provider.zone_of`."""
        self._allowance.take()
        return await self._provider.zone_of(name)

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """See `Provider.read`."""
        self._allowance.take()
        return await self._provider.read(zone, keys)

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """See `Provider.apply`. Raises `OutsideReserved` for a name that is not below the reserved one."""
        for change in changes:
            if not change.key.name.is_within(self._base):
                raise OutsideReserved(f"{change.key} is not below {self._base}")
        self._allowance.take()
        self._allowance.touched.update(dict.fromkeys(change.key for change in changes))
        await self._provider.apply(zone, changes)

    async def close(self) -> None:
        """See `Provider.close`."""
        await self._provider.close()
