"""What was measured, as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from bench.checks import CheckCost
from bench.keygeneration import KeyCosts
from bench.phases import Cost
from bench.rotation import Rotation, RotationCost
from bench.workload import KINDS, Workload

_CONSOLE = Console(width=140)
_COSTS = ("seconds", "API writes", "DNS updates", "DNS queries", "CPU s", "MB now", "MB peak")


def show_keys(costs: KeyCosts) -> None:
    """Milliseconds for each key, ours and openssl's, and the stalls of the event loop."""
    rows = [
        (
            cost.title,
            str(cost.keys),
            f"{cost.one_thread_seconds * 1e3:.2f}",
            f"{cost.two_threads_seconds * 1e3:.2f}",
            f"{cost.processor_seconds * 1e3:.2f}",
            f"{cost.openssl_processor_seconds * 1e3:.2f}",
            f"{cost.processor_seconds / cost.openssl_processor_seconds:.2f}",
            f"{cost.stall_seconds * 1e3:.1f}",
        )
        for cost in costs.of_kinds
    ]
    headings = ("keys", "1 thread", "2 threads", "CPU", "openssl CPU", "ratio", "longest stall")
    _show("Making signing keys, milliseconds for each key", "kind", headings, rows)
    _CONSOLE.print(
        "ratio: of processor time, openssl's without the "
        f"{costs.openssl_start_seconds * 1e3:.1f} ms of its start.\n"
        "longest stall: how long two threads at work kept the event loop from running; "
        f"{costs.idle_stall_seconds * 1e3:.1f} ms with none."
    )


def show_checks(domains: int, costs: Sequence[CheckCost]) -> None:
    """What each tool needed, and how many times as long as mailseal, the first of them."""
    rows = [
        (
            cost.title,
            f"{cost.seconds:.1f}",
            f"{domains / cost.seconds:.0f}",
            f"{cost.cpu_seconds:.1f}",
            str(cost.queries),
            str(cost.good),
            f"{cost.seconds / costs[0].seconds:.1f}",
        )
        for cost in costs
    ]
    headings = ("seconds", "domains/s", "CPU s", "DNS queries", "good", "times as long")
    title = f"Checking SPF, DMARC and MX records of {domains} domains, 20 ms away"
    _show(title, "tool", headings, rows)
    if len({cost.good for cost in costs}) > 1:
        _CONSOLE.print("They do not find equally many domains good: this run counts for nothing.")


def show_domains(workload: Workload, costs: Sequence[Cost]) -> None:
    """What each phase of the workload cost."""
    layout = "a zone for each" if workload.many_zones else "one zone"
    title = f"{workload.domains} mail domains, {KINDS} resources each, {layout}, {workload.algorithm}"
    _show(title, "phase", _COSTS, [(cost.phase, *_cells(cost)) for cost in costs])
    _show_writes(costs)


def show_rotation(rotation: Rotation, costs: Sequence[RotationCost]) -> None:
    """What each phase of the rotation cost, for all keys, for a key and for a transition."""
    rows = [
        (
            measured.cost.phase,
            *_cells(measured.cost),
            str(measured.transitions),
            _each(sum(measured.cost.api_writes.values()), measured.transitions),
            _each(sum(measured.cost.dns_messages.values()), rotation.domains),
        )
        for measured in costs
    ]
    headings = (*_COSTS, "transitions", "writes each", "DNS a key")
    _show(f"{rotation.domains} DkimKeys rotate at once, {rotation.algorithm}", "until", headings, rows)
    _show_writes([measured.cost for measured in costs])


def _show(title: str, first: str, headings: Iterable[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(title=title)
    table.add_column(first, no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*row)
    _CONSOLE.print(table)


def _cells(cost: Cost) -> tuple[str, ...]:
    return (
        f"{cost.seconds:.1f}",
        str(sum(cost.api_writes.values())),
        str(cost.dns_messages["UPDATE"]),
        str(cost.dns_messages["QUERY"]),
        f"{cost.cpu_seconds:.1f}",
        f"{cost.memory_bytes / 1e6:.0f}",
        f"{cost.peak_memory_bytes / 1e6:.0f}",
    )


def _each(count: int, of: int) -> str:
    return f"{count / of:.2f}" if of else "-"


def _show_writes(costs: Iterable[Cost]) -> None:
    for cost in costs:
        _CONSOLE.print(f"{cost.phase}: {dict(sorted(cost.api_writes.items()))}", markup=False)
