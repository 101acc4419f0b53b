"""The circuit breaker of one provider: a backend that does not answer is left alone for a while.

`Circuit` is the state machine, pure. Any call counts failures in a row, and so many of them only raise a
suspicion: one broken zone must not suspend the others. What opens and closes the circuit is a survey, which
asks for every zone of the provider and fails only when the backend does as a whole.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

from mailseal.providers.base import ProviderError, RateLimited, Unavailable, ZoneSurvey

FAILURES: Final = 5
"""So many calls in a row without a usable answer raise a suspicion."""
FIRST_PAUSE: Final = timedelta(seconds=15)
LONGEST_PAUSE: Final = timedelta(minutes=2)
SUSPICION_PAUSE: Final = timedelta(seconds=30)
"""A suspicion is not raised more often."""


class CircuitOpen(Unavailable):
    """The backend did not answer for so long that it is not asked for a while."""

    reason = "ProviderSuspended"


@dataclass(frozen=True, slots=True)
class Opening:
    """Since when the circuit is open, and for which error. Both stay while it is, so messages do, too."""

    since: datetime
    error: str

    @property
    def message(self) -> str:
        """For people."""
        return (
            f"suspended since {self.since:%Y-%m-%dT%H:%M:%SZ}: the backend gave no usable answer {FAILURES} "
            f"times in a row ({self.error}); it is asked again by itself, at the latest every "
            f"{LONGEST_PAUSE.total_seconds() / 60:.0f} minutes"
        )


@dataclass(frozen=True, slots=True)
class Circuit:
    """The state; times are seconds of a clock that never goes back, as `now` everywhere."""

    failures: int = 0
    """Calls in a row without a usable answer."""
    opening: Opening | None = None
    """None: closed."""
    retry_at: float = 0.0
    """From when on a survey may try again."""
    probing: bool = False
    """A survey is trying: half open."""
    pauses: int = 0
    """Pauses since the backend was last well; each is longer than the one before."""
    suspected_at: float | None = None

    def admits(self, now: float, *, survey: bool) -> bool:
        """May a call go to the backend? While the circuit is open, only one survey after each pause."""
        return self.opening is None or (survey and not self.probing and now >= self.retry_at)

    def began(self, *, survey: bool) -> Circuit:
        """An admitted call begins."""
        return replace(self, probing=True) if survey and self.opening else self

    def ended(self) -> Circuit:
        """A call was given up that tells nothing of the backend."""
        return replace(self, probing=False)

    def answered(self, *, survey: bool) -> Circuit:
        """The backend gave a usable answer, even if a refusal. A late one to an old call closes nothing."""
        if self.opening is not None:
            return replace(self, failures=0, opening=None, probing=False) if survey else self
        return replace(self, failures=0, pauses=self.pauses if survey else 0)

    def failed(self, now: float, opening: Opening, pause: timedelta, *, survey: bool) -> Circuit:
        """A call had no usable answer; `opening` and `pause` count where that opens the circuit."""
        counted = replace(self, failures=self.failures + 1)
        if not survey or (self.opening is None and counted.failures < FAILURES):
            return counted
        return replace(
            counted,
            opening=self.opening or opening,
            retry_at=now + pause.total_seconds(),
            probing=False,
            pauses=self.pauses + 1,
        )

    def suspects(self, now: float) -> bool:
        """Is it time to ask for a survey, since many calls failed and none has been made on that lately?"""
        lately = self.suspected_at is not None and now < self.suspected_at + SUSPICION_PAUSE.total_seconds()
        return self.opening is None and self.failures >= FAILURES and not lately


def pause_after(pauses: int, error: ProviderError, jitter: float) -> timedelta:
    """How long to leave a backend alone after so many pauses; `jitter` is from 0 to 1.

    Doubling, with up to a quarter less so that many providers of one backend part; what a backend asks for
    that throttles is the least.
    """
    pause: timedelta = min(FIRST_PAUSE * 2 ** min(pauses, 10), LONGEST_PAUSE) * (1 - jitter / 4)
    asked = error.retry_after if isinstance(error, RateLimited) else None
    return max(pause, min(asked, LONGEST_PAUSE)) if asked else pause


def is_no_answer(error: ProviderError) -> bool:
    """True for an error that says nothing of the zone or the content, but that the backend does not serve."""
    return isinstance(error, Unavailable | RateLimited)


def failure_of(survey: ZoneSurvey) -> ProviderError | None:
    """Why a survey is none: every zone that it tells of had no usable answer."""
    faults = tuple(survey.faults.values())
    dead = faults and not survey.served and all(is_no_answer(fault) for fault in faults)
    return faults[0] if dead else None


@dataclass(slots=True)
class CircuitBreaker:
    """Keeps the state of one provider's circuit."""

    opens: bool = True
    """False: it lets everything through, for a process that asks once and ends."""
    on_suspicion: Callable[[], None] = lambda: None
    """Called when a survey should show whether the backend as a whole fails."""
    on_change: Callable[[bool], None] = lambda is_open: None
    """Called when the circuit has opened or closed."""
    clock: Callable[[], float] = monotonic
    moment: Callable[[], datetime] = lambda: datetime.now(UTC)
    jitter: Callable[[], float] = random.random
    circuit: Circuit = field(default_factory=Circuit)

    def enter(self, *, survey: bool) -> None:
        """A call is about to begin. Raises `CircuitOpen`."""
        if not self.circuit.admits(self.clock(), survey=survey):
            raise self.refusal()
        self.circuit = self.circuit.began(survey=survey)

    def answered(self, *, survey: bool) -> None:
        """See `Circuit.answered`."""
        self._become(self.circuit.answered(survey=survey))

    def gave_up(self) -> None:
        """See `Circuit.ended`."""
        self.circuit = self.circuit.ended()

    def failed(self, error: ProviderError, *, survey: bool) -> None:
        """See `Circuit.failed`."""
        if not self.opens:
            return
        now = self.clock()
        pause = pause_after(self.circuit.pauses, error, self.jitter())
        opening = Opening(self.moment(), str(error))
        self._become(self.circuit.failed(now, opening, pause, survey=survey))
        if self.circuit.suspects(now):
            self.circuit = replace(self.circuit, suspected_at=now)
            self.on_suspicion()

    @property
    def is_open(self) -> bool:
        """True while the backend is left alone."""
        return self.circuit.opening is not None

    def refusal(self) -> CircuitOpen:
        """What a call raises while the circuit is open."""
        opening = self.circuit.opening
        return CircuitOpen(opening.message if opening else "the backend gives no usable answer")

    def _become(self, circuit: Circuit) -> None:
        was_open, self.circuit = self.is_open, circuit
        if self.is_open != was_open:
            self.on_change(self.is_open)
