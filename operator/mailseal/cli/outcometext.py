"""The outcome of `apply` as text for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from mailseal.cli.outcome import AppliedZone, ResourceOutcome
from mailseal.cli.screen import counted
from mailseal.cli.table import columns


def outcome_lines(zones: Sequence[AppliedZone], others: Sequence[ResourceOutcome]) -> Iterator[Text]:
    """A table of all resources with what is the matter with them below, and a summary."""
    resources = [*(resource for zone in zones for resource in zone.resources), *others]
    yield from columns(("RESOURCE", "STATE", "RECORDS"), [row for each in resources for row in _rows(each)])
    for resource in resources:
        for problem in resource.problems:
            yield Text(f"! {resource.resource.key}: {problem}", style="yellow" if resource.is_good else "red")
    for zone in zones:
        if all(resource.is_good for resource in zone.resources) and not zone.is_done:
            yield Text(f"! {zone.zone}: something is still under way: run mailseal apply again", style="red")
    written = len({(zone.zone.name, change.change.key) for zone in zones for change in zone.outcome.written})
    done = sum(resource.is_good for resource in resources)
    yield Text(
        f"Wrote {counted(written, 'record set')}; {done} of {counted(len(resources), 'resource')} done.",
        style="bold",
    )


def _rows(resource: ResourceOutcome) -> Iterator[tuple[str, str, str]]:
    """The resource with its first record, and a row for each further one."""
    names = [f"{record.key} {record.state}" for record in resource.records] or ["-"]
    yield (str(resource.resource.key), resource.state, names[0])
    for name in names[1:]:
        yield ("", "", name)
