"""Requests per operation are those that `Capabilities.costs` states."""

from __future__ import annotations

from collections.abc import Iterator

from mailseal.conformance.bench import Bench
from mailseal.conformance.counting import described
from mailseal.conformance.material import create, delete, replace, rrset, txt
from mailseal.conformance.model import Case, Inapplicable, NotConform
from mailseal.providers.base import Ability, Costs
from mailseal.records.change import RRsetChange
from mailseal.records.rrset import RRsetKey

OURS = txt(b"ours")
CHANGED = txt(b"changed")
MANY = 3


def cases() -> Iterator[Case]:
    """The cases about the number of requests."""
    yield Case("costs.reads", "Reading costs the requests that are stated", _reads)
    yield Case("costs.writes", "Writing costs the requests that are stated", _writes)
    yield Case("costs.nothing", "A change that changes nothing costs less than a write", _nothing)
    yield Case(
        "costs.finding",
        "Finding a zone costs the requests that are stated",
        _finding,
        needs=Ability.ZONE_DISCOVERY,
    )


def _stated(bench: Bench) -> Costs:
    if bench.capabilities.costs is None:
        raise Inapplicable("it states no costs, since it sends no requests")
    return bench.capabilities.costs


async def _reads(bench: Bench) -> None:
    costs = _stated(bench)
    await _warm(bench)
    for count in (1, MANY):
        with bench.counting(f"read of {count}", costs.read + costs.read_more * (count - 1)):
            await bench.provider.read(bench.zone, _keys(bench, count))


async def _writes(bench: Bench) -> None:
    costs = _stated(bench)
    await _warm(bench)
    many = min(MANY, bench.capabilities.batch_limit)
    for count in dict.fromkeys((1, many)):
        keys = _keys(bench, count)
        held = [rrset(key, OURS) for key in keys]
        steps: dict[str, list[RRsetChange]] = {
            "create": [create(key, OURS) for key in keys],
            "replace": [replace(each, CHANGED) for each in held],
            "delete": [delete(rrset(key, CHANGED)) for key in keys],
        }
        for step, changes in steps.items():
            first = costs.delete if step == "delete" and costs.delete is not None else costs.write
            with bench.counting(f"{step} {count}", first + costs.write_more * (count - 1)):
                await bench.provider.apply(bench.zone, changes)


async def _nothing(bench: Bench) -> None:
    costs = _stated(bench)
    key = bench.key("same")
    await bench.apply(create(key, OURS))
    mark = bench.counter.mark()
    await bench.provider.apply(bench.zone, [RRsetChange(key, rrset(key, OURS), rrset(key, OURS))])
    if (calls := bench.counter.since(mark)).total() >= max(1, costs.write):
        raise NotConform(f"fewer requests than the {costs.write} of a write", described(calls))


async def _finding(bench: Bench) -> None:
    costs = _stated(bench)
    provider = bench.open()
    with bench.counting("find a zone", costs.find_zone):
        await provider.zone_of(bench.key("new").name)


async def _warm(bench: Bench) -> None:
    """Signing in and looking zones up are paid once."""
    await bench.provider.zone_of(bench.zone)
    await bench.provider.read(bench.zone, [bench.key("unknown")])


def _keys(bench: Bench, count: int) -> list[RRsetKey]:
    return [bench.key(f"n{number}") for number in range(count)]
