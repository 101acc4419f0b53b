"""What every DNS backend must do alike, as cases that run on any provider: in tests and on live zones."""

from __future__ import annotations

from mailseal.conformance.bench import Bench, Hand, Opener
from mailseal.conformance.cases import CASES
from mailseal.conformance.counting import CallCounter
from mailseal.conformance.model import Case, Inapplicable, NotConform, OutOfDate, run_case

__all__ = [
    "CASES",
    "Bench",
    "CallCounter",
    "Case",
    "Hand",
    "Inapplicable",
    "NotConform",
    "Opener",
    "OutOfDate",
    "run_case",
]
