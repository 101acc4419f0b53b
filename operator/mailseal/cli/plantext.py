"""A preview as text for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from mailseal.cli.diff import RRsetDiff, Sign, ValueLine, diffs_of
from mailseal.cli.notes import WARNING, Note, notes_on
from mailseal.cli.preview import Preview, PreviewedZone
from mailseal.cli.screen import counted

_STYLES = {Sign.REMOVED: "red", Sign.ADDED: "green", Sign.KEPT: "dim"}
_QUIET = frozenset({WARNING, "Pending", "NewKey", "Keys", "Orphan", "DryRun", "Removing"})
"""Kinds of notes about what waits or what is good to know, as against what went wrong."""
FOREIGN = "not mailseal's"


def preview_lines(preview: Preview) -> Iterator[Text]:
    """Every zone with changes or notes, and a summary."""
    for previewed in preview.zones:
        yield from _zone_lines(previewed)
    yield Text(_summary(preview), style="bold")


def _zone_lines(previewed: PreviewedZone) -> Iterator[Text]:
    plan = previewed.preview.plan
    diffs = diffs_of(plan) if plan else ()
    notes = notes_on(previewed)
    if not diffs and not notes:
        return
    zone = previewed.zone
    yield Text.assemble(("Zone ", "bold"), (str(zone.name), "bold cyan"), f" at {zone.provider}")
    for diff in diffs:
        yield from _diff_lines(diff)
    for note in notes:
        yield _note_line(note)
    yield Text("")


def _diff_lines(diff: RRsetDiff) -> Iterator[Text]:
    yield Text(f"  {diff.key}, {_ttl(diff)}")
    for line in diff.lines:
        yield _value_line(line)


def _ttl(diff: RRsetDiff) -> str:
    if diff.ttl_before is not None and diff.ttl_after is not None and diff.ttl_before != diff.ttl_after:
        return f"TTL {diff.ttl_before} -> {diff.ttl_after}"
    return f"TTL {diff.ttl_before if diff.ttl_after is None else diff.ttl_after}"


def _value_line(line: ValueLine) -> Text:
    owners = ", ".join(line.owners) or FOREIGN
    return Text.assemble((f"    {line.sign} {line.value}", _STYLES[line.sign]), (f"   # {owners}", "dim"))


def _note_line(note: Note) -> Text:
    about = ", ".join(part for part in (note.resource, note.record) if part)
    reason = f" ({note.reason})" if note.reason and note.reason != note.kind else ""
    style = "yellow" if note.kind in _QUIET else "bold red"
    return Text.assemble((f"  ! {note.kind}{reason}: ", style), f"{about}: " if about else "", note.message)


def _summary(preview: Preview) -> str:
    if not preview.has_changes:
        unread = sum(previewed.preview.plan is None for previewed in preview.zones)
        if not unread and not preview.unplaced:
            return "No changes."
        if unread == len(preview.zones):
            return "No zone could be read: nothing is known of changes."
        return "No changes where the zones could be read."
    diffs = [
        diff
        for previewed in preview.zones
        if previewed.preview.plan
        for diff in diffs_of(previewed.preview.plan)
    ]
    added = sum(diff.count(Sign.ADDED) for diff in diffs)
    removed = sum(diff.count(Sign.REMOVED) for diff in diffs)
    keys = sum(len(ring.missing) for previewed in preview.zones for ring in previewed.key_rings)
    making = f", {counted(keys, 'key')} to make" if keys else ""
    sets = counted(len(diffs), "record set")
    return f"Plan: {sets} to change, {counted(added, 'value')} to add, {removed} to remove{making}."
