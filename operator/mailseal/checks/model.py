"""What a check is, what it can say, and what it said of a domain."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mailseal.records.names import DnsName


class Language(StrEnum):
    """The languages in which findings are told."""

    EN = "en"
    NL = "nl"


class Subject(StrEnum):
    """What a check is about."""

    NTA7516 = "nta7516"
    NTAMX = "ntamx"
    """The hosts that receive NTA 7516 mail."""
    MX = "mx"
    DANE = "dane"
    DNSSEC = "dnssec"
    SPF = "spf"
    DKIM = "dkim"
    DMARC = "dmarc"
    MTA_STS = "mta-sts"
    TLS_RPT = "tls-rpt"


class Outcome(StrEnum):
    """How a check ended, from good to bad; `UNKNOWN` is worse than a warning, since nothing is proven."""

    PASS = "pass"  # noqa: S105 - no password
    SKIP = "skip"
    """The check does not apply to this domain."""
    WARN = "warn"
    """It works, but should be better."""
    UNKNOWN = "unknown"
    """No answer came that would decide it."""
    FAIL = "fail"

    @property
    def severity(self) -> int:
        """Grows from good to bad."""
        return tuple(Outcome).index(self)


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence or a title in all languages, with the same `{placeholders}` in each. No final full stop.

    Raises `ValueError` where the placeholders differ.
    """

    en: str
    nl: str

    def __post_init__(self) -> None:
        if placeholders(self.en) != placeholders(self.nl):
            raise ValueError(f"the languages have different placeholders: {self.en!r} and {self.nl!r}")

    def told(self, language: Language, values: Mapping[str, str] | None = None) -> str:
        """The text in `language` with its placeholders filled in."""
        return (self.nl if language is Language.NL else self.en).format_map(values or {})


def placeholders(template: str) -> frozenset[str]:
    """The names in braces."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name)


NO_TEXT = Text("", "")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is checked."""

    id: str
    """`<subject>.<what>` in lower case with hyphens, such as `spf.lookups`. It stays, for pipelines."""
    subject: Subject
    title: Text
    reference: str
    """Where the rule stands, such as `RFC 7208 section 4.6.4`."""
    criteria: tuple[str, ...] = ()
    """The criteria of NTA 7516 that it serves, such as `6.1.7`."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that a check can say; a constant of the check's module."""

    check: Check
    code: str
    """Tells the verdicts of a check apart, in lower case with hyphens, such as `too-many`."""
    outcome: Outcome
    says: Text
    """What is the case, in words that an administrator understands."""
    advice: Text = NO_TEXT
    """What to do; empty where nothing is to be done. It may use the placeholders of `says`."""

    @property
    def id(self) -> str:
        """`<check id>/<code>`."""
        return f"{self.check.id}/{self.code}"

    def on(self, target: str, evidence: tuple[str, ...] = (), **values: object) -> Finding:
        """The finding that this verdict holds for `target`, with the values of its placeholders."""
        texts = {name: str(value) for name, value in values.items()}
        missing = (placeholders(self.says.en) | placeholders(self.advice.en)) - texts.keys() - {"target"}
        if missing:
            raise ValueError(f"{self.id} needs a value for {', '.join(sorted(missing))}")
        return Finding(self, target, {"target": target, **texts}, evidence)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check said of one target. `Verdict.on` makes it."""

    verdict: Verdict
    target: str
    """The domain, host or name that was looked at."""
    values: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    """What was seen, as it was seen: records, certificate names, answers of servers."""

    @property
    def check(self) -> Check:
        """What was checked."""
        return self.verdict.check

    @property
    def outcome(self) -> Outcome:
        """How it ended."""
        return self.verdict.outcome

    def says(self, language: Language = Language.EN) -> str:
        """What is the case."""
        return self.verdict.says.told(language, self.values)

    def advice(self, language: Language = Language.EN) -> str:
        """What to do; may be empty."""
        return self.verdict.advice.told(language, self.values)


@dataclass(frozen=True, slots=True)
class Examined:
    """A domain to check, with what is known of it besides what DNS says."""

    domain: DnsName
    selectors: tuple[str, ...] = ()
    """The DKIM selectors that its mail is signed with."""
    relay: DnsName | None = None
    """The name whose SPF record lists the servers of the NTA 7516 provider, such as `_spf.zorgmail.nl`;
    None: that which is known of the provider in its NTA record, if any."""
    ntamx: tuple[DnsName, ...] = ()
    """The hosts that shall receive NTA 7516 mail, where the record that says so is still to be published."""


@dataclass(frozen=True, slots=True)
class DomainResult:
    """All that was found out about one domain."""

    examined: Examined
    findings: tuple[Finding, ...]

    @property
    def domain(self) -> DnsName:
        """The domain."""
        return self.examined.domain

    @property
    def outcome(self) -> Outcome:
        """The worst outcome."""
        return worst(self.findings)

    def about(self, *subjects: Subject) -> tuple[Finding, ...]:
        """The findings about these subjects."""
        return tuple(finding for finding in self.findings if finding.check.subject in subjects)


def worst(findings: tuple[Finding, ...]) -> Outcome:
    """The worst outcome among `findings` that apply; `SKIP` when none does."""
    outcomes = (finding.outcome for finding in findings if finding.outcome is not Outcome.SKIP)
    return max(outcomes, key=lambda outcome: outcome.severity, default=Outcome.SKIP)
