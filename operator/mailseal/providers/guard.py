"""Holding a provider to the protocol, whoever wrote it: its errors, its time, its answers, its silence."""

from __future__ import annotations

import re
import traceback
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Final, Self, TypeVar

from mailseal.providers.base import (
    InvalidConfiguration,
    OutcomeUnknown,
    Provider,
    ProviderError,
    TellsNegativeCaching,
    Unavailable,
    ZoneSurvey,
)
from mailseal.providers.breaker import CircuitBreaker, failure_of, is_no_answer
from mailseal.providers.deadline import within
from mailseal.providers.honesty import honest_rrsets, honest_survey, honest_zone, honest_zones
from mailseal.providers.surroundings import Surroundings
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The longest that a call of the protocol may take, whatever it does: far more than any needs.

    They grow with what is asked, since an account's budget may admit a few requests a second only.
    """

    call: timedelta = timedelta(minutes=2)
    survey: timedelta = timedelta(minutes=10)
    each_key: timedelta = timedelta(seconds=1)
    each_change: timedelta = timedelta(seconds=5)
    close: timedelta = timedelta(seconds=10)


DEADLINES: Final = Deadlines()
_REASON: Final = re.compile("[A-Z][A-Za-z0-9]{0,62}")
"""What Kubernetes takes as the reason of a condition, and metrics as a label."""


class GuardedProvider:
    """A provider that cannot harm who uses it.

    - Every call ends within its deadline, as `Unavailable` or, for a write, as `OutcomeUnknown`.
    - Whatever is no `ProviderError` becomes one. Its text is left out, since a careless one may show
      credentials; its type and its place in the code are named.
    - An answer that cannot be one to what was asked is a `ProviderDefect`.
    - With a circuit breaker, a backend that does not answer is left alone, as `CircuitOpen`.
    """

    type_name: ClassVar[str] = "guarded"

    def __init__(
        self,
        provider: Provider,
        listed: Collection[DnsName] = (),
        circuit: CircuitBreaker | None = None,
        deadlines: Deadlines = DEADLINES,
    ) -> None:
        """`listed` are the zones that the settings list."""
        self.capabilities = provider.capabilities
        self.guarded = provider
        self._listed = frozenset(listed)
        self._circuit = circuit or CircuitBreaker(opens=False)
        self._deadlines = deadlines
        self._name = f"the provider of type {provider.type_name}"

    @classmethod
    def from_settings(
        cls, settings: Mapping[str, object], credentials: Mapping[str, bytes], surroundings: Surroundings
    ) -> Self:
        """A guard is put round an opened provider; it cannot be opened by itself."""
        raise InvalidConfiguration("a guard has no settings: name the type of the provider")

    async def survey(self) -> ZoneSurvey:
        """See `Provider.survey`."""

        async def ask() -> ZoneSurvey:
            return honest_survey(await self.guarded.survey(), self._listed)

        self._circuit.enter(survey=True)
        survey = await self._watched(ask, self._deadlines.survey, survey=True)
        failure = failure_of(survey)
        if failure is None:
            self._circuit.answered(survey=True)
            return survey
        self._circuit.failed(failure, survey=True)
        if self._circuit.is_open:
            raise self._circuit.refusal()
        return survey

    async def zones(self) -> tuple[DnsName, ...]:
        """See `Provider.zones`."""

        async def ask() -> tuple[DnsName, ...]:
            return honest_zones(await self.guarded.zones(), self._listed)

        return await self._called(ask, self._deadlines.survey)

    async def zone_of(self, name: DnsName) -> DnsName:
        """See `Provider.zone_of`."""

        async def ask() -> DnsName:
            return honest_zone(await self.guarded.zone_of(name), name, self._listed)

        return await self._called(ask, self._deadlines.call)

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """See `Provider.read`."""

        async def ask() -> dict[RRsetKey, RRset]:
            return honest_rrsets(await self.guarded.read(zone, keys), keys)

        return await self._called(ask, self._deadlines.call + self._deadlines.each_key * len(keys))

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """See `Provider.apply`; after a time-out or an unknown error it may or may not have been made."""

        async def ask() -> None:
            await self.guarded.apply(zone, changes)

        limit = self._deadlines.call + self._deadlines.each_change * len(changes)
        await self._called(ask, limit, OutcomeUnknown)

    async def negative_caching_time(self, zone: DnsName) -> timedelta | None:
        """See `TellsNegativeCaching`; None where the provider does not tell."""
        provider = self.guarded
        if not isinstance(provider, TellsNegativeCaching):
            return None
        return await self._called(lambda: provider.negative_caching_time(zone), self._deadlines.call)

    async def close(self) -> None:
        """See `Provider.close`."""
        await self._bounded(self.guarded.close, self._deadlines.close, Unavailable)

    async def _called(
        self,
        ask: Callable[[], Awaitable[Result]],
        limit: timedelta,
        otherwise: type[ProviderError] = Unavailable,
    ) -> Result:
        self._circuit.enter(survey=False)
        result = await self._watched(ask, limit, otherwise)
        self._circuit.answered(survey=False)
        return result

    async def _watched(
        self,
        ask: Callable[[], Awaitable[Result]],
        limit: timedelta,
        otherwise: type[ProviderError] = Unavailable,
        *,
        survey: bool = False,
    ) -> Result:
        """The result, with the circuit told of every error. What opened the circuit is told as that."""
        try:
            return await self._bounded(ask, limit, otherwise)
        except ProviderError as error:
            if not is_no_answer(error):
                self._circuit.answered(survey=survey)
                raise
            self._circuit.failed(error, survey=survey)
            if self._circuit.is_open and not isinstance(error, OutcomeUnknown):
                raise self._circuit.refusal() from None
            raise
        except BaseException:
            if survey:
                self._circuit.gave_up()
            raise

    async def _bounded(
        self, ask: Callable[[], Awaitable[Result]], limit: timedelta, otherwise: type[ProviderError]
    ) -> Result:
        async def call() -> Result:
            return await ask()

        try:
            return await within(limit, call())
        except ProviderError as error:
            if not _REASON.fullmatch(str(error.reason)):
                raise otherwise(f"{self._name} gives a reason that is no CamelCase word: {error}") from None
            raise
        except TimeoutError:
            raise otherwise(f"{self._name} did not end a call within {limit.total_seconds():g} s") from None
        except Exception as error:
            raise otherwise(
                f"{self._name} failed with {type(error).__name__}{_place(error)}: this is a defect of it"
            ) from None


def _place(error: Exception) -> str:
    """Where it was raised: file and line tell no secrets."""
    frames = traceback.extract_tb(error.__traceback__)
    return f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
