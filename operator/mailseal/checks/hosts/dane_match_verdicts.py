"""What can be said of a certificate beside its TLSA records; on the code `missing` see `dane_verdicts`."""

from __future__ import annotations

from mailseal.checks.hosts.dane_verdicts import CRITERIA
from mailseal.checks.model import Check, Outcome, Subject, Text, Verdict

MATCH = Check(
    "dane.match",
    Subject.DANE,
    Text("The certificate matches the TLSA records", "Het certificaat klopt met de TLSA-records"),
    "RFC 7672 section 3",
    CRITERIA,
)
_REPLACE = Text(
    "Publish a TLSA record for the certificate that is in use, such as {name} 3 1 1 with the SHA-256 of its "
    "key, and from now on publish the next one before the certificate is replaced",
    "Publiceer een TLSA-record voor het certificaat dat in gebruik is, zoals {name} 3 1 1 met de SHA-256 van "
    "de sleutel, en publiceer voortaan het volgende record voordat het certificaat wordt vervangen",
)

MATCHES = Verdict(
    MATCH,
    "matches",
    Outcome.PASS,
    Text(
        "The certificate of {target} matches its TLSA records",
        "Het certificaat van {target} klopt met de TLSA-records",
    ),
)
UNUSABLE = Verdict(
    MATCH,
    "missing",
    Outcome.WARN,
    Text(
        "None of the TLSA records at {name} is of use for mail: that takes usage 3 or 2 and a value of the "
        "right length",
        "Geen van de TLSA-records op {name} is bruikbaar voor mail: daarvoor zijn gebruik 3 of 2 en een "
        "waarde van de juiste lengte nodig",
    ),
    _REPLACE,
)
MISMATCH = Verdict(
    MATCH,
    "mismatch",
    Outcome.FAIL,
    Text(
        "The certificate of {target} matches none of its TLSA records: servers that follow DANE do not "
        "deliver",
        "Het certificaat van {target} klopt met geen van de TLSA-records: servers die DANE volgen, leveren "
        "niet af",
    ),
    _REPLACE,
)
WRONG_NAME = Verdict(
    MATCH,
    "wrong-name",
    Outcome.FAIL,
    Text(
        "The authority in the TLSA records of {target} issued the certificate, but for other names: servers "
        "that follow DANE do not deliver",
        "De uitgever in de TLSA-records van {target} heeft het certificaat uitgegeven, maar voor andere "
        "namen: servers die DANE volgen, leveren niet af",
    ),
    Text("Get a certificate that names {target}", "Vraag een certificaat aan dat {target} noemt"),
)
OUT_OF_TIME = Verdict(
    MATCH,
    "out-of-time",
    Outcome.FAIL,
    Text(
        "The authority in the TLSA records of {target} issued the certificate, but it is not valid now: "
        "servers that follow DANE do not deliver",
        "De uitgever in de TLSA-records van {target} heeft het certificaat uitgegeven, maar het is nu niet "
        "geldig: servers die DANE volgen, leveren niet af",
    ),
    Text("Have the certificate of {target} renewed", "Laat het certificaat van {target} vernieuwen"),
)
NO_TLS = Verdict(
    MATCH,
    "no-tls",
    Outcome.FAIL,
    Text(
        "{target} has TLSA records, but no encryption (STARTTLS) that works: servers that follow DANE do not "
        "deliver",
        "{target} heeft TLSA-records, maar geen werkende versleuteling (STARTTLS): servers die DANE volgen, "
        "leveren niet af",
    ),
    Text(
        "Mend STARTTLS on {target}, or else remove the TLSA records at {name}",
        "Herstel STARTTLS op {target}, of verwijder anders de TLSA-records op {name}",
    ),
)
NOT_SEEN = Verdict(
    MATCH,
    "not-seen",
    Outcome.UNKNOWN,
    Text(
        "The certificate of {target} could not be looked at, so that it is unknown whether it matches",
        "Het certificaat van {target} was niet te bekijken, dus is onbekend of het klopt",
    ),
    Text(
        "See what is said of reaching {target}, and check again",
        "Kijk wat er over de bereikbaarheid van {target} staat, en controleer opnieuw",
    ),
)
