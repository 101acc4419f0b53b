"""What can be said of a mail server's encryption and of its certificate."""

from __future__ import annotations

from mailseal.checks.hosts.both import checks_of, verdicts_of
from mailseal.checks.model import Outcome, Text

_STARTTLS = checks_of(
    "starttls",
    Text("The mail server offers encryption", "De mailserver biedt versleuteling aan"),
    "RFC 3207 section 4",
)
_TLS = checks_of(
    "tls",
    Text("The mail server offers current versions of TLS", "De mailserver biedt actuele TLS-versies aan"),
    "RFC 8996 and RFC 9325 section 3.1.1",
)
_CERTIFICATE = checks_of(
    "certificate",
    Text("The certificate of the mail server is in order", "Het certificaat van de mailserver is in orde"),
    "RFC 9525 section 6 and RFC 5280 section 6",
)

ENCRYPTS = verdicts_of(
    _STARTTLS,
    "works",
    Outcome.PASS,
    Text(
        "{target} offers encryption (STARTTLS), and it works",
        "{target} biedt versleuteling aan (STARTTLS) en die werkt",
    ),
)
NOT_OFFERED = verdicts_of(
    _STARTTLS,
    "not-offered",
    Outcome.FAIL,
    Text(
        "{target} offers no encryption (STARTTLS): mail to it can be read on the way",
        "{target} biedt geen versleuteling aan (STARTTLS): mail hierheen is onderweg te lezen",
    ),
    Text(
        "Give the mail server a certificate and switch STARTTLS on",
        "Geef de mailserver een certificaat en zet STARTTLS aan",
    ),
)
BROKEN = verdicts_of(
    _STARTTLS,
    "broken",
    Outcome.FAIL,
    Text(
        "{target} offers encryption (STARTTLS), but no encrypted connection comes of it",
        "{target} biedt versleuteling aan (STARTTLS), maar er komt geen versleutelde verbinding tot stand",
    ),
    Text(
        "Look whether the mail server can read its certificate and key, and what its log says",
        "Ga na of de mailserver het certificaat en de sleutel kan lezen, en wat het logboek zegt",
    ),
)
NOT_SEEN = verdicts_of(
    _STARTTLS,
    "not-seen",
    Outcome.UNKNOWN,
    Text(
        "{target} went silent before its encryption could be looked at",
        "{target} antwoordde niet meer voordat de versleuteling te bekijken was",
    ),
    Text("Check again later", "Controleer het later opnieuw"),
)

CURRENT_TLS = verdicts_of(
    _TLS, "current", Outcome.PASS, Text("{target} offers {versions}", "{target} biedt {versions} aan")
)
OLD_TLS_TOO = verdicts_of(
    _TLS,
    "old-too",
    Outcome.WARN,
    Text(
        "{target} still offers outdated versions of TLS: {versions}",
        "{target} biedt nog verouderde TLS-versies aan: {versions}",
    ),
    Text(
        "Switch TLS 1.0 and TLS 1.1 off in the mail server",
        "Zet TLS 1.0 en TLS 1.1 uit in de mailserver",
    ),
)
OLD_TLS_ONLY = verdicts_of(
    _TLS,
    "old-only",
    Outcome.FAIL,
    Text(
        "{target} offers only outdated versions of TLS: {versions}",
        "{target} biedt alleen verouderde TLS-versies aan: {versions}",
    ),
    Text(
        "Switch TLS 1.2 and TLS 1.3 on in the mail server; an old one may need an update",
        "Zet TLS 1.2 en TLS 1.3 aan in de mailserver; een oude mailserver moet misschien eerst worden "
        "bijgewerkt",
    ),
)
TLS_UNDECIDED = verdicts_of(
    _TLS,
    "undecided",
    Outcome.UNKNOWN,
    Text(
        "{target} went silent before all versions of TLS could be tried; seen: {versions}",
        "{target} antwoordde niet meer voordat alle TLS-versies geprobeerd waren; gezien: {versions}",
    ),
    Text("Check again later", "Controleer het later opnieuw"),
)

GOOD_CERTIFICATE = verdicts_of(
    _CERTIFICATE,
    "good",
    Outcome.PASS,
    Text(
        "The certificate of {target} names it, is trusted and holds until {until}",
        "Het certificaat van {target} noemt deze naam, wordt vertrouwd en is geldig tot {until}",
    ),
)
_RENEW = Text(
    "Have the certificate of {target} renewed, and see to it that this happens by itself",
    "Laat het certificaat van {target} vernieuwen en zorg dat dit voortaan vanzelf gebeurt",
)
ENDS_SOON = verdicts_of(
    _CERTIFICATE,
    "ends-soon",
    Outcome.WARN,
    Text(
        "The certificate of {target} holds only until {until}",
        "Het certificaat van {target} is nog maar geldig tot {until}",
    ),
    _RENEW,
)
EXPIRED = verdicts_of(
    _CERTIFICATE,
    "expired",
    Outcome.FAIL,
    Text(
        "The certificate of {target} expired on {until}",
        "Het certificaat van {target} is verlopen op {until}",
    ),
    _RENEW,
)
NOT_YET_VALID = verdicts_of(
    _CERTIFICATE,
    "not-yet-valid",
    Outcome.FAIL,
    Text(
        "The certificate of {target} is not valid before {since}",
        "Het certificaat van {target} is niet geldig vóór {since}",
    ),
    Text(
        "Look at the clock of whoever issued it, or use the certificate before it a while longer",
        "Controleer de klok van de uitgever, of gebruik het vorige certificaat nog even",
    ),
)
WRONG_NAME = verdicts_of(
    _CERTIFICATE,
    "wrong-name",
    Outcome.WARN,
    Text(
        "The certificate of {target} is for other names: {names}; senders that follow MTA-STS refuse it",
        "Het certificaat van {target} staat op andere namen: {names}; verzenders die MTA-STS volgen, "
        "weigeren het",
    ),
    Text(
        "Get a certificate that names {target}",
        "Vraag een certificaat aan dat {target} noemt",
    ),
)
UNTRUSTED = verdicts_of(
    _CERTIFICATE,
    "untrusted",
    Outcome.WARN,
    Text(
        "The certificate of {target} does not come from a trusted authority; senders that follow MTA-STS "
        "refuse it, those that follow DANE may accept it",
        "Het certificaat van {target} komt niet van een vertrouwde uitgever; verzenders die MTA-STS volgen, "
        "weigeren het, verzenders die DANE volgen, kunnen het accepteren",
    ),
    Text(
        "Use a certificate of a public authority and send its intermediate certificates along, or publish "
        "TLSA records for this one",
        "Gebruik een certificaat van een publieke uitgever en stuur de tussenliggende certificaten mee, of "
        "publiceer TLSA-records voor dit certificaat",
    ),
)
NO_CERTIFICATE = verdicts_of(
    _CERTIFICATE,
    "unreadable",
    Outcome.FAIL,
    Text(
        "{target} shows no certificate that can be read",
        "{target} toont geen leesbaar certificaat",
    ),
    _RENEW,
)
