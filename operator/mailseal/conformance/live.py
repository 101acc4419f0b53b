"""The suite on somebody's live zone, below a reserved name alone."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from time import monotonic
from typing import Final

from mailseal.conformance.bench import Bench, Opener
from mailseal.conformance.cases import CASES
from mailseal.conformance.counting import Cost
from mailseal.conformance.fence import Allowance, Fence
from mailseal.conformance.leftovers import remove
from mailseal.conformance.model import Case, Inapplicable, NotConform, run_case
from mailseal.providers.base import Provider, ProviderError, RateLimited, Unavailable
from mailseal.providers.surroundings import CallLog, NoLog
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRsetKey

RESERVED: Final = "_mailseal-test-"
"""How the label begins below which a run writes."""


class Verdict(StrEnum):
    """What became of a case."""

    PASSED = "passed"
    NOT_ABLE = "not able"
    """The provider declares that it cannot, and fails in the declared way."""
    INAPPLICABLE = "no matter"
    """It makes no sense for this provider."""
    FAILED = "failed"
    UNDECIDED = "undecided"
    """The backend did not answer, or the run was over before."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one case."""

    case: Case
    verdict: Verdict
    expected: str = ""
    found: str = ""
    took: timedelta = timedelta(0)
    requests: int = 0
    """Those that the provider sent, failed and repeated ones too."""
    throttled: int = 0
    """How many of them the backend throttled."""
    costs: tuple[Cost, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of a run."""

    within: timedelta = timedelta(minutes=15)
    calls: int = 2000
    """Calls of the provider's protocol; each sends as many requests as the provider needs."""
    cleaning_within: timedelta = timedelta(minutes=1)


def reserved_name(zone: DnsName, run: str | None = None) -> DnsName:
    """The name that a run has for itself, such as `_mailseal-test-3f9c01ab.example.nl`."""
    return zone.child(f"{RESERVED}{run or secrets.token_hex(4)}")


def live_cases(*, quick: bool) -> tuple[Case, ...]:
    """The cases that a live zone allows."""
    return tuple(case for case in CASES if not case.needs_hand and not (quick and case.is_long))


class LiveRun:
    """One run. `results` may be left at any time; `left_behind` then says what could not be removed."""

    def __init__(self, opener: Opener, zone: DnsName, base: DnsName, limits: Limits) -> None:
        self.base = base
        self.left_behind: tuple[RRsetKey, ...] = ()
        self._opener = opener
        self._zone = zone
        self._limits = limits
        self._allowance = Allowance(limits.calls)

    async def results(self, cases: Sequence[Case]) -> AsyncGenerator[Result, None]:
        """What becomes of each case, one after another, each cleaned up behind."""
        ends = monotonic() + self._limits.within.total_seconds()
        for case in cases:
            left = ends - monotonic()
            if left <= 0 or self._allowance.left <= 0 or self.left_behind:
                yield Result(case, Verdict.UNDECIDED, "to be run", self._why_over(left))
                continue
            yield await self._result(case, left)

    def _why_over(self, seconds_left: float) -> str:
        if self.left_behind:
            return "what an earlier case left behind could not be removed"
        return "the time of the run is over" if seconds_left <= 0 else "the calls of the run are used up"

    async def _result(self, case: Case, seconds: float) -> Result:
        bench = Bench(self._fenced, self._zone, self.base)
        started = monotonic()
        try:
            verdict, expected, found = await _tried(case, bench, seconds)
        finally:
            took = timedelta(seconds=monotonic() - started)
            await self._clean()
            await bench.close()
        calls = bench.counter.calls
        return Result(
            case,
            verdict,
            expected,
            found,
            took,
            requests=len(calls),
            throttled=sum(call.failure == RateLimited.reason for call in calls),
            costs=tuple(bench.costs),
        )

    async def _clean(self) -> None:
        touched, self._allowance.touched = tuple(self._allowance.touched), {}
        if not touched:
            return
        provider = self._opener(NoLog(), (self._zone,))
        try:
            within = self._limits.cleaning_within
            self.left_behind += await remove(provider, self._zone, self.base, touched, within)
        finally:
            await provider.close()

    def _fenced(self, log: CallLog, zones: tuple[DnsName, ...]) -> Provider:
        return Fence(self._opener(log, zones), self.base, self._allowance)


async def _tried(case: Case, bench: Bench, seconds: float) -> tuple[Verdict, str, str]:
    """The verdict with what was expected and found."""
    able = not case.is_declared_impossible(bench.capabilities)
    try:
        async with asyncio.timeout(seconds):
            await run_case(case, bench)
    except Inapplicable as error:
        return Verdict.INAPPLICABLE, "", str(error)
    except NotConform as error:
        return Verdict.FAILED, error.expected, error.found
    except (Unavailable, RateLimited) as error:
        return Verdict.UNDECIDED, "an answer", str(error)
    except ProviderError as error:
        return Verdict.FAILED, "no error", f"{type(error).__name__}: {error}"
    except TimeoutError:
        return Verdict.UNDECIDED, "an end", "the time of the run is over"
    if case.needs is None or able:
        return Verdict.PASSED, "", ""
    return Verdict.NOT_ABLE, "", bench.capabilities.cannot[case.needs]
