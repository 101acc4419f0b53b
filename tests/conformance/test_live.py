"""The suite on a live zone: it keeps to its own name, ends within its bounds, and cleans up behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from mailseal.conformance.fence import Allowance, Fence, OutsideReserved
from mailseal.conformance.leftovers import keys_of_a_run, remove
from mailseal.conformance.live import Limits, LiveRun, Result, Verdict, live_cases, reserved_name
from mailseal.conformance.material import LABELS, create, rrset, txt
from mailseal.conformance.preflight import NotReady, check_ready
from mailseal.providers.base import Ability, AuthenticationFailed, Provider, Refused, Unavailable
from mailseal.providers.memory import MemoryBackend, MemoryProvider
from mailseal.providers.surroundings import CallLog, NoLog
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from support.liars import POOR, FixedTtl, Honest, Joining, OneByOne, Picky, harness_of

ZONE = DnsName("zorg-voorbeeld.example")
BASE = reserved_name(ZONE, "3f9c01ab")
THEIRS = rrset(RRsetKey(ZONE, RecordType.TXT), txt(b"v=spf1 -all"))
LONG_KEY = RRsetKey(BASE.child("long"), RecordType.TXT)


class Recorder(MemoryProvider):
    """Between the run and the backend: keeps every change that passes."""

    passed: list[RRsetChange]

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        self.passed += changes
        await super().apply(zone, changes)


class World:
    """A zone with somebody else's record, and what was sent to it."""

    def __init__(self) -> None:
        self.backend = MemoryBackend([ZONE])
        self.backend.put(THEIRS)
        self.passed: list[RRsetChange] = []

    def open(self, log: CallLog, zones: tuple[DnsName, ...]) -> Provider:
        provider = Recorder(self.backend, zones)
        provider.passed = self.passed
        return provider

    def run(self, limits: Limits | None = None) -> LiveRun:
        return LiveRun(self.open, ZONE, BASE, limits or Limits())

    def held(self) -> dict[RRsetKey, RRset]:
        return self.backend.rrsets(ZONE)

    async def results(self, run: LiveRun, *, quick: bool = False) -> dict[str, Result]:
        return {result.case.id: result async for result in run.results(live_cases(quick=quick))}


@pytest.fixture
def world() -> World:
    return World()


async def test_every_write_is_at_or_below_the_reserved_name_and_nothing_is_left(world: World) -> None:
    run = world.run()

    results = await world.results(run)

    assert {result.verdict for result in results.values()} == {Verdict.PASSED, Verdict.INAPPLICABLE}
    assert len(world.passed) > 100
    assert all(change.key.name.is_within(BASE) for change in world.passed)
    assert world.held() == {THEIRS.key: THEIRS}
    assert run.left_behind == ()


async def test_every_name_that_is_written_is_among_those_that_a_later_run_removes(world: World) -> None:
    await world.results(world.run())

    assert {change.key for change in world.passed} <= set(keys_of_a_run(BASE))
    assert set(keys_of_a_run(BASE)) >= {RRsetKey(BASE.child(label), RecordType.TXT) for label in LABELS}


async def test_a_quick_run_writes_less(world: World) -> None:
    await world.results(world.run(), quick=True)
    quick = len(world.passed)
    await world.results(world.run())
    assert 0 < quick < (len(world.passed) - quick) * 0.7


