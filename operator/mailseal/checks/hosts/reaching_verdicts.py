"""What can be said of reaching a mail server."""

from __future__ import annotations

from mailseal.checks.hosts.both import Verdicts, checks_of, verdicts_of
from mailseal.checks.model import Outcome, Text
from mailseal.checks.phrases import unanswered

_RESOLVES = checks_of(
    "resolves",
    Text("The mail server has an address", "De mailserver heeft een adres"),
    "RFC 5321 section 5.1",
)
_REACHABLE = checks_of(
    "reachable",
    Text("The mail server can be reached", "De mailserver is bereikbaar"),
    "RFC 5321 section 3.1",
)
RESOLVED = verdicts_of(
    _RESOLVES, "found", Outcome.PASS, Text("{target} has an address", "{target} heeft een adres")
)
ALIAS = verdicts_of(
    _RESOLVES,
    "alias",
    Outcome.WARN,
    Text(
        "{target} is an alias (CNAME) of {alias}, which the name of a mail server must not be",
        "{target} is een alias (CNAME) van {alias}, en dat mag de naam van een mailserver niet zijn",
    ),
    Text(
        "Name {alias} itself in the record, or give {target} addresses of its own",
        "Noem {alias} zelf in het record, of geef {target} eigen adressen",
    ),
)
NO_ADDRESS = verdicts_of(
    _RESOLVES,
    "no-address",
    Outcome.FAIL,
    Text("{target} has no address in DNS", "{target} heeft geen adres in DNS"),
    Text(
        "Publish an A or AAAA record for {target}, or remove it from the record that names it",
        "Publiceer een A- of AAAA-record voor {target}, of haal deze naam uit het record dat hem noemt",
    ),
)
NOT_ROUTED = verdicts_of(
    _REACHABLE,
    "not-routed",
    Outcome.FAIL,
    Text(
        "{target} has only addresses that the Internet does not route, such as private ones",
        "{target} heeft alleen adressen die niet via internet te bereiken zijn, zoals privéadressen",
    ),
    Text(
        "Publish the address at which {target} can be reached from the Internet",
        "Publiceer het adres waarop {target} vanaf internet te bereiken is",
    ),
)
UNRESOLVED: Verdicts = {subject: unanswered(check) for subject, check in _RESOLVES.items()}

ANSWERS = verdicts_of(
    _REACHABLE, "answers", Outcome.PASS, Text("{target} answers on port 25", "{target} antwoordt op poort 25")
)
PARTLY = verdicts_of(
    _REACHABLE,
    "partly",
    Outcome.WARN,
    Text(
        "{target} answers, but not at each of its addresses: {silent}",
        "{target} antwoordt, maar niet op elk adres: {silent}",
    ),
    Text(
        "Remove the addresses at which no mail server runs, or start it there",
        "Verwijder de adressen waarop geen mailserver draait, of start die daar",
    ),
)
REFUSED = verdicts_of(
    _REACHABLE,
    "refused",
    Outcome.FAIL,
    Text("{target} refuses connections to port 25", "{target} weigert verbindingen met poort 25"),
    Text(
        "Start the mail server, and let the firewall pass port 25 from everywhere",
        "Start de mailserver en laat de firewall poort 25 van overal door",
    ),
)
NO_SMTP = verdicts_of(
    _REACHABLE,
    "no-smtp",
    Outcome.FAIL,
    Text(
        "{target} accepts connections to port 25, but does not speak SMTP as it should",
        "{target} accepteert verbindingen met poort 25, maar spreekt geen goed SMTP",
    ),
    Text(
        "Look in the log of the mail server, and whether something in between answers in its place",
        "Kijk in het logboek van de mailserver, en ga na of er iets tussen zit dat in zijn plaats antwoordt",
    ),
)
TURNED_AWAY = verdicts_of(
    _REACHABLE,
    "turned-away",
    Outcome.UNKNOWN,
    Text(
        "{target} turns us away, so that nothing more is known of it",
        "{target} wijst ons af, zodat er verder niets over bekend is",
    ),
    Text(
        "If the evidence speaks of a block list, have this machine's address removed from it, or check from "
        "another place",
        "Als de onderbouwing een blokkadelijst noemt, laat het adres van deze computer daar dan van afhalen, "
        "of controleer vanaf een andere plek",
    ),
)
TIMED_OUT = verdicts_of(
    _REACHABLE,
    "timed-out",
    Outcome.UNKNOWN,
    Text(
        "No connection to port 25 of {target} could be made from here",
        "Vanaf hier is geen verbinding met poort 25 van {target} te maken",
    ),
    Text(
        "Look whether the server runs; if no mail server at all can be reached, port 25 is probably closed "
        "on the way out, as with many cloud providers: have it opened, or check from another place",
        "Ga na of de server draait; is geen enkele mailserver bereikbaar, dan is poort 25 waarschijnlijk "
        "naar buiten toe dicht, zoals bij veel cloudaanbieders: laat die openzetten of controleer vanaf een "
        "andere plek",
    ),
)
SILENT = verdicts_of(
    _REACHABLE,
    "silent",
    Outcome.UNKNOWN,
    Text(
        "{target} accepts connections to port 25, but did not answer in time",
        "{target} accepteert verbindingen met poort 25, maar antwoordde niet op tijd",
    ),
    Text(
        "Look whether the server is overloaded or delays strangers, and check again later",
        "Ga na of de server overbelast is of onbekenden laat wachten, en controleer later opnieuw",
    ),
)
