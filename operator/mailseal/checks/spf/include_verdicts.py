"""What the check of the records that an SPF record leads to can say."""

from __future__ import annotations

from mailseal.checks.model import Check, Outcome, Subject, Text, Verdict
from mailseal.checks.spf.record_verdicts import CRITERIA

INCLUDES = Check(
    "spf.includes",
    Subject.SPF,
    Text("All included SPF records can be used", "Alle overgenomen SPF-records zijn bruikbaar"),
    "RFC 7208 section 5.2",
    CRITERIA,
)
_CORRECT = Text(
    "Remove {term}, or correct its name; when it is right, tell the owner of {name}",
    "Verwijder {term}, of verbeter de naam; als die klopt, waarschuw dan de eigenaar van {name}",
)
NOTHING_INCLUDED = Verdict(
    INCLUDES,
    "none",
    Outcome.PASS,
    Text(
        "The SPF record of {target} includes no other record",
        "Het SPF-record van {target} neemt geen ander record over",
    ),
)
ALL_USABLE = Verdict(
    INCLUDES,
    "usable",
    Outcome.PASS,
    Text(
        "All records that the SPF record of {target} leads to can be used ({count})",
        "Alle records waarnaar het SPF-record van {target} verwijst, zijn bruikbaar ({count})",
    ),
)
NO_RECORD = Verdict(
    INCLUDES,
    "no-record",
    Outcome.FAIL,
    Text(
        "The SPF record of {target} leads through {term} to {name}, which has no SPF record: "
        "receivers give up",
        "Het SPF-record van {target} verwijst via {term} naar {name}, dat geen SPF-record heeft: ontvangers "
        "geven het op",
    ),
    _CORRECT,
)
SEVERAL_RECORDS = Verdict(
    INCLUDES,
    "several",
    Outcome.FAIL,
    Text(
        "The SPF record of {target} leads through {term} to {name}, which has several SPF records: receivers "
        "give up",
        "Het SPF-record van {target} verwijst via {term} naar {name}, dat meerdere SPF-records heeft: "
        "ontvangers geven het op",
    ),
    _CORRECT,
)
INVALID_RECORD = Verdict(
    INCLUDES,
    "invalid",
    Outcome.FAIL,
    Text(
        "The SPF record of {target} leads through {term} to {name}, whose SPF record has an error: receivers "
        "give up",
        "Het SPF-record van {target} verwijst via {term} naar {name}, waarvan het SPF-record een fout heeft: "
        "ontvangers geven het op",
    ),
    _CORRECT,
)
NO_NAME = Verdict(
    INCLUDES,
    "malformed-name",
    Outcome.FAIL,
    Text(
        "The SPF record of {target} leads through {term} to {name}, a name that cannot exist: "
        "receivers give up",
        "Het SPF-record van {target} verwijst via {term} naar {name}, een naam die niet kan bestaan: "
        "ontvangers "
        "geven het op",
    ),
    _CORRECT,
)
UNANSWERED_RECORD = Verdict(
    INCLUDES,
    "unanswered",
    Outcome.UNKNOWN,
    Text(
        "No usable answer came for the SPF record of {name}, which that of {target} leads to",
        "Er kwam geen bruikbaar antwoord voor het SPF-record van {name}, waarnaar dat van {target} verwijst",
    ),
    Text(
        "Check again later; if it stays so, tell the owner of {name}",
        "Controleer het later opnieuw; blijft het zo, waarschuw dan de eigenaar van {name}",
    ),
)
LOOP = Verdict(
    INCLUDES,
    "loop",
    Outcome.FAIL,
    Text(
        "The SPF record of {target} leads round in a circle ({names}), so that receivers give up",
        "Het SPF-record van {target} verwijst in een kring ({names}), zodat ontvangers het opgeven",
    ),
    Text(
        "Remove the include or redirect that closes the circle",
        "Verwijder de include of redirect die de kring sluit",
    ),
)
TWICE = Verdict(
    INCLUDES,
    "twice",
    Outcome.WARN,
    Text(
        "The SPF record of {target} leads to {names} more than once, which wastes look-ups",
        "Het SPF-record van {target} verwijst meer dan eens naar {names}, wat DNS-lookups verspilt",
    ),
    Text("Keep one of the includes", "Houd één van de includes over"),
)
DEPENDS = Verdict(
    INCLUDES,
    "depends-on-sender",
    Outcome.SKIP,
    Text(
        "The SPF record of {target} has {terms}, whose name depends on the sender: what it leads to was not "
        "looked at and not counted",
        "Het SPF-record van {target} bevat {terms}, waarvan de naam van de verzender afhangt: wat daarachter "
        "staat, is niet bekeken en niet meegeteld",
    ),
)
