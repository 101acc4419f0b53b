"""Writers that do not know of each other lose nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from mailseal.conformance.bench import Bench
from mailseal.conformance.material import create, delete, rrset, txt
from mailseal.conformance.model import Case, Run, raising
from mailseal.providers.base import Ability, Provider, Raced
from mailseal.records.change import RRsetChange
from mailseal.records.rrset import RRset, RRsetKey
from mailseal.records.txt import TxtData

Values = tuple[TxtData, ...]

OURS = txt(b"ours")
THEIRS = txt(b"theirs")
STALE: dict[str, tuple[Values, Values]] = {
    "made": ((), (THEIRS,)),
    "removed": ((txt(b"gone"),), ()),
    "replaced": ((txt(b"old"),), (THEIRS,)),
    "enlarged": ((txt(b"one"),), (txt(b"one"), THEIRS)),
    "reduced": ((txt(b"one"), txt(b"two")), (txt(b"one"),)),
}


def cases() -> Iterator[Case]:
    """The cases about concurrent writers."""
    for what, (believed, real) in STALE.items():
        title = f"A write whose set was {what} meanwhile is raced and changes nothing"
        yield Case(f"races.{what}", title, _stale(believed, real))
    yield Case(
        "races.split-otherwise",
        "A write whose value was split otherwise meanwhile is raced and changes nothing",
        _stale((txt(b"ab"),), (txt(b"a", b"b"),)),
        needs=Ability.STRING_BOUNDARIES,
        otherwise=_same_value_otherwise_split,
    )
    yield Case("races.stale-deletion", "A deletion of a set that has grown is raced", _stale_deletion)
    yield Case("races.twice", "The same creation twice is raced", _twice)
    yield Case(
        "races.concurrent",
        "Writers at the same time lose no value of each other",
        _concurrent,
        needs=Ability.COMPARE_AND_SWAP,
        otherwise=_one_after_another,
        is_long=True,
    )


def _stale(believed: Values, real: Values) -> Run:
    async def run(bench: Bench) -> None:
        key = bench.key("stale")
        held = rrset(key, *real) if real else None
        if held is not None:
            await bench.put(held)
        before = rrset(key, *believed) if believed else None
        with raising("a stale belief", Raced):
            await bench.apply(RRsetChange(key, before, rrset(key, OURS)))
        await bench.expect(key, held)

    return run


async def _same_value_otherwise_split(bench: Bench) -> None:
    """To such a backend both are the same value: the write passes, or is raced and changes nothing."""
    key = bench.key("stale")
    await bench.put(rrset(key, txt(b"a", b"b")))
    try:
        await bench.apply(RRsetChange(key, rrset(key, txt(b"ab")), rrset(key, OURS)))
    except Raced:
        await bench.expect(key, rrset(key, txt(b"ab")))
    else:
        await bench.expect(key, rrset(key, OURS))


async def _stale_deletion(bench: Bench) -> None:
    key = bench.key("stale")
    await bench.put(rrset(key, txt(b"one"), THEIRS))
    with raising("a stale deletion", Raced):
        await bench.apply(delete(rrset(key, txt(b"one"))))
    await bench.expect(key, rrset(key, txt(b"one"), THEIRS))


async def _twice(bench: Bench) -> None:
    key = bench.key("twice")
    await bench.apply(create(key, OURS))
    with raising("a second creation of the same", Raced):
        await bench.apply(create(key, OURS))
    await bench.expect(key, rrset(key, OURS))


async def _concurrent(bench: Bench) -> None:
    key = bench.key()
    writers, rounds = (5, 10) if bench.has_hand and bench.capabilities.can(Ability.MANY_VALUES) else (3, 3)

    async def add_all(writer: int) -> None:
        provider = bench.open(bench.zone)
        for number in range(rounds):
            await bench.add_value(provider, key, _adding(key, _mark(writer, number)))

    await asyncio.gather(*(add_all(writer) for writer in range(writers)))
    marks = [_mark(writer, number) for writer in range(writers) for number in range(rounds)]
    await bench.expect(key, rrset(key, *marks))


async def _one_after_another(bench: Bench) -> None:
    """Two writers whose turns cross: the second sees what the first has made, and is raced."""
    key, marks = bench.key(), [_mark(0, 0), _mark(0, 1), _mark(1, 0)]
    first, second = bench.open(bench.zone), bench.open(bench.zone)
    await bench.add_value(first, key, _adding(key, marks[0]))
    before = await _read(second, bench, key)
    await bench.add_value(first, key, _adding(key, marks[1]))
    with raising("a write after another's", Raced):
        await second.apply(bench.zone, [RRsetChange(key, before, _adding(key, marks[2])(before))])
    await bench.add_value(second, key, _adding(key, marks[2]))
    await bench.expect(key, rrset(key, *marks))


def _mark(writer: int, number: int) -> TxtData:
    return TxtData.of(f"writer {writer} round {number}")


def _adding(key: RRsetKey, value: TxtData) -> Callable[[RRset | None], RRset]:
    return lambda before: rrset(key, *(before.values if before else ()), value)


async def _read(provider: Provider, bench: Bench, key: RRsetKey) -> RRset | None:
    return (await provider.read(bench.zone, [key])).get(key)
