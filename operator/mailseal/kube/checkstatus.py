"""What a status, a condition and Events say of the live checks. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from mailseal.checks.model import Outcome, Subject
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.status import ConditionStatus
from mailseal.kube.checkmemory import Checked, Trouble, subject_of
from mailseal.kube.conditions import Statement
from mailseal.kube.objects import StoredObject
from mailseal.records.names import DnsName

CHECKS: Final = "Checks"
"""The condition: True while no live check of the resource's domains fails and all could be decided."""
FIELD: Final = "checks"
MAX_ENTRIES: Final = 30
MAX_NAMED: Final = 5
_ONLY_NTA: Final = frozenset({Subject.NTA7516, Subject.NTAMX})
_ONLY_WITH_MAIL: Final = frozenset({Subject.DKIM, Subject.DANE, Subject.MTA_STS, Subject.TLS_RPT})


@dataclass(frozen=True, slots=True)
class Turn:
    """An Event for people: checks began to fail, or work again."""

    is_trouble: bool
    reason: str
    message: str


def is_told(status: Mapping[str, Any]) -> bool:
    """True when a status says something of live checks."""
    return any(condition.get("type") == CHECKS for condition in status.get("conditions", ()))


def subjects_for(resource: StoredObject) -> frozenset[Subject]:
    """What is told of a domain by this resource.

    Without an NtaRecord nobody asks for NTA 7516, and a parked domain has no mail to sign or to protect.
    """
    spec = resource.spec
    if not isinstance(spec, MailDomainSpec):
        return frozenset(Subject)
    return frozenset(Subject) - _ONLY_NTA - (_ONLY_WITH_MAIL if spec.parked else frozenset())


def troubles_in(resource: StoredObject, results: Mapping[DnsName, Checked]) -> tuple[Trouble, ...]:
    """What is not in order at the domains of a resource, the worst first.

    Of a subject that is withheld it is what its status says, if that tells of checks at all.
    """
    wanted, status = subjects_for(resource), resource.status
    told = troubles_told(status) if is_told(status) else None
    found: list[Trouble] = []
    for domain, checked in results.items():
        for subject in wanted & checked.report.subjects.keys():
            report = checked.report.subjects[subject]
            if told is not None and subject in checked.withheld:
                known = (each for each in told if (each.domain, each.subject) == (domain, subject))
                report = report.completed(tuple(known))
            found += report.troubles
    return tuple(sorted(found, key=lambda trouble: trouble.rank))


def troubles_told(status: Mapping[str, Any]) -> tuple[Trouble, ...]:
    """What a status says that is not in order; entries that cannot be read are left out."""
    found = status.get(FIELD)
    told = []
    for entry in found if isinstance(found, list) else ():
        with suppress(AttributeError, KeyError, TypeError, ValueError):
            outcome = Outcome(entry["outcome"].lower())
            texts = (str(entry[name]) for name in ("domain", "target", "message"))
            domain, target, message = texts
            told.append(Trouble(str(entry["check"]), outcome, DnsName.parse(domain), target, message))
    return tuple(told)


def entries(troubles: Sequence[Trouble]) -> list[dict[str, str]] | None:
    """The troubles as a status shows them; None, no field, when there are none."""
    return [_entry(trouble) for trouble in troubles[:MAX_ENTRIES]] or None


def statement_on(troubles: Sequence[Trouble]) -> Statement:
    """The condition: the worst outcome gives the reason, and the message names what is amiss first."""
    failing = [trouble for trouble in troubles if trouble.outcome is Outcome.FAIL]
    if failing:
        return Statement(CHECKS, ConditionStatus.FALSE, "ChecksFailed", _named(failing))
    unknown = [trouble for trouble in troubles if trouble.outcome is Outcome.UNKNOWN]
    if unknown:
        return Statement(CHECKS, ConditionStatus.UNKNOWN, "ChecksUnknown", _named(unknown))
    better = f"; {len(troubles)} could be better, see status.{FIELD}" if troubles else ""
    return Statement(CHECKS, ConditionStatus.TRUE, "ChecksPassed", f"no live check fails{better}")


def turns(before: Mapping[str, Any], troubles: Sequence[Trouble]) -> list[Turn]:
    """Events for what began to fail, and for what works again, since the status `before`.

    What cannot be decided now has not begun to work. Where the status had no room left, what would have come
    after its last entry may have failed already.
    """
    told = troubles_told(before)
    failed = {_place(each) for each in told if each.outcome is Outcome.FAIL}
    last = told[-1].rank if len(told) >= MAX_ENTRIES else None
    shown = troubles[:MAX_ENTRIES]
    failing = {_place(trouble): trouble for trouble in shown if trouble.outcome is Outcome.FAIL}
    undecided = {(trouble.domain, trouble.subject) for trouble in shown if trouble.outcome is Outcome.UNKNOWN}
    turned = []
    begun = [
        trouble
        for place, trouble in failing.items()
        if place not in failed and (last is None or trouble.rank < last)
    ]
    if begun:
        turned.append(Turn(True, "ChecksFailed", _named(begun)))
    ended = sorted(
        (domain, check, target)
        for domain, check, target in failed - failing.keys()
        if (domain, subject_of(check)) not in undecided
    )
    if ended and len(troubles) < MAX_ENTRIES:
        texts = dict.fromkeys(f"{check} of {target} works again" for _, check, target in ended)
        turned.append(Turn(False, "ChecksRecovered", _listed(tuple(texts))))
    return turned


def _place(trouble: Trouble) -> tuple[DnsName, str, str]:
    return (trouble.domain, trouble.check, trouble.target)


def _entry(trouble: Trouble) -> dict[str, str]:
    return {
        "check": trouble.check,
        "outcome": _shown(trouble.outcome),
        "domain": str(trouble.domain),
        "target": trouble.target,
        "message": trouble.message,
    }


def _shown(outcome: Outcome) -> str:
    return outcome.value.capitalize()


def _named(troubles: Sequence[Trouble]) -> str:
    return _listed(tuple(dict.fromkeys(f"{trouble.check}: {trouble.message}" for trouble in troubles)))


def _listed(texts: Sequence[str]) -> str:
    more = f"; and {len(texts) - MAX_NAMED} more, see status.{FIELD}" if len(texts) > MAX_NAMED else ""
    return "; ".join(texts[:MAX_NAMED]) + more
