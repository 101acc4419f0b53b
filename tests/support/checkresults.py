"""Results of live checks as tests want them: any subject, outcome and code."""

from __future__ import annotations

from datetime import UTC, datetime

from mailseal.checks.model import (
    Check,
    DomainResult,
    Examined,
    Finding,
    Outcome,
    Subject,
    Text,
    Verdict,
)
from mailseal.records.names import DnsName

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DOMAIN = DnsName("example.nl")


def finding(
    outcome: Outcome,
    subject: Subject = Subject.SPF,
    what: str = "record",
    *,
    target: str = DOMAIN,
    code: str = "",
    **values: str,
) -> Finding:
    """A finding of the check `<subject>.<what>`; what it says names its target and outcome."""
    text = Text(f"{{target}} is {outcome}", f"{{target}} is {outcome}")
    check = Check(f"{subject}.{what}", subject, Text("A check", "Een controle"), "RFC 1")
    advice = Text("Mend it", "Maak het in orde") if outcome is Outcome.FAIL else Text("", "")
    return Verdict(check, code or str(outcome), outcome, text, advice).on(target, **values)


def result(*findings: Finding, domain: DnsName = DOMAIN) -> DomainResult:
    """All that was found out about a domain."""
    return DomainResult(Examined(domain), findings)
