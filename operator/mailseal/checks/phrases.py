"""What the checks of several subjects say in the same words."""

from __future__ import annotations

from mailseal.checks.model import Check, Outcome, Text, Verdict

KEEP_ONE = Text(
    "Keep one of the records and remove the others", "Houd één record over en verwijder de andere"
)


def unanswered(check: Check, code: str = "unanswered") -> Verdict:
    """The verdict that no answer came for `{name}`, because of `{fault}`."""
    return Verdict(
        check,
        code,
        Outcome.UNKNOWN,
        Text(
            "No usable answer came for {name} ({fault})",
            "Er kwam geen bruikbaar antwoord voor {name} ({fault})",
        ),
        Text(
            "Look whether the name servers for {name} answer",
            "Ga na of de nameservers voor {name} antwoorden",
        ),
    )
