"""What the checks of several subjects say in the same words."""

from __future__ import annotations

from mailseal.checks.model import Check, Outcome, Text, Verdict

KEEP_ONE = Text(
    "Keep one of the records and remove the others", "Houd één record over en verwijder de andere"
)


def no_mail(check: Check) -> Verdict:
    """The verdict that the check is not for a domain that receives no mail (RFC 7505)."""
    return Verdict(
        check,
        "no-mail",
        Outcome.SKIP,
        Text(
            "{target} says with a null MX record that it receives no mail, and needs no such record",
            "{target} geeft met een null-MX-record aan geen mail te ontvangen en heeft dit record niet nodig",
        ),
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
            "Look whether the resolver that is used and the name servers for {name} answer",
            "Ga na of de gebruikte resolver en de nameservers voor {name} antwoorden",
        ),
    )
