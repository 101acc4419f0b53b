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


class CheckExit(IntEnum):
    """The exit codes of the commands that judge: `check`, `nta lookup` and `provider test`."""

    PASSED = 0
    """Every check passes; every recipient is ready; or the provider conforms."""
    FAILED = 1
    """A check fails (`--fail-on` says what counts as failing); a recipient is not ready; or a provider does
    not conform."""
    INVALID = 2
    """Wrong use or input, or a zone that cannot be written; nothing was checked."""
    UNDECIDED = 3
    """Nothing fails, but something could not be decided, since an answer did not come."""
    INTERRUPTED = 130
    """Ended by Ctrl-C (128 and the number of SIGINT, as shells count)."""


class InvalidInput(Exception):
    """The command line or the manifests cannot be used. `faults` has a line for each thing that is wrong."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults
