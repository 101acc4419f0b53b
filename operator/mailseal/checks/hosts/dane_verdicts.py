"""What the checks of DANE can say. The code `missing` marks what a domain with DANE cannot be without."""

from __future__ import annotations

from mailseal.checks.model import Check, Outcome, Subject, Text, Verdict

CRITERIA = ("6.1.6", "6.1.9", "6.1.11", "6.1.16", "7.2")

MX = Check(
    "dane.mx",
    Subject.DANE,
    Text("The MX records are signed", "De MX-records zijn ondertekend"),
    "RFC 7672 section 2.2.1",
    CRITERIA,
)
HOST = Check(
    "dane.host",
    Subject.DANE,
    Text("The addresses of the mail server are signed", "De adressen van de mailserver zijn ondertekend"),
    "RFC 7672 section 2.2.2",
    CRITERIA,
)
TLSA = Check(
    "dane.tlsa",
    Subject.DANE,
    Text("There are signed TLSA records", "Er zijn ondertekende TLSA-records"),
    "RFC 7672 section 2.2.3",
    CRITERIA,
)
_MEND_SIGNATURES = Text(
    "Have whoever runs the name servers of {zone} sign it anew; the evidence says what is wrong",
    "Laat de beheerder van de nameservers van {zone} de zone opnieuw ondertekenen; de onderbouwing vermeldt "
    "wat er mis is",
)
_SIGN = Text(
    "Have whoever runs the name servers of {zone} switch DNSSEC on, or use a mail server whose name is in a "
    "signed zone",
    "Laat de beheerder van de nameservers van {zone} DNSSEC aanzetten, of gebruik een mailserver waarvan de "
    "naam in een ondertekende zone ligt",
)
_ASK_AGAIN = Text(
    "Look whether the name servers of {zone} answer, and check again later",
    "Ga na of de nameservers van {zone} antwoorden, en controleer later opnieuw",
)
NO_HOSTS = Verdict(
    MX,
    "no-hosts",
    Outcome.SKIP,
    Text("{target} names no server that receives mail", "{target} noemt geen server die mail ontvangt"),
)
MX_SIGNED = Verdict(
    MX,
    "signed",
    Outcome.PASS,
    Text("The MX records of {target} are signed", "De MX-records van {target} zijn ondertekend"),
)
MX_UNSIGNED = Verdict(
    MX,
    "missing",
    Outcome.WARN,
    Text(
        "The MX records of {target} are not signed with DNSSEC, so that DANE does not protect its mail",
        "De MX-records van {target} zijn niet ondertekend met DNSSEC, zodat DANE de mail niet beschermt",
    ),
    Text(
        "Have whoever runs the name servers of {target} switch DNSSEC on",
        "Laat de beheerder van de nameservers van {target} DNSSEC aanzetten",
    ),
)
MX_BOGUS = Verdict(
    MX,
    "bogus",
    Outcome.FAIL,
    Text(
        "The signatures of the MX records of {target} are wrong: servers that follow DANE do not deliver",
        "De handtekeningen van de MX-records van {target} kloppen niet: servers die DANE volgen, leveren "
        "niet af",
    ),
    _MEND_SIGNATURES,
)
MX_UNKNOWN = Verdict(
    MX,
    "unknown",
    Outcome.UNKNOWN,
    Text(
        "It is unknown whether the MX records of {target} are signed",
        "Het is onbekend of de MX-records van {target} ondertekend zijn",
    ),
    _ASK_AGAIN,
)
HOST_SIGNED = Verdict(
    HOST,
    "signed",
    Outcome.PASS,
    Text("The addresses of {target} are signed", "De adressen van {target} zijn ondertekend"),
)
HOST_UNSIGNED = Verdict(
    HOST,
    "missing",
    Outcome.WARN,
    Text(
        "The addresses of {target} are not signed with DNSSEC, so that DANE cannot protect mail to it",
        "De adressen van {target} zijn niet ondertekend met DNSSEC, zodat DANE mail hierheen niet kan "
        "beschermen",
    ),
    _SIGN,
)
HOST_BOGUS = Verdict(
    HOST,
    "bogus",
    Outcome.FAIL,
    Text(
        "The signatures of the addresses of {target} are wrong: servers that follow DANE do not deliver",
        "De handtekeningen van de adressen van {target} kloppen niet: servers die DANE volgen, leveren "
        "niet af",
    ),
    _MEND_SIGNATURES,
)
HOST_UNKNOWN = Verdict(
    HOST,
    "unknown",
    Outcome.UNKNOWN,
    Text(
        "It is unknown whether the addresses of {target} are signed",
        "Het is onbekend of de adressen van {target} ondertekend zijn",
    ),
    _ASK_AGAIN,
)
FOUND = Verdict(
    TLSA,
    "found",
    Outcome.PASS,
    Text("There are signed TLSA records at {name}", "Er staan ondertekende TLSA-records op {name}"),
)
MISSING = Verdict(
    TLSA,
    "missing",
    Outcome.WARN,
    Text(
        "There are no signed TLSA records at {name}, so that DANE does not protect mail to {target}",
        "Er staan geen ondertekende TLSA-records op {name}, zodat DANE mail naar {target} niet beschermt",
    ),
    Text(
        "Have whoever runs {target} publish TLSA records at {name}, such as 3 1 1 with the SHA-256 of its "
        "key",
        "Laat de beheerder van {target} TLSA-records publiceren op {name}, zoals 3 1 1 met de SHA-256 van de "
        "sleutel",
    ),
)
BOGUS = Verdict(
    TLSA,
    "bogus",
    Outcome.FAIL,
    Text(
        "The signatures at {name} are wrong: servers that follow DANE do not deliver to {target}",
        "De handtekeningen op {name} kloppen niet: servers die DANE volgen, leveren niet af bij {target}",
    ),
    _MEND_SIGNATURES,
)
UNKNOWN = Verdict(
    TLSA,
    "unknown",
    Outcome.UNKNOWN,
    Text(
        "It is unknown whether there are signed TLSA records at {name}",
        "Het is onbekend of er ondertekende TLSA-records staan op {name}",
    ),
    _ASK_AGAIN,
)
