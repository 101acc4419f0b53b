"""The criteria of NTA 7516 that a professional's mail domain is held to, and what of them can be measured.

The list is that of the professional's side. The norm's own text is not repeated: each criterion has its
number and what mailseal looks at for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mailseal.checks.model import Text


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion for which something can be measured from outside."""

    number: str
    measured: Text
    """What mailseal looks at for it."""


REVIEWED: Final = "6.4.1"
"""The criterion of continuous monitoring and of the reviews."""
_SIGNING = Text("DKIM signatures of the own domain", "DKIM-handtekeningen van het eigen domein")
_SENDING = Text("SPF, DKIM and DMARC of the sender", "SPF, DKIM en DMARC van de verzender")
_TRANSPORT = Text(
    "DNSSEC, DANE and TLS of the receiving servers", "DNSSEC, DANE en TLS van de ontvangende servers"
)

MEASURED: Final = (
    Criterion("6.1.5", _SIGNING),
    Criterion("6.1.6", _TRANSPORT),
    Criterion("6.1.7", _SENDING),
    Criterion("6.1.9", _TRANSPORT),
    Criterion("6.1.11", _TRANSPORT),
    Criterion("6.1.13", _SENDING),
    Criterion("6.1.16", _TRANSPORT),
    Criterion(
        REVIEWED,
        Text(
            "A valid NTA 7516 record; the reviews stand in a table of their own",
            "Een geldig NTA 7516-record; de beoordelingen staan in een eigen tabel",
        ),
    ),
    Criterion("7.2", _TRANSPORT),
)
"""The columns of the matrix."""

MEASUREMENTS: Final = tuple(
    (text, tuple(criterion.number for criterion in MEASURED if criterion.measured == text))
    for text in dict.fromkeys(criterion.measured for criterion in MEASURED)
)
"""Each thing that is looked at, with the criteria for which it counts."""

NOT_MEASURED: Final = (
    *("6.1.1", "6.1.8", "6.1.12", "6.2.1", "6.2.2.1", "6.3", "6.4", "6.5"),
    *("7.1", "7.3", "7.4", "7.5", "7.6"),
)
"""Criteria that no look from outside decides: the organisation keeps its own evidence."""
