"""From a provider's spec to an open backend and the observer that proves what it publishes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from mailseal.domain.backends import SETTINGS
from mailseal.domain.provider import DnsProviderSpec
from mailseal.observing.authoritative import AuthoritativeObserver
from mailseal.observing.nameserver import Nameserver
from mailseal.observing.resolving import DelegatedServers, GivenServers, ServerFinder
from mailseal.observing.verification import Answered, Answers, ExpectedValue, Lag, ServerFailure, verify
from mailseal.providers.base import InvalidConfiguration, Provider, ProviderError, TellsNegativeCaching
from mailseal.providers.reach import Reach
from mailseal.providers.registry import open_provider
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRsetKey


@dataclass(frozen=True, slots=True)
class Backend:
    """An open provider and how its zones' servers are found."""

    provider: Provider
    finder: ServerFinder | None
    """None: nobody serves the zones, so what the provider reads back is the proof."""
    name: str = "provider's"
    """What messages call the backend."""

    def observer(self, zone: DnsName) -> AuthoritativeObserver | ReadBack:
        """The observer of one zone."""
        if self.finder is None:
            return ReadBack(self.provider, zone, self.name)
        return AuthoritativeObserver(zone, self.finder)


def open_backend(
    spec: DnsProviderSpec,
    credentials: Mapping[str, bytes],
    resolvers: Sequence[str] = (),
    surroundings: Surroundings = UNRESTRICTED,
) -> Backend:
    """Open what `spec` describes. Does no I/O. Raises `InvalidConfiguration`.

    `resolvers` find the servers of a zone where the spec lists none; none: the system's. `surroundings` say
    what of the process the provider may use.
    """
    provider = open_provider(spec.backend_name, spec.settings, credentials, surroundings)
    try:
        return Backend(provider, _finder(spec, resolvers, surroundings.reach), spec.backend_name)
    except ValueError as error:
        raise InvalidConfiguration(f"spec.nameservers: {error}") from error


def _finder(spec: DnsProviderSpec, resolvers: Sequence[str], reach: Reach) -> ServerFinder | None:
    if spec.nameservers:
        return GivenServers(spec.nameservers, permits=reach.permits)
    if SETTINGS[spec.type].self_contained:
        return None
    return DelegatedServers(resolvers, permits=reach.permits)


class ReadBack:
    """The observer of a backend that no name server serves: reads back what was written."""

    def __init__(self, provider: Provider, zone: DnsName, name: str = "") -> None:
        self._provider = provider
        self._zone = zone
        self._itself = Nameserver(f"the {name or provider.type_name} backend", "", 0)

    async def observe(self, keys: Collection[RRsetKey]) -> Mapping[Nameserver, Answers]:
        """What the backend reads back for `keys`."""
        try:
            return {self._itself: Answered(await self._provider.read(self._zone, keys))}
        except ProviderError as error:
            return {self._itself: ServerFailure(f"cannot be read: {error}")}

    async def negative_caching_time(self) -> timedelta | None:
        """The time that the backend itself says."""
        if not isinstance(self._provider, TellsNegativeCaching):
            return None
        try:
            return await self._provider.negative_caching_time(self._zone)
        except ProviderError:
            return None

    async def lags(
        self, present: Collection[ExpectedValue], absent: Collection[ExpectedValue]
    ) -> tuple[Lag, ...]:
        """What the backend does not read back as expected."""
        keys = {key for key, _ in (*present, *absent)}
        return verify(present, absent, await self.observe(keys)) if keys else ()
