"""What the checks of DMARC reports can say."""

from __future__ import annotations

from mailseal.checks.model import Check, Outcome, Subject, Text, Verdict

REPORTS = Check(
    "dmarc.reports",
    Subject.DMARC,
    Text("DMARC reports are asked for", "Er wordt om DMARC-rapporten gevraagd"),
    "RFC 9989 section 4.7",
)
CONSENT = Check(
    "dmarc.consent",
    Subject.DMARC,
    Text(
        "Other organisations agreed to get the DMARC reports",
        "Andere organisaties hebben ingestemd met het ontvangen van de DMARC-rapporten",
    ),
    "RFC 9990 section 4",
)

REPORTS_ASKED = Verdict(
    REPORTS,
    "asked",
    Outcome.PASS,
    Text("DMARC reports go to {addresses}", "DMARC-rapporten gaan naar {addresses}"),
)
NO_REPORTS = Verdict(
    REPORTS,
    "none",
    Outcome.WARN,
    Text(
        "The DMARC record asks for no reports by mail: nobody sees which mail fails",
        "Het DMARC-record vraagt niet om rapporten per mail: niemand ziet welke mail faalt",
    ),
    Text(
        "Add rua=mailto: and an address that is read to the record at _dmarc.{name}",
        "Voeg aan het record op _dmarc.{name} rua=mailto: toe met een adres dat wordt gelezen",
    ),
)
UNDELIVERABLE = Verdict(
    REPORTS,
    "undeliverable",
    Outcome.WARN,
    Text(
        "DMARC reports go to {host}, which receives no mail: it has neither MX records nor an address",
        "DMARC-rapporten gaan naar {host}, dat geen mail ontvangt: het heeft geen MX-records en geen adres",
    ),
    Text(
        "Give an address in the record at _dmarc.{name} that receives mail",
        "Geef in het record op _dmarc.{name} een adres op dat mail ontvangt",
    ),
)
CONSENT_GIVEN = Verdict(
    CONSENT,
    "given",
    Outcome.PASS,
    Text(
        "{hosts} may get the DMARC reports of {name}",
        "{hosts} mag de DMARC-rapporten van {name} ontvangen",
    ),
)
CONSENT_MISSING = Verdict(
    CONSENT,
    "missing",
    Outcome.WARN,
    Text(
        "{host} has not agreed to get the DMARC reports of {name}, so that receivers do not send them there",
        "{host} heeft niet ingestemd met DMARC-rapporten van {name}; ontvangers sturen ze daar dus niet heen",
    ),
    Text(
        'Ask the administrator of {host} for a TXT record "v=DMARC1" at {name}._report._dmarc.{host}, or '
        "choose an address of your own domain",
        'Vraag de beheerder van {host} om een TXT-record "v=DMARC1" op {name}._report._dmarc.{host}, of kies '
        "een adres van het eigen domein",
    ),
)
CONSENT_UNANSWERED = Verdict(
    CONSENT,
    "unanswered",
    Outcome.UNKNOWN,
    Text(
        "Whether {host} agreed to get the DMARC reports of {name} is not known ({fault})",
        "Of {host} heeft ingestemd met de DMARC-rapporten van {name}, is niet bekend ({fault})",
    ),
    Text(
        "Look whether the name servers of {host} answer",
        "Ga na of de nameservers van {host} antwoorden",
    ),
)
