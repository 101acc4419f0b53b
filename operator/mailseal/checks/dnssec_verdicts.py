"""What the checks of DNSSEC can say."""

from __future__ import annotations

from mailseal.checks.model import NO_TEXT, Check, Outcome, Subject, Text, Verdict

CRITERIA = ("6.1.6", "6.1.9", "6.1.11", "6.1.16", "7.2")

CHAIN = Check(
    "dnssec.chain",
    Subject.DNSSEC,
    Text("The domain is signed with DNSSEC", "Het domein is ondertekend met DNSSEC"),
    "RFC 4035 section 5",
    CRITERIA,
)
EXPIRY = Check(
    "dnssec.expiry",
    Subject.DNSSEC,
    Text("The signatures are renewed in time", "De handtekeningen worden op tijd vernieuwd"),
    "RFC 6781 section 4.4.2",
    CRITERIA,
)
ALGORITHM = Check(
    "dnssec.algorithm",
    Subject.DNSSEC,
    Text("The algorithms of DNSSEC are up to date", "De algoritmes van DNSSEC zijn actueel"),
    "RFC 9904 and RFC 9905",
    CRITERIA,
)

SECURE = Verdict(
    CHAIN,
    "secure",
    Outcome.PASS,
    Text(
        "{target} is signed, and the signatures can be traced to the trust anchor",
        "{target} is ondertekend en de handtekeningen zijn te herleiden tot het vertrouwensanker",
    ),
)
UNSIGNED = Verdict(
    CHAIN,
    "unsigned",
    Outcome.FAIL,
    Text("{zone} is not signed with DNSSEC", "{zone} is niet ondertekend met DNSSEC"),
    Text(
        "Have whoever runs the name servers of {zone} switch DNSSEC on, and then have the registrar "
        "publish the DS record that they give",
        "Laat de beheerder van de nameservers van {zone} DNSSEC aanzetten en laat daarna de registrar het "
        "DS-record publiceren dat die beheerder opgeeft",
    ),
)
NO_DS = Verdict(
    CHAIN,
    "no-ds",
    Outcome.FAIL,
    Text(
        "{zone} is signed with DNSSEC, but the zone above it does not say so: there is no DS record",
        "{zone} is ondertekend met DNSSEC, maar de zone erboven vermeldt dat niet: er is geen DS-record",
    ),
    Text(
        "Have the registrar of {zone} publish the DS record of its key",
        "Laat de registrar van {zone} het DS-record van de sleutel publiceren",
    ),
)
UNSUPPORTED = Verdict(
    CHAIN,
    "unsupported",
    Outcome.FAIL,
    Text(
        "{zone} is signed only with algorithms that validating resolvers do not support, so that it counts "
        "as not signed",
        "{zone} is alleen ondertekend met algoritmes die validerende resolvers niet ondersteunen en telt "
        "daarom als niet ondertekend",
    ),
    Text(
        "Sign {zone} with ECDSA P-256 (algorithm 13), and replace its DS record by one with SHA-256",
        "Onderteken {zone} met ECDSA P-256 (algoritme 13) en vervang het DS-record door een met SHA-256",
    ),
)
UNPROVEN = Verdict(
    CHAIN,
    "unproven",
    Outcome.FAIL,
    Text(
        "{zone} leaves parts of itself unsigned (NSEC3 with opt-out or too many iterations), and {target} is "
        "among them",
        "{zone} laat een deel van zichzelf niet-ondertekend (NSEC3 met opt-out of te veel iteraties) en "
        "{target} valt daaronder",
    ),
    Text(
        "Have {zone} signed without opt-out and with 0 iterations (RFC 9276)",
        "Laat {zone} ondertekenen zonder opt-out en met 0 iteraties (RFC 9276)",
    ),
)
BOGUS = Verdict(
    CHAIN,
    "bogus",
    Outcome.FAIL,
    Text(
        "DNSSEC of {zone} is broken: validating resolvers answer nothing for it, so mail cannot be delivered",
        "DNSSEC van {zone} klopt niet: validerende resolvers geven er geen antwoord voor, zodat mail niet "
        "aankomt",
    ),
    Text(
        "Have whoever runs the name servers of {zone} sign it anew, and compare its DS record at the "
        "registrar with its keys; the evidence says what is wrong",
        "Laat de beheerder van de nameservers van {zone} de zone opnieuw ondertekenen en het DS-record bij "
        "de registrar vergelijken met de sleutels; de onderbouwing vermeldt wat er mis is",
    ),
)
UNKNOWN = Verdict(
    CHAIN,
    "unknown",
    Outcome.UNKNOWN,
    Text(
        "It is unknown whether {target} is signed with DNSSEC: {zone} cannot be validated",
        "Het is onbekend of {target} is ondertekend met DNSSEC: {zone} is niet te valideren",
    ),
    Text(
        "Look whether the name servers of {zone} answer, whether the resolver that is used passes DNSSEC "
        "records on unchanged, and whether the trust anchor and the clock here are right",
        "Ga na of de nameservers van {zone} antwoorden, of de gebruikte resolver DNSSEC-records ongewijzigd "
        "doorgeeft en of het vertrouwensanker en de klok hier kloppen",
    ),
)
ABSENT = Verdict(
    CHAIN,
    "no-name",
    Outcome.FAIL,
    Text("{target} does not exist in DNS", "{target} bestaat niet in DNS"),
    Text(
        "Look whether the name is right and the domain still registered",
        "Ga na of de naam klopt en of het domein nog geregistreerd is",
    ),
)

