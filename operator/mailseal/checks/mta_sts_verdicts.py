"""What the checks can say of an MTA-STS record, and of fetching the policy."""

from __future__ import annotations

from mailseal.checks.model import Check, Outcome, Subject, Text, Verdict
from mailseal.checks.phrases import KEEP_ONE, no_mail, unanswered

RECORD = Check(
    "mta-sts.record",
    Subject.MTA_STS,
    Text("There is one MTA-STS record", "Er is één MTA-STS-record"),
    "RFC 8461 section 3.1",
)
POLICY = Check(
    "mta-sts.policy",
    Subject.MTA_STS,
    Text("The MTA-STS policy can be fetched and read", "Het MTA-STS-beleid is op te halen en leesbaar"),
    "RFC 8461 sections 3.2 and 3.3",
)
_RECORD_FORM = Text(
    'Publish one TXT record at _mta-sts.{target}, such as "v=STSv1; id=20260101T000000"',
    'Publiceer één TXT-record op _mta-sts.{target}, zoals "v=STSv1; id=20260101T000000"',
)
_SERVE = Text(
    "Serve the policy as text/plain at https://mta-sts.{target}/.well-known/mta-sts.txt, with status 200, "
    "without a redirect and with a valid certificate for mta-sts.{target}",
    "Bied het beleid als text/plain aan op https://mta-sts.{target}/.well-known/mta-sts.txt, met status 200, "
    "zonder doorverwijzing en met een geldig certificaat voor mta-sts.{target}",
)

UNANSWERED = unanswered(RECORD)
NO_MAIL = no_mail(RECORD)
FOUND = Verdict(
    RECORD,
    "found",
    Outcome.PASS,
    Text(
        "{target} announces an MTA-STS policy with the id {id}",
        "{target} kondigt een MTA-STS-beleid aan met id {id}",
    ),
)
MISSING = Verdict(
    RECORD,
    "missing",
    Outcome.WARN,
    Text(
        "{target} has no MTA-STS: senders that do not use DANE cannot be sure of encryption",
        "{target} heeft geen MTA-STS: verzenders die geen DANE gebruiken, zijn niet zeker van versleuteling",
    ),
    Text(
        "MTA-STS is recommended, not required: serve a policy at "
        "https://mta-sts.{target}/.well-known/mta-sts.txt and announce it with a TXT record at "
        "_mta-sts.{target}",
        "MTA-STS is aanbevolen, niet verplicht: bied een beleid aan op "
        "https://mta-sts.{target}/.well-known/mta-sts.txt en kondig het aan met een TXT-record op "
        "_mta-sts.{target}",
    ),
)
SEVERAL = Verdict(
    RECORD,
    "several",
    Outcome.FAIL,
    Text(
        "{target} has {count} MTA-STS records, so that senders act as if there were no policy",
        "{target} heeft {count} MTA-STS-records, zodat verzenders doen alsof er geen beleid is",
    ),
    KEEP_ONE,
)
UNREADABLE = Verdict(
    RECORD,
    "unreadable",
    Outcome.FAIL,
    Text(
        "The MTA-STS record of {target} is written wrongly, so that senders ignore it",
        "Het MTA-STS-record van {target} is onjuist geschreven, zodat verzenders het negeren",
    ),
    _RECORD_FORM,
)
UNANNOUNCED = Verdict(
    POLICY,
    "unannounced",
    Outcome.WARN,
    Text(
        "There is a host mta-sts.{target}, but no record announces its policy: senders do not look there",
        "Er is een host mta-sts.{target}, maar geen record kondigt het beleid aan: verzenders zien het niet",
    ),
    _RECORD_FORM,
)
NOT_FETCHED = Verdict(
    POLICY,
    "not-fetched",
    Outcome.FAIL,
    Text(
        "The MTA-STS policy of {target} cannot be fetched",
        "Het MTA-STS-beleid van {target} is niet op te halen",
    ),
    _SERVE,
)
NOT_REACHED = Verdict(
    POLICY,
    "not-reached",
    Outcome.UNKNOWN,
    Text(
        "The MTA-STS policy of {target} could not be fetched now",
        "Het MTA-STS-beleid van {target} was nu niet op te halen",
    ),
    Text(
        "Look whether https://mta-sts.{target}/.well-known/mta-sts.txt answers",
        "Ga na of https://mta-sts.{target}/.well-known/mta-sts.txt antwoordt",
    ),
)
INVALID = Verdict(
    POLICY,
    "invalid",
    Outcome.FAIL,
    Text(
        "The MTA-STS policy of {target} is written wrongly, so that senders ignore it",
        "Het MTA-STS-beleid van {target} is onjuist geschreven, zodat verzenders het negeren",
    ),
    Text(
        "Write the lines version: STSv1, mode, mx (one for each MX host) and max_age",
        "Schrijf de regels version: STSv1, mode, mx (een voor elke MX-host) en max_age",
    ),
)
NOT_PLAIN = Verdict(
    POLICY,
    "not-plain",
    Outcome.WARN,
    Text(
        "The MTA-STS policy of {target} has the media type {type} instead of text/plain; some senders "
        "ignore it therefore",
        "Het MTA-STS-beleid van {target} heeft mediatype {type} in plaats van text/plain; sommige "
        "verzenders negeren het daarom",
    ),
    _SERVE,
)
FETCHED = Verdict(
    POLICY,
    "fetched",
    Outcome.PASS,
    Text(
        "The MTA-STS policy of {target} can be fetched and read",
        "Het MTA-STS-beleid van {target} is op te halen en leesbaar",
    ),
)
