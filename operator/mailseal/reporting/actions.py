"""What to do next, the most urgent first: the advice of findings, and what the resources wait for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import date
from typing import Final

from mailseal.checks.model import DomainResult, Finding, Language, Outcome, Subject, Text, Verdict
from mailseal.checks.nta_verdicts import ENDS_SOON, EXPIRED, MISSING
from mailseal.records.names import DnsName
from mailseal.reporting import actiontexts as texts
from mailseal.reporting.model import Action, NtaEntry

_OPEN: Final = frozenset({Outcome.FAIL, Outcome.UNKNOWN, Outcome.WARN})
_BY_HAND: Final = (MISSING, EXPIRED, ENDS_SOON)
"""What an NtaRecord mends, once nothing holds it up."""
_TARGET: Final = "target"
_ORDER: Final = tuple(Subject)


def actions_of(
    results: Iterable[DomainResult], records: Sequence[NtaEntry], today: date
) -> tuple[Action, ...]:
    """One action for each verdict that asks for attention, and one for each thing a record waits for.

    Ordered by severity, then by how many domains it is about; what the records wait for comes first among
    equals.
    """
    actions = [*_of_records(records, today), *_of_findings(results, _told_by_record(records, today))]
    return tuple(sorted(actions, key=lambda action: -action.urgency.severity))


def _told_by_record(records: Sequence[NtaEntry], today: date) -> frozenset[DnsName]:
    """The domains whose NtaRecord says itself why no valid record stands."""
    return frozenset(record.domain for record in records if record.outcome_on(today) is not Outcome.PASS)


def _of_findings(results: Iterable[DomainResult], kept: Set[DnsName]) -> list[Action]:
    """What the findings advise, but to publish by hand what an NtaRecord of a domain in `kept` is for."""
    groups: dict[Verdict, list[tuple[DomainResult, Finding]]] = {}
    for result in results:
        for finding in result.findings:
            if finding.outcome in _OPEN and not (result.domain in kept and finding.verdict in _BY_HAND):
                groups.setdefault(finding.verdict, []).append((result, finding))
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), _ORDER.index(group[0].check.subject)))
    return _told_once(_of_verdict(verdict, group) for verdict, group in ordered)


def _told_once(actions: Iterable[Action]) -> list[Action]:
    """What several subjects say in the same words, as of a host under `mx` and `ntamx`, as one action."""
    told: dict[tuple[Text, Text], Action] = {}
    for action in actions:
        same = told.setdefault((action.says, action.advice), action)
        domains = tuple(dict.fromkeys((*same.domains, *action.domains)))
        told[action.says, action.advice] = replace(same, domains=domains)
    return list(told.values())


def _of_verdict(verdict: Verdict, group: Sequence[tuple[DomainResult, Finding]]) -> Action:
    domains = dict.fromkeys(result.domain for result, _ in group)
    values = {language: _common(group, language) for language in Language}
    return Action(
        urgency=verdict.outcome,
        says=_told(verdict.says, values),
        advice=_told(verdict.advice, values),
        domains=tuple(domains),
    )


def _common(group: Sequence[tuple[DomainResult, Finding]], language: Language) -> Mapping[str, str]:
    """The values on which all findings agree; the others are left open."""
    are_domains = all(finding.target == result.domain for result, finding in group)
    target = texts.SOME_DOMAIN if are_domains else texts.SOME_NAME
    common: dict[str, str] = {}
    for _, finding in group:
        for name, text in finding.values.items():
            if common.setdefault(name, text) != text:
                common[name] = (target if name == _TARGET else texts.SOMETHING).told(language)
    return common


def _told(template: Text, values: Mapping[Language, Mapping[str, str]]) -> Text:
    """The template filled in, whatever braces the values hold."""
    english, dutch = (template.told(language, values[language]) for language in (Language.EN, Language.NL))
    return Text(_literal(english), _literal(dutch))


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _of_records(records: Sequence[NtaEntry], today: date) -> Iterator[Action]:
    for holds, urgency, told in (
        (lambda record: not record.reference, Outcome.FAIL, texts.DECLARE),
        (
            lambda record: bool(record.reference) and not record.is_published,
            Outcome.FAIL,
            texts.PUBLISHING_HELD_UP,
        ),
        (lambda record: record.is_over(today), Outcome.FAIL, texts.RENEW_EXPIRED),
        (
            lambda record: bool(record.renewal_message) and not record.is_over(today),
            Outcome.WARN,
            texts.RENEWAL_HELD_UP,
        ),
        (lambda record: any(review.is_overdue for review in record.reviews), Outcome.WARN, texts.REVIEW),
    ):
        matching = [record for record in records if holds(record)]
        if matching:
            yield _of_entries(matching, urgency, told)


def _of_entries(records: Sequence[NtaEntry], urgency: Outcome, told: texts.Told) -> Action:
    domains = dict.fromkeys(record.domain for record in records)
    details = dict.fromkeys(told.detail(record) for record in records)
    return Action(urgency, told.says, told.advice, tuple(domains), "\n".join(filter(None, details)))
