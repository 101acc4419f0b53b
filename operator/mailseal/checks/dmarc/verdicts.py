"""What the checks of DMARC can say."""

from __future__ import annotations

from mailseal.checks.model import Check, Outcome, Subject, Text, Verdict
from mailseal.checks.phrases import KEEP_ONE, unanswered

_CRITERIA = ("6.1.7", "6.1.13")
"""DMARC makes receivers act on what SPF and DKIM, which these criteria ask for, prove."""

RECORD = Check(
    "dmarc.record",
    Subject.DMARC,
    Text("A DMARC record applies to the domain", "Voor het domein geldt een DMARC-record"),
    "RFC 9989 section 4.10",
    _CRITERIA,
)
SYNTAX = Check(
    "dmarc.syntax",
    Subject.DMARC,
    Text("The DMARC record is written rightly", "Het DMARC-record is juist geschreven"),
    "RFC 9989 section 4.7",
    _CRITERIA,
)
POLICY = Check(
    "dmarc.policy",
    Subject.DMARC,
    Text(
        "The DMARC policy is quarantine or reject",
        "Het DMARC-beleid is quarantine of reject",
    ),
    "RFC 9989 section 4.7",
    _CRITERIA,
)
SUBDOMAINS = Check(
    "dmarc.subdomains",
    Subject.DMARC,
    Text(
        "Names below the domain are protected as well as the domain",
        "Namen onder het domein zijn even goed beschermd als het domein",
    ),
    "RFC 9989 section 4.7",
)
_RECORD_FORM = Text(
    'Publish one TXT record at _dmarc.{target}, such as "v=DMARC1; p=reject; rua=mailto:dmarc@{target}"; '
    "begin with p=none until the reports show that all mail passes",
    'Publiceer één TXT-record op _dmarc.{target}, zoals "v=DMARC1; p=reject; rua=mailto:dmarc@{target}"; '
    "begin met p=none totdat de rapporten tonen dat alle mail slaagt",
)

UNANSWERED = unanswered(RECORD)
FOUND = Verdict(
    RECORD,
    "found",
    Outcome.PASS,
    Text("{target} has a DMARC record", "{target} heeft een DMARC-record"),
)
INHERITED = Verdict(
    RECORD,
    "inherited",
    Outcome.PASS,
    Text(
        "{target} has no DMARC record of its own; that of {name} applies",
        "{target} heeft geen eigen DMARC-record; dat van {name} geldt",
    ),
)
MISSING = Verdict(
    RECORD,
    "missing",
    Outcome.FAIL,
    Text(
        "No DMARC record applies to {target}: receivers do not act on forged mail",
        "Voor {target} geldt geen DMARC-record: ontvangers treden niet op tegen vervalste mail",
    ),
    _RECORD_FORM,
)
SEVERAL = Verdict(
    RECORD,
    "several",
    Outcome.FAIL,
    Text(
        "{target} has {count} DMARC records, so that receivers ignore them all",
        "{target} heeft {count} DMARC-records, zodat ontvangers ze allemaal negeren",
    ),
    KEEP_ONE,
)
WELL_FORMED = Verdict(
    SYNTAX,
    "well-formed",
    Outcome.PASS,
    Text("The DMARC record is written rightly", "Het DMARC-record is juist geschreven"),
)
OBSOLETE = Verdict(
    SYNTAX,
    "obsolete",
    Outcome.WARN,
    Text(
        "The DMARC record at _dmarc.{name} has tags or a size limit that no longer have an effect since "
        "RFC 9989",
        "Het DMARC-record op _dmarc.{name} heeft tags of een groottelimiet die sinds RFC 9989 geen effect "
        "meer hebben",
    ),
    Text(
        "Remove the tags pct, rf and ri, and size limits such as !10m; instead of pct=0 there is t=y",
        "Verwijder de tags pct, rf en ri en groottelimieten zoals !10m; in plaats van pct=0 is er t=y",
    ),
)
ODD = Verdict(
    SYNTAX,
    "odd",
    Outcome.WARN,
    Text(
        "The DMARC record at _dmarc.{name} can be read, but not all of it has an effect",
        "Het DMARC-record op _dmarc.{name} is leesbaar, maar niet alles daarin heeft effect",
    ),
    Text(
        "Write the tag p, and remove tags that DMARC does not know",
        "Schrijf de tag p op en verwijder tags die DMARC niet kent",
    ),
)
UNREADABLE = Verdict(
    SYNTAX,
    "unreadable",
    Outcome.FAIL,
    Text(
        "The DMARC record at _dmarc.{name} is written wrongly; what receivers make of it is uncertain",
        "Het DMARC-record op _dmarc.{name} is onjuist geschreven; wat ontvangers ermee doen, is onzeker",
    ),
    Text(
        'Write the record in the form "v=DMARC1; p=reject; rua=mailto:ADDRESS"',
        'Schrijf het record in de vorm "v=DMARC1; p=reject; rua=mailto:ADRES"',
    ),
)
STRICT = Verdict(
    POLICY,
    "strict",
    Outcome.PASS,
    Text(
        "The DMARC policy in effect for {target} is {policy}",
        "Het DMARC-beleid dat voor {target} geldt, is {policy}",
    ),
)
NONE = Verdict(
    POLICY,
    "none",
    Outcome.FAIL,
    Text(
        "The DMARC policy in effect for {target} is none: forged mail is delivered",
        "Het DMARC-beleid dat voor {target} geldt, is none: vervalste mail wordt afgeleverd",
    ),
    Text(
        "Set p=quarantine and later p=reject, once the reports show that all mail is signed with DKIM or "
        "passes SPF",
        "Zet p=quarantine en later p=reject, zodra de rapporten tonen dat alle mail met DKIM is ondertekend "
        "of voor SPF slaagt",
    ),
)
_END_TESTING = Text(
    "Remove t=y from the record at _dmarc.{name} once the reports show that all mail passes",
    "Verwijder t=y uit het record op _dmarc.{name} zodra de rapporten tonen dat alle mail slaagt",
)
TESTING = Verdict(
    POLICY,
    "testing",
    Outcome.WARN,
    Text(
        "The DMARC record has t=y (testing), which lowers the policy for {target} by one level, to {policy}",
        "Het DMARC-record heeft t=y (testen), wat het beleid voor {target} één niveau verlaagt, tot {policy}",
    ),
    _END_TESTING,
)
TESTING_NONE = Verdict(
    POLICY,
    "testing-none",
    Outcome.FAIL,
    Text(
        "The DMARC record has t=y (testing), which lowers the policy for {target} to none: forged mail is "
        "delivered",
        "Het DMARC-record heeft t=y (testen), wat het beleid voor {target} verlaagt tot none: vervalste mail "
        "wordt afgeleverd",
    ),
    _END_TESTING,
)
AS_STRICT = Verdict(
    SUBDOMAINS,
    "as-strict",
    Outcome.PASS,
    Text(
        "The policy for names below {target} is at least as strict as that for {target}",
        "Het beleid voor namen onder {target} is minstens zo streng als dat voor {target}",
    ),
)
WEAKER = Verdict(
    SUBDOMAINS,
    "weaker",
    Outcome.WARN,
    Text(
        "For names below {target} the policy is weaker: {tags}",
        "Voor namen onder {target} is het beleid zwakker: {tags}",
    ),
    Text(
        "Remove sp and np from the record, or make them as strict as p",
        "Verwijder sp en np uit het record, of maak ze even streng als p",
    ),
)
