"""All cases, in the order in which they run."""

from __future__ import annotations

from typing import Final

from mailseal.conformance.cases import aliases, batches, costs, hidden, races, sharedsets, values, zones
from mailseal.conformance.model import Case

CASES: Final[tuple[Case, ...]] = (
    *zones.cases(),
    *values.cases(),
    *sharedsets.cases(),
    *races.cases(),
    *aliases.cases(),
    *batches.cases(),
    *hidden.cases(),
    *costs.cases(),
)
