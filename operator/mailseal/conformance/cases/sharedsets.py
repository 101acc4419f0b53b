"""Sets that several writers share: values and TTL of others stay as they are."""

from __future__ import annotations

from collections.abc import Iterator

from mailseal.conformance.bench import Bench
from mailseal.conformance.material import ODD_TTL, OTHER_TTL, TTL, create, delete, rrset, txt
from mailseal.conformance.model import Case, NotConform, OutOfDate, Run
from mailseal.providers.base import Ability, Refused
from mailseal.records.change import RRsetChange
from mailseal.records.rrset import RRsetKey
from mailseal.records.txt import TxtData

Values = tuple[TxtData, ...]

ONE, TWO = txt(b"one"), txt(b"two")
TTLS = (1, ODD_TTL, 86_400)


def cases() -> Iterator[Case]:
    """The cases about shared sets."""
    edits: dict[str, tuple[Values, Values]] = {
        "added": ((), (ONE,)),
        "replaced": ((ONE,), (TWO,)),
        "deleted": ((ONE,), ()),
    }
    for edit, (before, after) in edits.items():
        title = f"The values of others survive when one beside them is {edit}"
        yield Case(f"shared.{edit}", title, _beside_others(before, after))
    yield Case("shared.last-deleted", "Deleting the last value removes the set", _last_deleted)
    yield Case("shared.ttl-kept", "A value that is added keeps the TTL of the set", _ttl_kept)
    yield Case(
        "shared.ttl-changed",
        "A TTL is changed for the whole set",
        _ttl_changed(()),
        needs=Ability.TTL_CHANGES,
        otherwise=_ttl_refused(()),
    )
    yield Case(
        "shared.ttl-changed-with-a-value",
        "A TTL is changed for the whole set with a value that is added",
        _ttl_changed((txt(b"new"),)),
        needs=Ability.TTL_CHANGES,
        otherwise=_ttl_refused((txt(b"new"),)),
    )
    yield Case(
        "shared.any-ttl",
        f"TTLs of {', '.join(map(str, TTLS))} seconds are kept",
        _any_ttl,
        needs=Ability.ANY_TTL,
        otherwise=_some_ttl,
    )


def _beside_others(before: Values, after: Values) -> Run:
    async def run(bench: Bench) -> None:
        key = bench.key()
        await bench.put(rrset(key, *bench.foreign, *before))
        await bench.apply(await _edit(bench, key, before, after))
        await bench.expect(key, rrset(key, *bench.foreign, *after))

    return run


async def _edit(bench: Bench, key: RRsetKey, remove: Values, add: Values) -> RRsetChange:
    """What an engine asks for: the set as it was read, with only its own values changed."""
    held = await bench.read(key)
    if held is None:
        raise NotConform(f"the set that others made at {key}", "no set read")
    gone = {value.identity for value in remove}
    kept = tuple(value for value in held.values if value.identity not in gone)
    return RRsetChange(key, held, rrset(key, *kept, *add, ttl=held.ttl_seconds))


async def _last_deleted(bench: Bench) -> None:
    key = bench.key()
    await bench.apply(create(key, ONE))
    await bench.apply(delete(rrset(key, ONE)))
    await bench.expect(key, None)


async def _ttl_kept(bench: Bench) -> None:
    key, ttl = bench.key("ttl"), ODD_TTL if bench.capabilities.can(Ability.ANY_TTL) else OTHER_TTL
    await bench.put(rrset(key, *bench.foreign, ttl=ttl))
    await bench.apply(await _edit(bench, key, (), (txt(b"new"),)))
    await bench.expect(key, rrset(key, *bench.foreign, txt(b"new"), ttl=ttl))


def _ttl_changed(more: Values) -> Run:
    async def run(bench: Bench) -> None:
        key = bench.key("ttl")
        await bench.put(rrset(key, *bench.foreign))
        before = await bench.read(key)
        if before is None:
            raise NotConform(f"the set that others made at {key}", "no set read")
        after = rrset(key, *before.values, *more, ttl=OTHER_TTL)
        await bench.apply(RRsetChange(key, before, after))
        await bench.expect(key, rrset(key, *bench.foreign, *more, ttl=OTHER_TTL))

    return run


def _ttl_refused(more: Values) -> Run:
    """A change of TTL is refused, and nothing of it is made."""

    async def run(bench: Bench) -> None:
        key = bench.key("ttl")
        await bench.put(rrset(key, *bench.foreign))
        before = await bench.read(key)
        if before is None:
            raise NotConform(f"the set that others made at {key}", "no set read")
        after = rrset(key, *before.values, *more, ttl=OTHER_TTL)
        try:
            await bench.apply(RRsetChange(key, before, after))
        except Refused:
            await bench.expect(key, rrset(key, *bench.foreign))
            return
        raise OutOfDate(Ability.TTL_CHANGES, f"a TTL of {OTHER_TTL} seconds accepted")

    return run


async def _any_ttl(bench: Bench) -> None:
    key = bench.key("ttl")
    held = None
    for ttl in TTLS:
        wanted = rrset(key, ONE, ttl=ttl)
        await bench.apply(RRsetChange(key, held, wanted))
        await bench.expect(key, wanted)
        held = wanted


async def _some_ttl(bench: Bench) -> None:
    """A TTL that the backend does not take is refused, or stored as another; the value is kept either way."""
    key, kept = bench.key("ttl"), 0
    await bench.apply(create(key, ONE))
    for ttl in TTLS:
        before = await bench.read(key)
        try:
            await bench.apply(RRsetChange(key, before, rrset(key, ONE, ttl=ttl)))
        except Refused:
            await bench.expect(key, before)
            continue
        await bench.expect(key, rrset(key, ONE, ttl=ttl))
        held = await bench.read(key)
        kept += held is not None and held.ttl_seconds == ttl != TTL
    if kept == len(TTLS):
        raise OutOfDate(Ability.ANY_TTL, f"the TTLs {', '.join(map(str, TTLS))} kept")
