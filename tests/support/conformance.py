"""The conformance suite on the backends of `support.backends`."""

from __future__ import annotations

from collections.abc import Iterable

from mailseal.conformance import CASES, Bench, Case, Inapplicable, run_case
from support.backends import Harness

COSTS = tuple(case for case in CASES if case.id.startswith("costs."))


def pairs(harnesses: Iterable[type[Harness]]) -> list[tuple[type[Harness], Case]]:
    """Every case that makes sense on every backend, the cases of one backend together."""
    return [(harness, case) for harness in harnesses for case in CASES if case.id not in harness.inapplicable]


def label(value: object) -> str:
    """How a test's id names a backend or a case."""
    return value.id if isinstance(value, Case) else str(getattr(value, "name", value))


async def check(harness: Harness, case: Case) -> None:
    """Run one case in a zone of its own. Raises `NotConform`.

    Only what is said of costs may make no sense, and only for a backend that states none.
    """
    zone = harness.new_zone()
    bench = Bench(harness.opened, zone, zone, harness)
    try:
        await run_case(case, bench)
    except Inapplicable:
        assert case in COSTS
        assert bench.capabilities.costs is None
    finally:
        await bench.close()
