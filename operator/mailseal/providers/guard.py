"""Holding a plug-in to the protocol: whatever else it raises becomes a `ProviderError`."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Mapping, Sequence
from typing import ClassVar, Self, TypeVar

from mailseal.providers.base import (
    InvalidConfiguration,
    OutcomeUnknown,
    Provider,
    ProviderError,
    Unavailable,
    ZoneSurvey,
)
from mailseal.providers.surroundings import Surroundings
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

Result = TypeVar("Result")


class GuardedProvider:
    """A provider of somebody else, with its errors made ours.

    Their texts are left out, since a careless one may show credentials; the type is named.
    """

    type_name: ClassVar[str] = "plug-in"

    def __init__(self, provider: Provider) -> None:
        self.capabilities = provider.capabilities
        self._provider = provider
        self._name = f"the provider plug-in {provider.type_name}"

    @classmethod
    def from_settings(
        cls, settings: Mapping[str, object], credentials: Mapping[str, bytes], surroundings: Surroundings
    ) -> Self:
        """A guard is put round an opened provider; it cannot be opened by itself."""
        raise InvalidConfiguration("a guard has no settings: name the type of the plug-in")

    async def survey(self) -> ZoneSurvey:
        """See `Provider.survey`."""
        return await self._guard(self._provider.survey(), Unavailable)

    async def zones(self) -> tuple[DnsName, ...]:
        """See `Provider.zones`."""
        return await self._guard(self._provider.zones(), Unavailable)

    async def zone_of(self, name: DnsName) -> DnsName:
        """See `Provider.zone_of`."""
        return await self._guard(self._provider.zone_of(name), Unavailable)

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """See `Provider.read`."""
        return await self._guard(self._provider.read(zone, keys), Unavailable)

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """See `Provider.apply`; after an unknown error the write may or may not have been made."""
        await self._guard(self._provider.apply(zone, changes), OutcomeUnknown)

    async def close(self) -> None:
        """See `Provider.close`."""
        await self._guard(self._provider.close(), Unavailable)

    async def _guard(self, call: Awaitable[Result], otherwise: type[ProviderError]) -> Result:
        try:
            return await call
        except ProviderError:
            raise
        except Exception as error:
            raise otherwise(
                f"{self._name} failed with {type(error).__name__}: this is a defect of it"
            ) from None
