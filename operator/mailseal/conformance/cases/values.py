"""Values come back byte for byte, whatever they hold."""

from __future__ import annotations

from collections.abc import Iterator

from mailseal.conformance.bench import Bench
from mailseal.conformance.material import create, filled, replace, rrset, shown, txt
from mailseal.conformance.model import Case, NotConform, OutOfDate, Run
from mailseal.providers.base import Ability, Refused
from mailseal.records.rrset import RRset
from mailseal.records.txt import TxtData

LENGTHS = (1, 254, 255, 256, 510, 511, 1000)
LONG_LENGTHS = (2048, 4000)
QUICK_LENGTHS = frozenset({256, 4000})
PLAIN = {
    "semicolons": b"v=DKIM1; k=rsa; p=",
    "zone-file-signs": b"(paren) @ $ORIGIN $TTL",
}
ODD = {
    "quotes": b'say "yes"',
    "backslashes": b"back\\slash \\034 \\",
    "blanks": b" leading and trailing ",
    "backticks": b"`back` ticks",
}
OUTSIDE_ASCII = {
    "all-bytes": bytes(range(1, 256)),
    "utf-8": "zorg\u00e9 \u2713".encode(),
    "tabs": b"\t tab \t",
}
WITH_EMPTY = {"nothing": (b"",), "empty-strings": (b"", b"x", b"")}
SPLITS = ((b"a", b"b"), (b"x" * 255, b"y"), (b"x" * 3, b"y" * 255, b"z" * 255))


def cases() -> Iterator[Case]:
    """The cases about values."""
    yield from _lengths()
    yield from _contents()
    yield from _splits_and_many()


def _lengths() -> Iterator[Case]:
    for length in (*LENGTHS, *LONG_LENGTHS):
        is_declarable = length in LONG_LENGTHS
        yield Case(
            f"values.length-{length}",
            f"A value of {length:,} {'byte' if length == 1 else 'bytes'} is kept whole",
            _length(length),
            needs=Ability.LONG_VALUES if is_declarable else None,
            otherwise=_refused((filled(length),), Ability.LONG_VALUES if length == 4000 else None)
            if is_declarable
            else None,
            is_long=length not in QUICK_LENGTHS,
        )


def _contents() -> Iterator[Case]:
    for name, value in PLAIN.items():
        yield Case(f"values.{name}", f"A value with {_words(name)} is kept byte for byte", _kept((value,)))
    for name, value in ODD.items():
        yield Case(
            f"values.{name}",
            f"A value with {_words(name)} is kept byte for byte",
            _kept((value,)),
            needs=Ability.ANY_TEXT,
            otherwise=_refused((value,), Ability.ANY_TEXT if name == "backslashes" else None),
        )
    for name, value in OUTSIDE_ASCII.items():
        yield Case(
            f"values.{name}",
            f"A value with {_words(name)} is kept byte for byte",
            _kept((value,)),
            needs=Ability.ANY_BYTES,
            otherwise=_refused((value,), Ability.ANY_BYTES if name == "all-bytes" else None),
        )
    for name, strings in WITH_EMPTY.items():
        yield Case(
            f"values.{name}",
            f"A value with {_words(name)} is kept",
            _kept(strings),
            needs=Ability.EMPTY_STRINGS,
            otherwise=_refused(strings, Ability.EMPTY_STRINGS if name == "nothing" else None),
        )


def _splits_and_many() -> Iterator[Case]:
    for strings in SPLITS:
        sizes = "-".join(str(len(string)) for string in strings)
        yield Case(
            f"values.split-{sizes}",
            f"A value split into strings of {sizes.replace('-', ', ')} bytes is kept",
            _kept(strings),
            is_long=True,
        )
    yield Case(
        "values.splits",
        "How values are split into character-strings is kept",
        _splits,
        needs=Ability.STRING_BOUNDARIES,
        otherwise=_joined,
    )
    yield Case(
        "values.many",
        "Forty values fit one set",
        _many,
        is_long=True,
        needs=Ability.MANY_VALUES,
        otherwise=_fewer,
    )


def _words(name: str) -> str:
    return name.replace("-", " ")


def _length(length: int) -> Run:
    async def run(bench: Bench) -> None:
        key, value = bench.key("long"), TxtData.of(filled(length))
        await bench.apply(create(key, value))
        await bench.expect(key, rrset(key, value))

    return run


def _kept(strings: tuple[bytes, ...]) -> Run:
    """Read from others, written anew, and given back beside a value of ours."""

    async def run(bench: Bench) -> None:
        foreign, ours, value = bench.key("foreign"), bench.key("ours"), TxtData(strings)
        await bench.put(rrset(foreign, value))
        await bench.expect(foreign, rrset(foreign, value))
        before = await _present(bench, rrset(foreign, value))
        await bench.apply(create(ours, value), replace(before, *before.values, txt(b"new")))
        await bench.expect(ours, rrset(ours, value))
        await bench.expect(foreign, rrset(foreign, value, txt(b"new")))

    return run


def _refused(strings: tuple[bytes, ...], disproves: Ability | None) -> Run:
    """Refused and not there, or kept whole; where it is kept, the declaration may be out of date."""

    async def run(bench: Bench) -> None:
        key, value = bench.key("long"), TxtData(strings) if len(strings) > 1 else TxtData.of(strings[0])
        try:
            await bench.apply(create(key, value))
        except Refused:
            await bench.expect(key, None)
            return
        await bench.expect(key, rrset(key, value))
        if disproves is not None:
            raise OutOfDate(disproves, f"{shown(rrset(key, value))} kept")

    return run


async def _splits(bench: Bench) -> None:
    key, values = bench.key("foreign"), tuple(map(TxtData, SPLITS))
    await bench.put(rrset(key, *values))
    before = await _present(bench, rrset(key, *values))
    await bench.apply(replace(before, *before.values, txt(b"new")))
    await bench.expect(key, rrset(key, *values, txt(b"new")))


async def _joined(bench: Bench) -> None:
    await _splits(bench)
    held = await _present(bench, rrset(bench.key("foreign"), *map(TxtData, SPLITS)))
    if bench.has_hand and frozenset(map(TxtData, SPLITS)) <= frozenset(held.values):
        raise OutOfDate(Ability.STRING_BOUNDARIES, f"{shown(held)} kept as it was split")


async def _many(bench: Bench) -> None:
    await _hold_many(bench, 40)


async def _fewer(bench: Bench) -> None:
    await _hold_many(bench, 10)
    before = await _present(bench, rrset(bench.key("many"), txt(b"any")))
    try:
        await bench.apply(replace(before, *_numbered(40)))
    except Refused:
        await bench.expect(before.key, before)
        return
    raise OutOfDate(Ability.MANY_VALUES, "40 values accepted")


async def _hold_many(bench: Bench, count: int) -> None:
    key = bench.key("many")
    await bench.apply(create(key, *_numbered(count)))
    await bench.expect(key, rrset(key, *_numbered(count)))


def _numbered(count: int) -> tuple[TxtData, ...]:
    return tuple(TxtData.of(f"value {number}" + " x" * number * 5) for number in range(count))


async def _present(bench: Bench, expected: RRset) -> RRset:
    """The set as the provider reads it. Raises `NotConform` when there is none."""
    held = await bench.read(expected.key)
    if held is None:
        raise NotConform(f"{shown(expected)} at {expected.key}", "no set read")
    return held
