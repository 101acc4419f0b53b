"""What every command says on standard error about documents and zones that it had to leave out."""

from __future__ import annotations

from mailseal.cli.desired import Desired
from mailseal.cli.preview import Preview
from mailseal.cli.screen import counted, write_error, write_note


def note_skipped(desired: Desired) -> None:
    """Say which documents were not for mailseal."""
    skipped = desired.skipped_kinds
    if skipped:
        kinds, count = ", ".join(sorted(set(skipped))), counted(len(skipped), "document")
        write_note(f"skipped {count} of kinds that mailseal does not read: {kinds}")


def write_failures(found: Preview) -> None:
    """Say which zones could not be found or read, each reason once with all that it holds up."""
    resources: dict[str, list[str]] = {}
    for unplaced in found.unplaced:
        resources.setdefault(str(unplaced.error), []).append(str(unplaced.resource.key))
    for problem, names in resources.items():
        write_error(f"{', '.join(names)}: {problem}")
    for previewed in found.zones:
        if previewed.preview.failure:
            write_error(f"{previewed.zone}: {previewed.preview.failure}")
