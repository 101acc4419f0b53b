"""Does the domain ask for reports on failed TLS (RFC 8460)?"""

from __future__ import annotations

from collections.abc import Sequence

import dns.rdatatype

from mailseal.checks.asking import ask_below, receives_no_mail, shown
from mailseal.checks.model import Check, Examined, Finding, Outcome, Subject, Text, Verdict
from mailseal.checks.phrases import KEEP_ONE, no_mail, unanswered
from mailseal.checks.tools import Tools
from mailseal.records.errors import InvalidRecord
from mailseal.records.tls_rpt import TlsRpt, is_tls_rpt

RECORD = Check(
    "tls-rpt.record",
    Subject.TLS_RPT,
    Text("There is one TLS-RPT record", "Er is één TLS-RPT-record"),
    "RFC 8460 section 3",
)
SYNTAX = Check(
    "tls-rpt.syntax",
    Subject.TLS_RPT,
    Text("The TLS-RPT record can be read", "Het TLS-RPT-record is leesbaar"),
    "RFC 8460 section 3",
)
_PUBLISH = Text(
    'Publish one TXT record at _smtp._tls.{target}, such as "v=TLSRPTv1; rua=mailto:tls-reports@{target}"',
    'Publiceer één TXT-record op _smtp._tls.{target}, zoals "v=TLSRPTv1; rua=mailto:tls-reports@{target}"',
)
FOUND = Verdict(
    RECORD,
    "found",
    Outcome.PASS,
    Text("{target} has a TLS-RPT record", "{target} heeft een TLS-RPT-record"),
)
MISSING = Verdict(
    RECORD,
    "missing",
    Outcome.WARN,
    Text(
        "{target} has no TLS-RPT record: nobody tells when mail to it cannot be encrypted",
        "{target} heeft geen TLS-RPT-record: niemand meldt het als mail hierheen niet te versleutelen is",
    ),
    _PUBLISH,
)
SEVERAL = Verdict(
    RECORD,
    "several",
    Outcome.WARN,
    Text(
        "{target} has {count} TLS-RPT records, so that senders ignore them all",
        "{target} heeft {count} TLS-RPT-records, zodat verzenders ze allemaal negeren",
    ),
    KEEP_ONE,
)
UNANSWERED = unanswered(RECORD)
NO_MAIL = no_mail(RECORD)
READABLE = Verdict(
    SYNTAX,
    "readable",
    Outcome.PASS,
    Text(
        "The TLS-RPT record of {target} can be read; reports go to {addresses}",
        "Het TLS-RPT-record van {target} is leesbaar; rapporten gaan naar {addresses}",
    ),
)
UNREADABLE = Verdict(
    SYNTAX,
    "unreadable",
    Outcome.WARN,
    Text(
        "The TLS-RPT record of {target} is written wrongly, so that senders ignore it",
        "Het TLS-RPT-record van {target} is onjuist geschreven, zodat verzenders het negeren",
    ),
    _PUBLISH,
)


async def examine_tls_rpt(examined: Examined, tools: Tools) -> Sequence[Finding]:
    """What `_smtp._tls.<domain>` says. TLS-RPT is recommended, so that nothing here fails."""
    domain = examined.domain
    answer = await ask_below(tools.resolver, "_smtp._tls", domain, dns.rdatatype.TXT)
    if not answer.is_known:
        return (UNANSWERED.on(domain, name=f"_smtp._tls.{domain}", fault=answer.fault),)
    texts = [text for text in answer.texts if is_tls_rpt(text.encode("latin-1"))]
    if not texts and await receives_no_mail(tools.resolver, domain):
        return (NO_MAIL.on(domain),)
    return judge(domain, texts)


def judge(domain: str, texts: Sequence[str]) -> tuple[Finding, ...]:
    """What the TLS-RPT records `texts` of `domain` deserve. Section 3: several are as none."""
    evidence = tuple(shown(text) for text in texts)
    if not texts:
        return (MISSING.on(domain),)
    if len(texts) > 1:
        return (SEVERAL.on(domain, evidence, count=len(texts)),)
    found = FOUND.on(domain, evidence)
    try:
        record = TlsRpt.parse(texts[0])
    except InvalidRecord as error:
        return found, UNREADABLE.on(domain, (*evidence, str(error)))
    return found, READABLE.on(domain, evidence, addresses=", ".join(record.rua))
