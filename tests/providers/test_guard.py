"""The guard round every provider: its time, its answers, its silence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import timedelta
from typing import Any

import pytest

from mailseal.providers.base import OutcomeUnknown, RateLimited, Unavailable, ZoneSurvey
from mailseal.providers.breaker import FAILURES, CircuitBreaker, CircuitOpen
from mailseal.providers.guard import Deadlines, GuardedProvider
from mailseal.providers.honesty import ProviderDefect
from mailseal.providers.memory import MemoryBackend, MemoryProvider
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

ZONE, OTHER = DnsName("zorg.example"), DnsName("praktijk.example")
KEY = RRsetKey(ZONE, RecordType.TXT)
RECORD = RRset(KEY, 300, (TxtData((b"v=spf1 -all",)),))
SHORT = timedelta(milliseconds=20)
BRIEF = Deadlines(SHORT, SHORT, timedelta(0), timedelta(0), SHORT)
Call = Callable[[GuardedProvider], Awaitable[Any]]
CALLS: dict[str, Call] = {
    "survey": lambda guard: guard.survey(),
    "zones": lambda guard: guard.zones(),
    "zone_of": lambda guard: guard.zone_of(ZONE),
    "read": lambda guard: guard.read(ZONE, [KEY]),
    "apply": lambda guard: guard.apply(ZONE, [RRsetChange(KEY, None, RECORD)]),
    "close": lambda guard: guard.close(),
}
every_call = pytest.mark.parametrize("name", CALLS)


class Stubborn(MemoryProvider):
    """Never ends a call; where `deaf`, not even when it is told to."""

    deaf = False

    def __init__(self) -> None:
        super().__init__(MemoryBackend([ZONE]))
        self.released = asyncio.Event()

    async def _hang(self, *_: object) -> Any:
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                if not self.deaf:
                    raise

    survey = zones = zone_of = read = apply = close = _hang


class Lying(MemoryProvider):
    """Answers with whatever a test gives it."""

    def __init__(self, answer: object) -> None:
        super().__init__(MemoryBackend([ZONE]))
        self.answer: Any = answer

    async def survey(self) -> ZoneSurvey:
        return self.answer  # type: ignore[no-any-return]

    async def zones(self) -> tuple[DnsName, ...]:
        return self.answer  # type: ignore[no-any-return]

    async def zone_of(self, _: DnsName) -> DnsName:
        return self.answer  # type: ignore[no-any-return]

    async def read(self, _: DnsName, __: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        return self.answer  # type: ignore[no-any-return]


class Failing(MemoryProvider):
    """Counts its calls, and fails at each."""

    def __init__(self) -> None:
        super().__init__(MemoryBackend([ZONE]))
        self.error: Exception | None = Unavailable("no answer")
        self.asked = 0

    async def _fail(self) -> None:
        self.asked += 1
        if self.error:
            raise self.error

    async def survey(self) -> ZoneSurvey:
        await self._fail()
        return ZoneSurvey((ZONE,))

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        await self._fail()
        return await super().read(zone, keys)

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        await self._fail()


@every_call
async def test_every_call_ends_in_time(name: str) -> None:
    with pytest.raises(Unavailable, match=r"did not end a call within 0\.02 s") as raised:
        await CALLS[name](GuardedProvider(Stubborn(), deadlines=BRIEF))
    assert isinstance(raised.value, OutcomeUnknown) is (name == "apply")


async def test_even_one_that_does_not_let_itself_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailseal.providers.deadline.CLEAN_UP", SHORT)
    provider = Stubborn()
    provider.deaf = True
    with pytest.raises(Unavailable, match="did not end"):
        await GuardedProvider(provider, deadlines=BRIEF).read(ZONE, [KEY])
    provider.released.set()


async def test_the_deadline_grows_with_what_is_asked() -> None:
    deadlines = Deadlines(call=SHORT, each_key=SHORT)
    with pytest.raises(Unavailable, match=r"within 0\.08 s"):
        async with asyncio.timeout(10):
            await GuardedProvider(Stubborn(), deadlines=deadlines).read(ZONE, [KEY] * 3)


async def test_who_gives_up_a_call_ends_it() -> None:
    provider = Stubborn()
    guard = GuardedProvider(provider)
    call = asyncio.create_task(guard.read(ZONE, [KEY]))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert {task for task in asyncio.all_tasks() if not task.done()} == {asyncio.current_task()}


FOREIGN = RRset(RRsetKey(OTHER, RecordType.TXT), 300, RECORD.values)
LIES: list[tuple[str, object]] = [
    ("survey", None),
    ("survey", ZoneSurvey((OTHER,))),
    ("survey", ZoneSurvey((), {OTHER: Unavailable("no")})),
    ("survey", ZoneSurvey((), {ZONE: "no"})),  # type: ignore[dict-item]
    ("survey", ZoneSurvey(("zorg.example",))),  # type: ignore[arg-type]
    ("zones", [ZONE]),
    ("zones", (OTHER,)),
    ("zone_of", OTHER),
    ("zone_of", DnsName("example")),
    ("zone_of", DnsName("mail.zorg.example")),
    ("zone_of", "zorg.example"),
    ("read", None),
    ("read", [RECORD]),
    ("read", {FOREIGN.key: FOREIGN}),
    ("read", {KEY: FOREIGN}),
    ("read", {"zorg.example": RECORD}),
    ("read", {KEY: "v=spf1 -all"}),
]


@pytest.mark.parametrize(("name", "lie"), LIES, ids=lambda value: str(value)[:40])
async def test_an_answer_that_cannot_be_one_is_not_believed(name: str, lie: object) -> None:
    with pytest.raises(ProviderDefect):
        await CALLS[name](GuardedProvider(Lying(lie), listed=[ZONE]))


async def test_a_zone_whose_name_only_ends_alike_does_not_hold_a_name() -> None:
    with pytest.raises(ProviderDefect, match="cannot hold"):
        await GuardedProvider(Lying(ZONE)).zone_of(DnsName("evilzorg.example"))


async def test_true_answers_pass() -> None:
    alias = RRsetKey(ZONE, RecordType.CNAME)
    assert await GuardedProvider(Lying({KEY: RECORD}), [ZONE]).read(ZONE, [KEY]) == {KEY: RECORD}
    assert await GuardedProvider(Lying({}), [ZONE]).read(ZONE, [alias]) == {}
    assert await GuardedProvider(Lying(ZONE), [ZONE]).zone_of(DnsName("mail.zorg.example")) == ZONE
    survey = ZoneSurvey((), {ZONE: Unavailable("no")})
    assert await GuardedProvider(Lying(survey), [ZONE]).survey() is survey


async def suspended(provider: Failing) -> tuple[GuardedProvider, CircuitBreaker]:
    """A guard whose circuit is open after five failures."""
    breaker = CircuitBreaker()
    guard = GuardedProvider(provider, circuit=breaker)
    for _ in range(FAILURES - 1):
        with pytest.raises(Unavailable):
            await guard.read(ZONE, [KEY])
    with pytest.raises(CircuitOpen, match="no answer"):
        await guard.survey()
    return guard, breaker


async def test_a_suspended_backend_is_not_asked() -> None:
    provider = Failing()
    guard, _ = await suspended(provider)
    provider.asked = 0
    for name in CALLS.keys() - {"close"}:
        with pytest.raises(CircuitOpen):
            await CALLS[name](guard)
    assert provider.asked == 0
    await guard.close()


async def test_it_goes_on_when_a_survey_works_again() -> None:
    provider = Failing()
    guard, breaker = await suspended(provider)
    provider.error = None
    breaker.clock = lambda: 1e12
    assert (await guard.survey()).served == (ZONE,)
    assert await guard.read(ZONE, [KEY]) == {}


async def test_a_refusal_of_a_survey_is_an_answer() -> None:
    """Wrong credentials are to be told as what they are, not as a backend that is away."""
    provider = Failing()
    guard, breaker = await suspended(provider)
    provider.error = ProviderDefect("nonsense")
    breaker.clock = lambda: 1e12
    with pytest.raises(ProviderDefect):
        await guard.survey()
    assert not breaker.is_open


async def test_a_lost_answer_to_a_write_stays_one_whatever_the_circuit_says() -> None:
    """The engine has to read again what a lost write left."""
    provider = Failing()
    guard, breaker = await suspended(provider)
    provider.error = OutcomeUnknown("lost")
    breaker.clock = lambda: 1e12
    breaker.circuit = type(breaker.circuit)(failures=FAILURES)
    with pytest.raises(OutcomeUnknown) as raised:
        await guard.apply(ZONE, [RRsetChange(KEY, None, RECORD)])
    assert not isinstance(raised.value, CircuitOpen)


async def test_throttling_opens_it_as_well() -> None:
    provider = Failing()
    provider.error = RateLimited("slow down", timedelta(seconds=90))
    breaker = CircuitBreaker(clock=lambda: 0.0)
    guard = GuardedProvider(provider, circuit=breaker)
    for _ in range(FAILURES):
        with pytest.raises((RateLimited, CircuitOpen)):
            await guard.survey()
    assert breaker.is_open
    assert breaker.circuit.retry_at == 90


async def test_an_unexpected_error_is_told_with_its_place_and_without_its_text() -> None:
    provider = Failing()
    provider.error = KeyError("s3cr3t")
    with pytest.raises(Unavailable, match=r"failed with KeyError at test_guard\.py:\d+") as raised:
        await GuardedProvider(provider).read(ZONE, [KEY])
    assert "s3cr3t" not in str(raised.value)


class Wordy(Unavailable):
    """An error of a plug-in whose reason Kubernetes would not take."""

    reason = "not found!"


async def test_a_reason_that_no_condition_can_have_is_replaced() -> None:
    provider = Failing()
    provider.error = Wordy("no answer")
    with pytest.raises(Unavailable, match="no CamelCase word: no answer") as raised:
        await GuardedProvider(provider).read(ZONE, [KEY])
    assert raised.value.reason == "ProviderUnavailable"