FRESH = Verdict(
    EXPIRY,
    "fresh",
    Outcome.PASS,
    Text(
        "The signatures of {target} are valid until {until}",
        "De handtekeningen van {target} gelden tot {until}",
    ),
)
EXPIRES_SOON = Verdict(
    EXPIRY,
    "soon",
    Outcome.WARN,
    Text(
        "A signature of {target} is valid until {until} only, and should have been renewed by now",
        "Een handtekening van {target} geldt nog maar tot {until} en had al vernieuwd moeten zijn",
    ),
    Text(
        "Have whoever runs the name servers of {target} look why the zone is not signed anew: after {until} "
        "validating resolvers will not answer for it",
        "Laat de beheerder van de nameservers van {target} nagaan waarom de zone niet opnieuw wordt "
        "ondertekend: na {until} geven validerende resolvers er geen antwoord meer voor",
    ),
)
MODERN = Verdict(
    ALGORITHM,
    "modern",
    Outcome.PASS,
    Text("{target} is signed with {algorithms}", "{target} is ondertekend met {algorithms}"),
)
OUTDATED_KEY = Verdict(
    ALGORITHM,
    "outdated-key",
    Outcome.WARN,
    Text(
        "{target} is signed with {algorithms}, which must not be used any more",
        "{target} is ondertekend met {algorithms}, wat niet meer gebruikt mag worden",
    ),
    Text(
        "Roll {target} over to ECDSA P-256 (algorithm 13): some resolvers take SHA-1 for no signature at all",
        "Laat {target} overgaan op ECDSA P-256 (algoritme 13): voor sommige resolvers telt SHA-1 niet als "
        "handtekening",
    ),
)
OUTDATED_DIGEST = Verdict(
    ALGORITHM,
    "outdated-digest",
    Outcome.WARN,
    Text(
        "The DS record of {target} has a SHA-1 digest only",
        "Het DS-record van {target} heeft alleen een SHA-1-digest",
    ),
    Text(
        "Have the registrar of {target} publish a DS record with SHA-256 (digest type 2)",
        "Laat de registrar van {target} een DS-record met SHA-256 (digesttype 2) publiceren",
    ),
)
NOT_APPLICABLE = {
    check: Verdict(
        check,
        "not-secure",
        Outcome.SKIP,
        Text(
            "{target} has no valid DNSSEC, so there is nothing to look at",
            "{target} heeft geen geldige DNSSEC, dus er valt niets te bekijken",
        ),
        NO_TEXT,
    )
    for check in (EXPIRY, ALGORITHM)
}
