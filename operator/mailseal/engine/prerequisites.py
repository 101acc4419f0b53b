"""From what the checks say of a domain to the prerequisites of its NTA 7516 record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mailseal.checks.model import DomainResult, Examined, Finding, Outcome, Subject
from mailseal.checks.registry import EXAMINERS
from mailseal.checks.run import check_domains
from mailseal.checks.settings import CheckSettings
from mailseal.domain.prerequisites import Prerequisite
from mailseal.planning.nta_gate import PrerequisiteFinding, Standing
from mailseal.records.names import DnsName

MAX_TOLD: Final = 3
"""How many findings a message names; what is behind the first ones is often the same trouble."""
_USELESS: Final = frozenset({"missing", "several", "unreadable"})
"""The codes of the verdicts that say that there is nothing of what is asked for, or nothing that is used."""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Which findings decide on a prerequisite."""

    subjects: tuple[Subject, ...]
    """The first of which something is said that applies."""
    counts: Callable[[Finding], bool] = lambda finding: True


def _is_about_policy(finding: Finding) -> bool:
    """True but for what others say of the reports: they do not change what happens to mail."""
    return finding.check.id not in {"dmarc.reports", "dmarc.consent"}


def _is_about_hosts(finding: Finding) -> bool:
    """True but for what is said of an NTA 7516 record that names the hosts: it is still to be written."""
    return finding.check.id != "ntamx.present"


def _is_about_tls(finding: Finding) -> bool:
    """True for all that a sender without DANE or MTA-STS notices: it compares no certificate (RFC 3207)."""
    return _is_about_hosts(finding) and not finding.check.id.endswith(".certificate")


_EVIDENCE: Final[Mapping[Prerequisite, _Evidence]] = {
    Prerequisite.SPF: _Evidence((Subject.SPF,)),
    Prerequisite.DKIM: _Evidence((Subject.DKIM,)),
    Prerequisite.DMARC: _Evidence((Subject.DMARC,), _is_about_policy),
    Prerequisite.DNSSEC: _Evidence((Subject.DNSSEC,)),
    Prerequisite.TLS: _Evidence((Subject.NTAMX, Subject.MX), _is_about_tls),
    Prerequisite.DANE: _Evidence((Subject.DANE,)),
    Prerequisite.NTAMX: _Evidence((Subject.NTAMX, Subject.MX), _is_about_hosts),
    Prerequisite.MTASTS: _Evidence((Subject.MTA_STS,)),
    Prerequisite.TLSRPT: _Evidence((Subject.TLS_RPT,)),
}


async def prerequisite_findings(
    domains: Iterable[Examined], settings: CheckSettings, now: datetime
) -> Mapping[DnsName, tuple[PrerequisiteFinding, ...]]:
    """Check `domains` for what prerequisites need, and say how each stands; without domains nothing is done.

    Raises `InvalidSettings`.
    """
    wanted = tuple(domains)
    if not wanted:
        return {}
    needed = {subject for evidence in _EVIDENCE.values() for subject in evidence.subjects}
    examiners = {subject: examine for subject, examine in EXAMINERS.items() if subject in needed}
    async with aclosing(check_domains(wanted, settings, now, examiners)) as results:
        return {result.domain: findings_in(result) async for result in results}


def findings_in(result: DomainResult) -> tuple[PrerequisiteFinding, ...]:
    """How each prerequisite stands: it fails by what fails, and by there being nothing of what is asked for.

    A warning passes. What could not be decided is unknown, unless something else fails already.
    """
    return tuple(_finding(prerequisite, result) for prerequisite in Prerequisite)


def unknown_findings(says: str) -> tuple[PrerequisiteFinding, ...]:
    """Nothing is known of any prerequisite, for this reason."""
    return tuple(PrerequisiteFinding(prerequisite, Standing.UNKNOWN, says) for prerequisite in Prerequisite)


def _finding(prerequisite: Prerequisite, result: DomainResult) -> PrerequisiteFinding:
    deciding = _deciding(_EVIDENCE[prerequisite], result)
    failing = [finding for finding in deciding if _fails(finding)]
    if failing:
        return PrerequisiteFinding(prerequisite, Standing.FAILED, told(failing))
    undecided = [finding for finding in deciding if finding.outcome is Outcome.UNKNOWN]
    if undecided:
        return PrerequisiteFinding(prerequisite, Standing.UNKNOWN, told(undecided))
    if not deciding:
        return PrerequisiteFinding(prerequisite, Standing.UNKNOWN, "no check said anything of it")
    return PrerequisiteFinding(prerequisite, Standing.PASSED)


def _deciding(evidence: _Evidence, result: DomainResult) -> Sequence[Finding]:
    """The findings about the first subject that applies to the domain, or about the last one."""
    found: Sequence[Finding] = ()
    for subject in evidence.subjects:
        found = [finding for finding in result.about(subject) if evidence.counts(finding)]
        if any(finding.outcome is not Outcome.SKIP for finding in found):
            return found
    return found


def _fails(finding: Finding) -> bool:
    is_useless = finding.verdict.code in _USELESS and finding.outcome is Outcome.WARN
    return finding.outcome is Outcome.FAIL or is_useless


def told(findings: Sequence[Finding]) -> str:
    """What the findings say and advise, each once and the first few only.

    Those of one check come in the order of their texts: servers answer in any order, which is no news.
    """
    checks = list(dict.fromkeys(finding.check.id for finding in findings))
    ordered = sorted((checks.index(finding.check.id), told_of(finding)) for finding in findings)
    texts = tuple(dict.fromkeys(text for _, text in ordered))
    more = f"; and {len(texts) - MAX_TOLD} more" if len(texts) > MAX_TOLD else ""
    return "; ".join(texts[:MAX_TOLD]) + more


def told_of(finding: Finding) -> str:
    """What one finding says and advises."""
    return ". ".join(text for text in (finding.says(), finding.advice()) if text)
