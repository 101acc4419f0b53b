"""Several changes in one call, and changes that change nothing."""

from __future__ import annotations

from collections.abc import Iterator

from mailseal.conformance.bench import Bench
from mailseal.conformance.material import TARGET, TTL, alias_key, create, delete, rrset, same, shown, txt
from mailseal.conformance.model import Case, NotConform, Run, raising
from mailseal.providers.base import Ability, ProviderError, Raced, Refused
from mailseal.records.change import RRsetChange
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

OURS = txt(b"ours")
THEIRS = txt(b"theirs")


def cases() -> Iterator[Case]:
    """The cases about batches."""
    for what, run, otherwise in (
        ("stale", _one_of_ten(Raced, all_or_none=True), _one_of_ten(Raced, all_or_none=False)),
        ("refused", _one_of_ten(Refused, all_or_none=True), _one_of_ten(Refused, all_or_none=False)),
    ):
        yield Case(
            f"batches.one-{what}",
            f"One {what} change keeps a whole batch from being made",
            run,
            needs=Ability.ATOMIC_BATCHES,
            otherwise=otherwise,
        )
    yield Case("batches.mixed", "One batch creates, replaces and deletes", _mixed)
    yield Case(
        "batches.in-limits", "Many changes pass in batches of the declared limit", _in_limits, is_long=True
    )
    yield Case("batches.nothing", "A change that changes nothing writes nothing", _nothing)
    yield Case("batches.absence", "Absence is a missing key: of unknown, empty and deleted names", _absence)
    yield Case("batches.key-twice", "A key twice in one batch is refused", _key_twice)


def _one_of_ten(kind: type[ProviderError], *, all_or_none: bool) -> Run:
    """The eighth of ten changes cannot be made: a stale belief, or a CNAME beside a text."""

    async def run(bench: Bench) -> None:
        count = min(10, bench.capabilities.batch_limit)
        keys = [bench.key(f"n{number}") for number in range(count)]
        bad = keys[-3:][0]
        await bench.put(rrset(bad, THEIRS))
        changes = [_impossible(key, kind) if key == bad else create(key, OURS) for key in keys]
        with raising(f"a batch of which one change is {kind.__name__}", kind):
            await bench.provider.apply(bench.zone, changes)
        await bench.expect(bad, rrset(bad, THEIRS))
        await bench.expect(alias_key(bad), None)
        for key in keys:
            held = None if key == bad else await bench.read(key)
            if held is not None and (all_or_none or not same(held, rrset(key, OURS), bench.capabilities)):
                raise NotConform(f"nothing made at {key}", shown(held))

    return run


def _impossible(key: RRsetKey, kind: type[ProviderError]) -> RRsetChange:
    return create(key, OURS) if kind is Raced else create(alias_key(key), TARGET)


async def _mixed(bench: Bench) -> None:
    new, other, gone = bench.key("new"), bench.key("other"), bench.key("deleted")
    await bench.apply(create(other, txt(b"old")), create(gone, OURS))
    await bench.apply(
        create(new, OURS),
        RRsetChange(other, rrset(other, txt(b"old")), rrset(other, OURS)),
        delete(rrset(gone, OURS)),
    )
    await bench.expect(new, rrset(new, OURS))
    await bench.expect(other, rrset(other, OURS))
    await bench.expect(gone, None)


async def _in_limits(bench: Bench) -> None:
    labels = [f"sel{number}._domainkey" for number in range(300)] if bench.has_hand else _live_labels()
    changes = [_new_key(bench.key(label)) for label in labels]
    await bench.apply(*changes)
    read = await bench.provider.read(bench.zone, [change.key for change in changes])
    wrong = [
        change.key for change in changes if not same(read.get(change.key), change.after, bench.capabilities)
    ]
    if wrong or len(read) != len(changes):
        raise NotConform(f"{len(changes)} sets", f"{len(read)} read, wrong: {', '.join(map(str, wrong[:5]))}")


def _live_labels() -> list[str]:
    return [f"n{number}" for number in range(30)]


def _new_key(key: RRsetKey) -> RRsetChange:
    """A change of the size that a new DKIM key of 2048 bits makes."""
    return create(key, TxtData.of(f"v=DKIM1; k=rsa; p={'A' * 392}{key.name}"))


async def _nothing(bench: Bench) -> None:
    key, other = bench.key("same"), bench.key("other")
    await bench.apply(create(key, txt(b"a"), txt(b"b")))
    before = await bench.read(key)
    if before is None:
        raise NotConform(f"a set at {key}", "no set read")
    turned = RRset(key, before.ttl_seconds, tuple(reversed(before.values)))
    version = bench.hand.version(bench.zone) if bench.has_hand else None
    await bench.apply(RRsetChange(key, before, turned), RRsetChange(other, None, None))
    if bench.has_hand and bench.hand.version(bench.zone) != version:
        raise NotConform("no write", "the zone's version has changed")
    await bench.expect(key, before)


async def _absence(bench: Bench) -> None:
    unknown, between, gone = bench.key("unknown"), bench.key("_domainkey"), bench.key("deleted")
    await bench.apply(create(bench.key("between._domainkey"), OURS), create(gone, OURS))
    await bench.apply(delete(rrset(gone, OURS, ttl=TTL)))
    keys = [unknown, between, gone, bench.key("unknown", RecordType.MX)]
    if read := await bench.provider.read(bench.zone, keys):
        raise NotConform("nothing", "; ".join(map(shown, read.values())))
    if await bench.provider.read(bench.zone, []):
        raise NotConform("nothing for no key", "something")


async def _key_twice(bench: Bench) -> None:
    key = bench.key("twice")
    with raising("a key twice in one batch", Refused):
        await bench.provider.apply(bench.zone, [create(key, txt(b"a")), create(key, txt(b"b"))])
    await bench.expect(key, None)
