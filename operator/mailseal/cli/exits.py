"""How a command ends."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of `plan`, `apply` and `status`."""

    DONE = 0
    """Everything is, or would be, as the manifests want it."""
    NOT_DONE = 1
    """A provider failed, a record is in conflict, or something is not published."""
    INVALID = 2
    """Wrong use or input; nothing was written."""
    CHANGES = 3
    """`plan --expect-no-changes`: there are changes."""


class InvalidInput(Exception):
    """The command line or the manifests cannot be used. `faults` has a line for each thing that is wrong."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults
