"""What the report says, without a language and without a layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from mailseal.checks.model import Finding, Outcome, Text
from mailseal.domain.dkimkey import KeyAlgorithm
from mailseal.records.months import Month
from mailseal.records.names import DnsName


class SourceKind(StrEnum):
    """Where the facts come from."""

    CLUSTER = "cluster"
    """Checks made for the report, of the domains of a cluster, whose resources were read as well."""
    CHECKS = "checks"
    """Checks made for the report."""
    RESULTS = "results"
    """Results that `mailseal check` wrote."""


@dataclass(frozen=True, slots=True)
class ReportHead:
    """What the cover says."""

    made_at: datetime
    """Has a time zone; the report shows times and days in that zone."""
    source: SourceKind
    version: str
    """Of mailseal."""
    organisation: str = ""
    source_name: str = ""
    """The file or the cluster; may be empty."""


@dataclass(frozen=True, slots=True)
class DomainSection:
    """All that is known of one domain."""

    domain: DnsName
    anchor: str
    """The id of its section; letters, digits and `-` only."""
    checked_at: datetime | None
    """None: it is known from the cluster only, and was not checked."""
    outcome: Outcome
    cells: Mapping[str, Outcome | None]
    """For each criterion that is measured its worst outcome; None: nothing was measured."""
    open: tuple[Finding, ...]
    """What asks for attention, the worst first."""
    settled: tuple[Finding, ...]
    """What passes or does not apply."""


class SpanKind(StrEnum):
    """What ends on the day."""

    NTA_RECORD = "nta-record"
    CERTIFICATE = "certificate"


class Urgency(StrEnum):
    """How near the end of something is; the alerts have the same bounds."""

    OVER = "over"
    WITHIN_30_DAYS = "within-30-days"
    WITHIN_90_DAYS = "within-90-days"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Span:
    """Something that ends on a day known beforehand."""

    kind: SpanKind
    name: str
    """The domain, or the host of a certificate."""
    start: date | None
    last_day: date
    days_left: int
    """Negative when it is over."""
    urgency: Urgency
    domain: DnsName
    """The domain whose section tells more."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One DKIM key of a DkimKey."""

    resource: str
    domain: DnsName
    selector: str
    algorithm: KeyAlgorithm
    bits: int | None
    state: str
    since: datetime | None
    """When it was first published, or else came into its state."""
    next_rotation: datetime | None


@dataclass(frozen=True, slots=True)
class SeenSelector:
    """One DKIM selector that the checks looked at."""

    domain: DnsName
    selector: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ReviewEntry:
    """One of the reviews of criterion 6.4.1."""

    name: str
    """`yearly` or `two-yearly`."""
    due_on: date
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class NtaEntry:
    """What one NtaRecord says of one domain."""

    resource: str
    domain: DnsName
    provider: str
    start: Month | None
    end: Month | None
    expires_on: date | None
    renews_from: date | None
    """The first day on which it is renewed."""
    is_manual: bool
    reference: str
    """Of the declaration; empty when there is none."""
    signed_on: date | None
    rests_on: date | None
    """When the declaration was signed that the published record rests on."""
    sha256: str
    reviews: tuple[ReviewEntry, ...]
    ready_message: str
    """Why the resource is not ready; empty when it is."""
    renewal_message: str
    """What holds the renewal up; empty when nothing does."""

    @property
    def is_published(self) -> bool:
        """True when a record was published for the domain."""
        return self.expires_on is not None

    def is_over(self, today: date) -> bool:
        """True when the last day of the published record is past."""
        return self.expires_on is not None and self.expires_on < today

    def outcome_on(self, today: date) -> Outcome:
        """How criterion 6.4.1 stands by what the resource says."""
        if not self.reference or not self.is_published or self.is_over(today):
            return Outcome.FAIL
        if self.renewal_message or any(review.is_overdue for review in self.reviews):
            return Outcome.WARN
        return Outcome.PASS


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do, for one domain or for many at once."""

    urgency: Outcome
    says: Text
    """What is the case; no placeholders."""
    advice: Text
    """What to do; no placeholders."""
    domains: tuple[DnsName, ...]
    """What it is about."""
    detail: str = ""
    """What the operator says of it, in English; may be empty."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A resource that could not be understood."""

    resource: str
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report."""

    head: ReportHead
    sections: tuple[DomainSection, ...]
    counts: Mapping[Outcome, int]
    """How many domains have which outcome; those to which nothing applies count as passing."""
    actions: tuple[Action, ...] = ()
    spans: tuple[Span, ...] = ()
    """The first to end comes first."""
    keys: tuple[KeyEntry, ...] = ()
    selectors: tuple[SeenSelector, ...] = ()
    records: tuple[NtaEntry, ...] = ()
    unread: tuple[Unread, ...] = ()

    @property
    def today(self) -> date:
        """The day on which it was made."""
        return self.head.made_at.date()
