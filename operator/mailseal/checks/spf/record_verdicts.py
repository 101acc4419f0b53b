"""What the checks of the SPF record itself can say."""

from __future__ import annotations

from mailseal.checks.model import Check, Outcome, Subject, Text, Verdict

CRITERIA = ("6.1.7", "6.1.13")

RECORD = Check(
    "spf.record",
    Subject.SPF,
    Text("There is one SPF record", "Er is één SPF-record"),
    "RFC 7208 section 4.5",
    CRITERIA,
)
SYNTAX = Check(
    "spf.syntax",
    Subject.SPF,
    Text("The SPF record can be read", "Het SPF-record is leesbaar"),
    "RFC 7208 section 4.6",
    CRITERIA,
)
SIZE = Check(
    "spf.size",
    Subject.SPF,
    Text("The answer with the SPF record is small", "Het antwoord met het SPF-record is klein"),
    "RFC 7208 section 3.4",
)
NAME_SERVERS = Text(
    "Look whether the resolver that is used and the name servers of {target} answer",
    "Ga na of de gebruikte resolver en de nameservers van {target} antwoorden",
)

FOUND = Verdict(
    RECORD,
    "found",
    Outcome.PASS,
    Text("{target} has one SPF record", "{target} heeft één SPF-record"),
)
NO_MAIL = Verdict(
    RECORD,
    "no-mail",
    Outcome.PASS,
    Text(
        "The SPF record of {target} says that no server sends mail of this domain",
        "Het SPF-record van {target} zegt dat geen enkele server mail van dit domein verstuurt",
    ),
)
MISSING = Verdict(
    RECORD,
    "missing",
    Outcome.FAIL,
    Text(
        "{target} has no SPF record: any server can send mail in its name",
        "{target} heeft geen SPF-record: elke server kan uit naam van dit domein mailen",
    ),
    Text(
        "Publish a TXT record at {target} that names the servers that send its mail, such as "
        '"v=spf1 mx -all", or "v=spf1 -all" when it sends none',
        "Publiceer op {target} een TXT-record met de servers die de mail versturen, zoals "
        '"v=spf1 mx -all", of "v=spf1 -all" als het domein geen mail verstuurt',
    ),
)
SEVERAL = Verdict(
    RECORD,
    "several",
    Outcome.FAIL,
    Text(
        "{target} has {count} SPF records, so that receivers use none of them",
        "{target} heeft {count} SPF-records, zodat ontvangers er geen enkele gebruiken",
    ),
    Text(
        "Join the records to one that starts with v=spf1 and has all their terms, and remove the others",
        "Voeg de records samen tot één record dat met v=spf1 begint en alle onderdelen bevat, en verwijder "
        "de andere",
    ),
)
UNANSWERED = Verdict(
    RECORD,
    "unanswered",
    Outcome.UNKNOWN,
    Text(
        "No usable answer came for the TXT records of {target} ({fault})",
        "Er kwam geen bruikbaar antwoord voor de TXT-records van {target} ({fault})",
    ),
    NAME_SERVERS,
)
WELL_FORMED = Verdict(
    SYNTAX,
    "well-formed",
    Outcome.PASS,
    Text("The SPF record of {target} can be read", "Het SPF-record van {target} is leesbaar"),
)
INVALID = Verdict(
    SYNTAX,
    "invalid",
    Outcome.FAIL,
    Text(
        "The SPF record of {target} has an error at character {position}, in {term}, so that receivers do "
        "not use it",
        "Het SPF-record van {target} heeft een fout bij teken {position}, in {term}, zodat "
        "ontvangers het niet "
        "gebruiken",
    ),
    Text(
        "Correct {term} in the SPF record of {target}; one wrong term makes the whole record unusable",
        "Verbeter {term} in het SPF-record van {target}; één onjuist onderdeel maakt het hele record "
        "onbruikbaar",
    ),
)
UNKNOWN_MODIFIER = Verdict(
    SYNTAX,
    "unknown-modifier",
    Outcome.WARN,
    Text(
        "The SPF record of {target} has {term}, which means nothing: receivers skip it",
        "Het SPF-record van {target} bevat {term}, wat geen betekenis heeft: ontvangers slaan het over",
    ),
    Text(
        "Remove {term}, or write it with a colon when a mechanism is meant, such as ip4:192.0.2.1",
        "Verwijder {term}, of schrijf een dubbele punt als een mechanisme is bedoeld, zoals ip4:192.0.2.1",
    ),
)
SMALL = Verdict(
    SIZE,
    "small",
    Outcome.PASS,
    Text(
        "The TXT records of {target} have {bytes} bytes in all, at most {limit}",
        "De TXT-records van {target} tellen samen {bytes} bytes, hoogstens {limit}",
    ),
)
LARGE = Verdict(
    SIZE,
    "large",
    Outcome.WARN,
    Text(
        "The TXT records of {target} have {bytes} bytes in all, over {limit}: the answer may not fit in one "
        "packet, and some receivers then miss the SPF record",
        "De TXT-records van {target} tellen samen {bytes} bytes, meer dan {limit}: het antwoord past "
        "mogelijk "
        "niet in één pakket, en sommige ontvangers missen het SPF-record dan",
    ),
    Text(
        "Remove TXT records at {target} that nobody needs any more, such as old site verifications, "
        "or move a "
        "part of the SPF record to a name of its own with include",
        "Verwijder TXT-records op {target} die niet meer nodig zijn, zoals oude verificaties van "
        "websites, of "
        "verplaats een deel van het SPF-record met include naar een eigen naam",
    ),
)
