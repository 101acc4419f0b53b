"""What the check of the end of an SPF record can say."""

from __future__ import annotations

from mailseal.checks.model import Check, Outcome, Subject, Text, Verdict
from mailseal.checks.spf.record_verdicts import CRITERIA

ALL = Check(
    "spf.all",
    Subject.SPF,
    Text("The SPF record refuses other servers", "Het SPF-record weigert andere servers"),
    "RFC 7208 section 5.1",
    CRITERIA,
)
_END = Text(
    "List all servers that send mail of {target}, then end the record with -all or ~all",
    "Noem alle servers die mail van {target} versturen en sluit het record daarna af met -all of ~all",
)
FAILS_OTHERS = Verdict(
    ALL,
    "fail",
    Outcome.PASS,
    Text(
        "The SPF record of {target} ends in -all: other servers may not send its mail",
        "Het SPF-record van {target} eindigt op -all: andere servers mogen geen mail van dit domein "
        "versturen",
    ),
)
SOFTFAILS_OTHERS = Verdict(
    ALL,
    "softfail",
    Outcome.PASS,
    Text(
        "The SPF record of {target} ends in ~all: mail from other servers is suspect",
        "Het SPF-record van {target} eindigt op ~all: mail van andere servers is verdacht",
    ),
)
NEUTRAL = Verdict(
    ALL,
    "neutral",
    Outcome.FAIL,
    Text(
        "The SPF record of {target} ends in ?all, so that it says nothing of other servers",
        "Het SPF-record van {target} eindigt op ?all, zodat het niets zegt over andere servers",
    ),
    _END,
)
PASSES_ALL = Verdict(
    ALL,
    "pass",
    Outcome.FAIL,
    Text(
        "The SPF record of {target} ends in +all: every server in the world may send its mail",
        "Het SPF-record van {target} eindigt op +all: elke server ter wereld mag mail van dit domein "
        "versturen",
    ),
    _END,
)
NO_ALL = Verdict(
    ALL,
    "missing",
    Outcome.FAIL,
    Text(
        "The SPF record of {target} has no all at its end, so that it says nothing of other servers",
        "Het SPF-record van {target} eindigt niet op all, zodat het niets zegt over andere servers",
    ),
    _END,
)
PASSING_INCLUDE = Verdict(
    ALL,
    "passing-include",
    Outcome.FAIL,
    Text(
        "The SPF record of {target} includes a record that ends in +all ({terms}), so that every server in "
        "the world may send its mail",
        "Het SPF-record van {target} neemt een record over dat op +all eindigt ({terms}), zodat elke "
        "server ter "
        "wereld mail van dit domein mag versturen",
    ),
    Text(
        "Remove the include, or ask its owner to end that record with -all or ~all",
        "Verwijder de include, of vraag de eigenaar om dat record af te sluiten met -all of ~all",
    ),
)
UNREACHED = Verdict(
    ALL,
    "unreached",
    Outcome.WARN,
    Text(
        "In the SPF record of {target} receivers never get to {terms}, which stands after all",
        "In het SPF-record van {target} komen ontvangers niet toe aan {terms}, want dat staat na all",
    ),
    Text(
        "Move {terms} before all, or remove it",
        "Zet {terms} vóór all, of verwijder het",
    ),
)
REDIRECT_IGNORED = Verdict(
    ALL,
    "redirect-ignored",
    Outcome.WARN,
    Text(
        "In the SPF record of {target} receivers ignore {terms}, since the record has an all",
        "In het SPF-record van {target} negeren ontvangers {terms}, omdat het record een all heeft",
    ),
    Text(
        "Remove either redirect or all; use include to add the servers of another record",
        "Verwijder redirect of all; gebruik include om de servers van een ander record toe te voegen",
    ),
)
UNDECIDED = Verdict(
    ALL,
    "undecided",
    Outcome.UNKNOWN,
    Text(
        "What the SPF record of {target} says of other servers stands in a record that redirect "
        "leads to, and "
        "that is not to be had",
        "Wat het SPF-record van {target} over andere servers zegt, staat in een record waar redirect naar "
        "verwijst en dat niet beschikbaar is",
    ),
    Text(
        "Look at the record that redirect names, or write the terms in the record of {target} itself",
        "Controleer het record waar redirect naar verwijst, of zet de onderdelen in het record van "
        "{target} zelf",
    ),
)
