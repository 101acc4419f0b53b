"""The NTA 7516 record itself: is there exactly one, can it be read, and is it valid today?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import dns.rdatatype

from mailseal.checks import nta_verdicts as say
from mailseal.checks.asking import ask, receives_no_mail, shown
from mailseal.checks.model import Examined, Finding
from mailseal.checks.tools import Tools
from mailseal.records.nta7516 import DUTCH_TIME, MAX_SPAN_MONTHS, NtaRecordValue, is_nta, read_nta
from mailseal.records.oddity import Oddity

ENDS_SOON = timedelta(days=90)
_LONG_SPAN = "long-span"


async def examine_nta7516(examined: Examined, tools: Tools) -> Sequence[Finding]:
    """What the TXT records of the domain say of NTA 7516 today, by the calendar of the Netherlands."""
    domain = examined.domain
    answer = await ask(tools.resolver, domain, dns.rdatatype.TXT)
    if not answer.is_known:
        return (say.UNANSWERED.on(domain, name=domain, fault=answer.fault),)
    texts = [text for text in answer.texts if is_nta(text.encode("latin-1"))]
    if not texts and await receives_no_mail(tools.resolver, domain):
        return (say.NO_MAIL.on(domain),)
    return judge(domain, texts, tools.now.astimezone(DUTCH_TIME).date())


def judge(domain: str, texts: Sequence[str], today: date) -> tuple[Finding, ...]:
    """What the NTA 7516 records `texts` of `domain` deserve on `today`."""
    evidence = tuple(shown(text) for text in texts)
    if not texts:
        return (say.MISSING.on(domain),)
    if len(texts) > 1:
        return (say.SEVERAL.on(domain, evidence, count=len(texts)),)
    found = say.FOUND.on(domain, evidence)
    reading = read_nta(texts[0])
    syntax = tuple(_syntax(domain, evidence, reading.oddities, is_readable=reading.record is not None))
    if reading.record is None:
        return found, *syntax
    return (
        found,
        *syntax,
        _dates(domain, evidence, reading.record),
        _validity(domain, evidence, reading.record, today),
    )


def _syntax(
    domain: str, evidence: tuple[str, ...], oddities: Sequence[Oddity], *, is_readable: bool
) -> Iterator[Finding]:
    told = [oddity for oddity in oddities if oddity.code != _LONG_SPAN]
    if not told:
        yield say.WELL_FORMED.on(domain, evidence)
        return
    messages = tuple(shown(oddity.message) for oddity in told)
    if is_readable:
        yield say.ODD.on(domain, (*evidence, *messages))
    elif any(oddity.code == "old-dialect" for oddity in told):
        yield say.OLD_DIALECT.on(domain, evidence)
    else:
        yield say.INVALID.on(domain, (*evidence, *messages))


def _dates(domain: str, evidence: tuple[str, ...], record: NtaRecordValue) -> Finding:
    dates = record.dates
    verdict = say.LONG_SPAN if dates.span_months > MAX_SPAN_MONTHS else say.GOOD_SPAN
    return verdict.on(
        domain, evidence, months=dates.span_months, limit=MAX_SPAN_MONTHS, start=dates.start, end=dates.end
    )


def _validity(domain: str, evidence: tuple[str, ...], record: NtaRecordValue, today: date) -> Finding:
    dates = record.dates
    first, last = dates.first_day, dates.last_day
    if today < first:
        return say.NOT_YET.on(domain, evidence, day=first, days=(first - today).days)
    if today > last:
        return say.EXPIRED.on(domain, evidence, day=last, days=(today - last).days)
    verdict = say.ENDS_SOON if last - today <= ENDS_SOON else say.VALID
    return verdict.on(domain, evidence, day=last, days=(last - today).days)
