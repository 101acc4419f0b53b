"""What a conformance case is, and how it says that a provider does not conform."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from mailseal.providers.base import Ability, Capabilities, ProviderError

if TYPE_CHECKING:
    from mailseal.conformance.bench import Bench

Run: TypeAlias = "Callable[[Bench], Awaitable[None]]"
"""Tries one thing on a bench. Raises `NotConform`; a `ProviderError` that it lets pass counts as one."""


class NotConform(Exception):
    """A provider does something else than the protocol of `mailseal.providers.base` asks for."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}; found {found}")
        self.expected = expected
        self.found = found


class Inapplicable(Exception):
    """The case makes no sense for this provider; the text says why."""


class OutOfDate(NotConform):
    """A backend can what its `Capabilities.cannot` says it cannot."""

    def __init__(self, ability: Ability, proof: str) -> None:
        super().__init__(f"that it cannot do {ability.value!r}, as it declares", proof)


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that every provider must do alike, or declare that it cannot."""

    id: str
    """Stable and unique, such as `values.length-256`."""
    title: str
    """What holds, as a sentence for people."""
    run: Run
    needs: Ability | None = None
    """The ability without which `run` cannot pass."""
    otherwise: Run | None = None
    """What a backend that declares that it lacks `needs` must do all the same; None: nothing."""
    needs_hand: bool = False
    """It has to make zones and look behind the provider, which is impossible on somebody's live zone."""
    is_long: bool = False
    """It sends many requests; a quick run leaves it out."""

    def is_declared_impossible(self, capabilities: Capabilities) -> bool:
        """True when the backend declares that it lacks what the case needs."""
        return self.needs is not None and not capabilities.can(self.needs)


async def run_case(case: Case, bench: Bench) -> None:
    """Run the case or, for a backend that declares that it cannot, its counterpart.

    Raises `NotConform`, and `Inapplicable` where the case makes no sense.
    """
    if not case.is_declared_impossible(bench.capabilities):
        await case.run(bench)
    elif case.otherwise is not None:
        await case.otherwise(bench)


@contextmanager
def raising(doing: str, *kinds: type[ProviderError]) -> Iterator[list[ProviderError]]:
    """Expect one of `kinds` of the block; yields a list that holds the error afterwards."""
    caught: list[ProviderError] = []
    expected = f"{' or '.join(kind.__name__ for kind in kinds)} for {doing}"
    try:
        yield caught
    except kinds as error:
        caught.append(error)
        return
    except ProviderError as error:
        raise NotConform(expected, f"{type(error).__name__}: {error}") from error
    raise NotConform(expected, "no error")