@pytest.mark.parametrize(
    ("kind", "declares"),
    [
        (Joining, (Ability.STRING_BOUNDARIES,)),
        (FixedTtl, (Ability.ANY_TTL,)),
        (OneByOne, (Ability.ATOMIC_BATCHES,)),
        (Picky, POOR),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_a_provider_that_declares_what_it_cannot_passes_and_that_is_told(
    kind: type[Honest], declares: tuple[Ability, ...]
) -> None:
    harness = harness_of(kind, *declares)
    harness.add_zone(ZONE)
    run = LiveRun(harness.opened, ZONE, BASE, Limits())

    results = [result async for result in run.results(live_cases(quick=False))]

    failed = {result.case.id: result.found for result in results if result.verdict is Verdict.FAILED}
    assert failed == {}
    told = [result for result in results if result.verdict is Verdict.NOT_ABLE]
    assert {result.case.needs for result in told} <= {*declares}
    assert {result.found for result in told} == {"It cannot."}
    assert harness.backend.rrsets(ZONE) == {}


@pytest.mark.parametrize("name", [ZONE, DnsName(f"mail.{ZONE}"), DnsName(f"x{BASE}")])
async def test_the_fence_lets_no_other_name_pass(world: World, name: DnsName) -> None:
    fence = Fence(world.open(NoLog(), (ZONE,)), BASE, Allowance(10))
    inside, outside = LONG_KEY, RRsetKey(name, RecordType.TXT)

    with pytest.raises(OutsideReserved):
        await fence.apply(ZONE, [create(inside, txt(b"x")), create(outside, txt(b"x"))])

    assert world.passed == []


async def test_a_case_that_fails_tells_why_and_is_cleaned_up(world: World) -> None:
    world.backend.faults.refuse = lambda change: "too long" if _is_long(change) else None

    results = await world.results(world.run())

    assert results["values.length-4000"].verdict is Verdict.FAILED
    assert "too long" in results["values.length-4000"].found
    assert results["values.length-256"].verdict is Verdict.PASSED
    assert world.held() == {THEIRS.key: THEIRS}


async def test_a_backend_that_does_not_answer_leaves_a_case_undecided(world: World) -> None:
    world.backend.faults.errors.append(Unavailable("no answer"))

    results = await world.results(world.run(), quick=True)

    assert [result.found for result in results.values() if result.verdict is Verdict.UNDECIDED] == [
        "no answer"
    ]


async def test_the_calls_of_a_run_are_bounded_and_cleaning_up_is_not_held_back(world: World) -> None:
    run = world.run(Limits(calls=25))

    results = await world.results(run)

    assert [result.verdict for result in results.values()].count(Verdict.UNDECIDED) > 10
    assert world.held() == {THEIRS.key: THEIRS}
    assert run.left_behind == ()


async def test_the_time_of_a_run_is_bounded(world: World) -> None:
    world.backend.faults.latency_seconds = 0.02
    run = world.run(Limits(within=timedelta(seconds=0.5)))

    results = await asyncio.wait_for(world.results(run), 20)

    assert Verdict.UNDECIDED in {result.verdict for result in results.values()}
    assert world.held() == {THEIRS.key: THEIRS}


async def test_what_cannot_be_removed_is_told_and_ends_the_run(world: World) -> None:
    world.backend.faults.refuse = lambda change: (
        "kept" if change.after is None and change.key == LONG_KEY else None
    )
    run = world.run()

    results = list((await world.results(run)).values())

    assert run.left_behind == (LONG_KEY,)
    assert results[-1].verdict is Verdict.UNDECIDED
    assert set(world.held()) == {THEIRS.key, LONG_KEY}


async def test_a_run_that_is_cancelled_cleans_up(world: World) -> None:
    world.backend.faults.latency_seconds = 0.01
    run = world.run()
    task = asyncio.create_task(world.results(run))
    async with asyncio.timeout(20):
        while len(world.held()) < 2:
            await asyncio.sleep(0.001)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert world.held() == {THEIRS.key: THEIRS}
    assert run.left_behind == ()


async def test_a_later_run_removes_what_a_killed_one_has_left(world: World) -> None:
    left = [RRsetKey(BASE.child(label), RecordType.TXT) for label in ("n3", "long", "sel._domainkey")]
    for key in left:
        world.backend.put(rrset(key, txt(b"ours")))

    provider = world.open(NoLog(), (ZONE,))
    rest = await remove(provider, ZONE, BASE, keys_of_a_run(BASE), timedelta(seconds=20))

    assert rest == ()
    assert world.held() == {THEIRS.key: THEIRS}


async def test_readiness_is_checked_with_a_trial_record_that_is_removed(world: World) -> None:
    await check_ready(world.open, ZONE, BASE)

    assert world.passed
    assert world.held() == {THEIRS.key: THEIRS}


@pytest.mark.parametrize(
    ("fault", "message", "later"),
    [
        (AuthenticationFailed("the token is wrong"), "the credentials are not accepted: the token", False),
        (Unavailable("no answer"), f"{ZONE} cannot be looked up: no answer", True),
    ],
)
async def test_a_provider_that_cannot_be_asked_is_not_ready(
    world: World, fault: Exception, message: str, later: bool
) -> None:
    world.backend.faults.errors.append(fault)

    with pytest.raises(NotReady, match=message) as caught:
        await check_ready(world.open, ZONE, BASE)

    assert caught.value.may_work_later is later
    assert world.passed == []


async def test_a_zone_that_cannot_be_written_is_not_ready(world: World) -> None:
    world.backend.faults.refuse = lambda _: "this key is for reading"

    with pytest.raises(NotReady, match=r"can be read but not written .*: this key is for reading") as caught:
        await check_ready(world.open, ZONE, BASE)

    assert isinstance(caught.value.__cause__, Refused)
    assert world.held() == {THEIRS.key: THEIRS}


async def test_a_zone_below_another_is_named(world: World) -> None:
    parent = DnsName("example")
    world.backend.add_zone(parent)

    def open_both(log: CallLog, zones: tuple[DnsName, ...]) -> Provider:
        return world.open(log, (parent, ZONE))

    with pytest.raises(NotReady, match=f"in the zone {ZONE} there"):
        await check_ready(open_both, parent, reserved_name(ZONE, "a").child("x"))


def test_reserved_names_differ() -> None:
    assert reserved_name(ZONE) != reserved_name(ZONE)


def _is_long(change: RRsetChange) -> bool:
    return change.after is not None and len(change.after.values[0].identity) > 2000
