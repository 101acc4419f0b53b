"""What the checks of the records that name mail servers can say."""

from __future__ import annotations

from mailseal.checks.model import Check, Outcome, Subject, Text, Verdict
from mailseal.checks.phrases import unanswered

MX_PRESENT = Check(
    "mx.present",
    Subject.MX,
    Text("The domain says which servers receive its mail", "Het domein zegt welke servers de mail ontvangen"),
    "RFC 5321 section 5.1",
)
MX_NULL = Check(
    "mx.null",
    Subject.MX,
    Text("A null MX record stands alone", "Een null-MX-record staat alleen"),
    "RFC 7505 section 3",
)
NTAMX_PRESENT = Check(
    "ntamx.present",
    Subject.NTAMX,
    Text(
        "It is known which servers receive NTA 7516 mail", "Bekend is welke servers NTA 7516-mail ontvangen"
    ),
    "NTA 7516 DNS record, in force since 1 September 2020",
    ("6.1.6", "6.1.9"),
)
_PUBLISH_MX = Text(
    "Publish an MX record that names the mail server of {target}, or, if it receives no mail, the null MX "
    'record "0 ."',
    "Publiceer een MX-record dat de mailserver van {target} noemt, of, als het geen mail ontvangt, het "
    'null-MX-record "0 ."',
)

FOUND = Verdict(
    MX_PRESENT,
    "found",
    Outcome.PASS,
    Text("Mail for {target} goes to {hosts}", "Mail voor {target} gaat naar {hosts}"),
)
IMPLICIT = Verdict(
    MX_PRESENT,
    "implicit",
    Outcome.WARN,
    Text(
        "{target} has no MX record, so that mail goes to the address of {target} itself",
        "{target} heeft geen MX-record, zodat mail naar het adres van {target} zelf gaat",
    ),
    _PUBLISH_MX,
)
NO_MAIL = Verdict(
    MX_PRESENT,
    "no-mail",
    Outcome.PASS,
    Text(
        "{target} says with a null MX record that it receives no mail",
        "{target} zegt met een null-MX-record dat het geen mail ontvangt",
    ),
)
MISSING = Verdict(
    MX_PRESENT,
    "missing",
    Outcome.FAIL,
    Text(
        "{target} has neither MX records nor an address, so that it cannot receive mail",
        "{target} heeft geen MX-records en ook geen adres, zodat het geen mail kan ontvangen",
    ),
    _PUBLISH_MX,
)
UNANSWERED = unanswered(MX_PRESENT)
NULL_ALONE = Verdict(
    MX_NULL,
    "alone",
    Outcome.PASS,
    Text("The null MX record of {target} stands alone", "Het null-MX-record van {target} staat alleen"),
)
NULL_BESIDE_OTHERS = Verdict(
    MX_NULL,
    "beside-others",
    Outcome.FAIL,
    Text(
        "{target} has a null MX record, which says that it receives no mail, and other MX records beside it",
        "{target} heeft een null-MX-record, dat zegt dat het geen mail ontvangt, en daarnaast andere "
        "MX-records",
    ),
    Text(
        'Remove the record "0 ." if {target} receives mail, else the others',
        'Verwijder het record "0 ." als {target} mail ontvangt, en anders de overige',
    ),
)

NTA_NAMED = Verdict(
    NTAMX_PRESENT,
    "named",
    Outcome.PASS,
    Text("NTA 7516 mail for {target} goes to {hosts}", "NTA 7516-mail voor {target} gaat naar {hosts}"),
)
NTA_BY_MX = Verdict(
    NTAMX_PRESENT,
    "by-mx",
    Outcome.PASS,
    Text(
        "The NTA 7516 record of {target} names no servers: such mail goes to its mail servers {hosts}",
        "Het NTA 7516-record van {target} noemt geen servers: zulke mail gaat naar de mailservers {hosts}",
    ),
)
NTA_NO_RECORD = Verdict(
    NTAMX_PRESENT,
    "no-record",
    Outcome.SKIP,
    Text("{target} has no NTA 7516 record", "{target} heeft geen NTA 7516-record"),
)
NTA_UNREADABLE = Verdict(
    NTAMX_PRESENT,
    "unreadable",
    Outcome.SKIP,
    Text(
        "The NTA 7516 record of {target} does not say clearly which servers receive such mail",
        "Het NTA 7516-record van {target} zegt niet duidelijk welke servers zulke mail ontvangen",
    ),
    Text(
        "Publish exactly one NTA 7516 record in the form of 1 September 2020",
        "Publiceer precies één NTA 7516-record in de vorm van 1 september 2020",
    ),
)
NTA_NO_HOSTS = Verdict(
    NTAMX_PRESENT,
    "no-hosts",
    Outcome.FAIL,
    Text(
        "{target} has an NTA 7516 record, but neither that record nor its MX records name a server that "
        "receives such mail",
        "{target} heeft een NTA 7516-record, maar noch dat record noch de MX-records noemen een server die "
        "zulke mail ontvangt",
    ),
    Text(
        "Add ntamx with the provider's server to the record, or publish MX records",
        "Voeg aan het record ntamx toe met de server van de aanbieder, of publiceer MX-records",
    ),
)
NTA_UNANSWERED = unanswered(NTAMX_PRESENT)
