"""What the checks of the NTA 7516 record can say."""

from __future__ import annotations

from mailseal.checks.model import Check, Outcome, Subject, Text, Verdict
from mailseal.checks.phrases import no_mail, unanswered

RECORD = Check(
    "nta7516.record",
    Subject.NTA7516,
    Text("There is one NTA 7516 record", "Er is één NTA 7516-record"),
    "NTA 7516 DNS record, in force since 1 September 2020",
)
SYNTAX = Check(
    "nta7516.syntax",
    Subject.NTA7516,
    Text("The NTA 7516 record is written rightly", "Het NTA 7516-record is juist geschreven"),
    "NTA 7516 DNS record, in force since 1 September 2020",
)
DATES = Check(
    "nta7516.dates",
    Subject.NTA7516,
    Text("The NTA 7516 record holds for at most three years", "Het NTA 7516-record geldt hooguit drie jaar"),
    "NTA 7516 DNS record, in force since 1 September 2020",
)
VALIDITY = Check(
    "nta7516.validity",
    Subject.NTA7516,
    Text("The NTA 7516 record is valid today", "Het NTA 7516-record is vandaag geldig"),
    "NTA 7516 section 6.4.1",
    ("6.4.1",),
)
_FORM = '"v=NTA7516-1;startdate=YYYY-MM;enddate=YYYY-MM;provider=NAME;ntamx=10 HOST"'
_FORM_NL = '"v=NTA7516-1;startdate=JJJJ-MM;enddate=JJJJ-MM;provider=NAAM;ntamx=10 HOST"'
_NEW_RECORD = Text(
    f"Publish the record anew in the form {_FORM}",
    f"Publiceer het record opnieuw in de vorm {_FORM_NL}",
)

UNANSWERED = unanswered(RECORD)
NO_MAIL = no_mail(RECORD)
MISSING = Verdict(
    RECORD,
    "missing",
    Outcome.FAIL,
    Text(
        "{target} has no NTA 7516 record: other care organisations cannot tell that it is ready",
        "{target} heeft geen NTA 7516-record: andere zorgorganisaties kunnen niet zien dat het gereed is",
    ),
    Text(
        "Once the self-declaration is signed, and SPF, DKIM, DMARC, DNSSEC and TLS are in order, publish one "
        f"TXT record at {{target}}: {_FORM}",
        "Publiceer, zodra de zelfverklaring is ondertekend en SPF, DKIM, DMARC, DNSSEC en TLS in orde zijn, "
        f"één TXT-record op {{target}}: {_FORM_NL}",
    ),
)
SEVERAL = Verdict(
    RECORD,
    "several",
    Outcome.FAIL,
    Text(
        "{target} has {count} NTA 7516 records; which of them counts cannot be told",
        "{target} heeft {count} NTA 7516-records; welk daarvan geldt, is niet vast te stellen",
    ),
    Text(
        "Keep the record that is valid today and remove the others",
        "Houd het record over dat vandaag geldig is en verwijder de andere",
    ),
)
FOUND = Verdict(
    RECORD,
    "found",
    Outcome.PASS,
    Text("{target} has one NTA 7516 record", "{target} heeft één NTA 7516-record"),
)
WELL_FORMED = Verdict(
    SYNTAX,
    "well-formed",
    Outcome.PASS,
    Text(
        "The NTA 7516 record of {target} is written rightly",
        "Het NTA 7516-record van {target} is juist geschreven",
    ),
)
ODD = Verdict(
    SYNTAX,
    "odd",
    Outcome.WARN,
    Text(
        "The NTA 7516 record of {target} can be read, but departs from the usual form; not every provider "
        "may understand it",
        "Het NTA 7516-record van {target} is leesbaar, maar wijkt af van de gebruikelijke vorm; mogelijk "
        "begrijpt niet elke aanbieder het",
    ),
    _NEW_RECORD,
)
OLD_DIALECT = Verdict(
    SYNTAX,
    "old-dialect",
    Outcome.FAIL,
    Text(
        "The NTA 7516 record of {target} has the form from before 1 September 2020, which no longer counts",
        "Het NTA 7516-record van {target} heeft de vorm van vóór 1 september 2020, die niet meer geldt",
    ),
    _NEW_RECORD,
)
INVALID = Verdict(
    SYNTAX,
    "invalid",
    Outcome.FAIL,
    Text(
        "The NTA 7516 record of {target} is not valid",
        "Het NTA 7516-record van {target} is ongeldig",
    ),
    _NEW_RECORD,
)
GOOD_SPAN = Verdict(
    DATES,
    "good-span",
    Outcome.PASS,
    Text(
        "Start month {start}, end month {end}: {months} of at most {limit} months",
        "Beginmaand {start}, eindmaand {end}: {months} van hooguit {limit} maanden",
    ),
)
LONG_SPAN = Verdict(
    DATES,
    "long-span",
    Outcome.WARN,
    Text(
        "Start month {start}, end month {end}: {months} months, more than {limit}",
        "Beginmaand {start}, eindmaand {end}: {months} maanden, meer dan {limit}",
    ),
    Text(
        "Choose an end month at most {limit} months after the start month",
        "Kies een eindmaand die hooguit {limit} maanden na de beginmaand ligt",
    ),
)
VALID = Verdict(
    VALIDITY,
    "valid",
    Outcome.PASS,
    Text(
        "The NTA 7516 record of {target} is valid through {day} (days left: {days})",
        "Het NTA 7516-record van {target} is geldig tot en met {day} (resterende dagen: {days})",
    ),
)
ENDS_SOON = Verdict(
    VALIDITY,
    "ends-soon",
    Outcome.WARN,
    Text(
        "The NTA 7516 record of {target} ends soon, after {day}",
        "Het NTA 7516-record van {target} verloopt binnenkort, na {day}",
    ),
    Text(
        "Renew the self-declaration and then the record before {day}",
        "Vernieuw vóór {day} de zelfverklaring en daarna het record",
    ),
)
NOT_YET = Verdict(
    VALIDITY,
    "not-yet",
    Outcome.FAIL,
    Text(
        "The NTA 7516 record of {target} is not valid before {day}",
        "Het NTA 7516-record van {target} is pas geldig vanaf {day}",
    ),
    Text(
        "Take the current month as start month where the domain is ready today",
        "Neem de huidige maand als beginmaand als het domein vandaag gereed is",
    ),
)
EXPIRED = Verdict(
    VALIDITY,
    "expired",
    Outcome.FAIL,
    Text(
        "The NTA 7516 record of {target} ended on {day}",
        "Het NTA 7516-record van {target} is op {day} verlopen",
    ),
    Text(
        "Renew the self-declaration and replace the record by one with new months",
        "Vernieuw de zelfverklaring en vervang het record door een met nieuwe maanden",
    ),
)
