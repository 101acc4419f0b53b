"""Running the checks of records in tests: tools without a network, and what was found in short."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from mailseal.checks.answers import Resolver
from mailseal.checks.https import PolicyAnswer
from mailseal.checks.model import Examined, Finding, Language
from mailseal.checks.smtp import HostObservation, SmtpProber
from mailseal.checks.tools import Tools
from mailseal.records.names import DnsName

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class NoProber:
    """A prober that nobody should ask."""

    async def observe(self, host: DnsName) -> HostObservation:
        raise AssertionError(f"{host} was looked at")


class GivenPolicies:
    """Policies by domain; others cannot be fetched."""

    def __init__(self, policies: Mapping[str, PolicyAnswer]) -> None:
        self._policies = policies

    async def fetch(self, domain: DnsName) -> PolicyAnswer:
        return self._policies.get(domain, PolicyAnswer(None, "there is nothing"))


def tools_with(
    resolver: Resolver,
    policies: Mapping[str, PolicyAnswer] | None = None,
    now: datetime = NOW,
    smtp: SmtpProber | None = None,
) -> Tools:
    """Tools that answer from what is given and reach nothing else."""
    return Tools(resolver, smtp or NoProber(), GivenPolicies(policies or {}), now)


def examined(domain: str, *selectors: str) -> Examined:
    """A domain with the selectors that are known of it."""
    return Examined(DnsName.parse(domain), selectors)


def codes(findings: Iterable[Finding]) -> list[str]:
    """The ids of the verdicts, such as `dmarc.policy/strict`, in order.

    Each finding is told in both languages on the way, which fails where a placeholder has no value.
    """
    found = []
    for finding in findings:
        for language in Language:
            assert finding.says(language)
            assert "{" not in finding.says(language) + finding.advice(language)
        found.append(finding.verdict.id)
    return found


def the(findings: Iterable[Finding], code: str) -> Finding:
    """The only finding with that verdict."""
    (found,) = [finding for finding in findings if finding.verdict.id == code]
    return found
