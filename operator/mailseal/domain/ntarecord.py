"""NtaRecord: the NTA 7516 declaration of mail domains in DNS."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field

from mailseal.domain.checks import Check, matching
from mailseal.domain.common import DOMAIN_STAYS, HOST, TOP_LABEL, DomainText, HostText, Model, RecordOwnerSpec
from mailseal.domain.durations import PositiveDurationText, parse_duration
from mailseal.domain.lists import SET, map_by
from mailseal.domain.prerequisites import DEFAULT_PREREQUISITES, PrerequisiteSpec
from mailseal.domain.rotation import TimeZoneName
from mailseal.records.months import Month
from mailseal.records.names import DnsName
from mailseal.records.nta7516 import MAX_SPAN_MONTHS

MonthText = Annotated[
    str,
    Field(max_length=7),
    matching("[1-9][0-9]{3}-(?:0[1-9]|1[0-2])", "write a month as YYYY-MM, such as 2026-03"),
]
Mailbox = Annotated[
    str,
    Field(max_length=320),
    matching(
        rf"[A-Za-z0-9.!#$%&*+/=?^_`{{|}}~-]+@{HOST}",
        "write a mailbox without display name, such as NTA7516@zorg-voorbeeld.example",
    ),
]
RelayText = Annotated[
    str,
    Field(min_length=3, max_length=253),
    matching(
        rf"(?:[a-z0-9_](?:[a-z0-9_-]{{0,61}}[a-z0-9])?\.)+{TOP_LABEL}",
        "write the full name in lower case, without final dot, such as _spf.zorgmail.nl",
    ),
]
MAX_DOMAINS = 100
DomainList = Annotated[tuple[DomainText, ...], Field(min_length=1, max_length=MAX_DOMAINS), SET]


class Renewal(StrEnum):
    """Who decides that the record is renewed."""

    AUTOMATIC = "Automatic"
    MANUAL = "Manual"


class NtaMxHost(Model):
    """One host that receives NTA 7516 mail."""

    preference: int = Field(
        ge=0, le=65535, description="Lowest is tried first, as with an MX record (0 to 65535)."
    )
    host: HostText = Field(description="Host name of the server, such as relay.zorgmail.nl.")


class Declaration(Model):
    """The signed self-declaration that the record rests on."""

    signed_on: date = Field(description="Day on which the organisation signed it, as YYYY-MM-DD.")
    reference: str = Field(
        min_length=1,
        max_length=200,
        description="Where it is filed, such as a document number or a URL. For your audit; it is not "
        "published.",
    )
    sha256: (
        Annotated[
            str,
            Field(max_length=64),
            matching(
                "[0-9a-f]{64}",
                "write the SHA-256 digest as 64 hex digits in lower case, as sha256sum shows it",
            ),
        ]
        | None
    ) = Field(
        default=None,
        description="SHA-256 digest of the signed document, as sha256sum shows it, so that an audit can tell "
        "whether it is still the same. Not published.",
    )


class Reviews(Model):
    """When the reviews of criterion 6.4.1 were last held."""

    yearly_on: date | None = Field(
        default=None,
        description="Day of the last yearly review, as YYYY-MM-DD. Default: declaration.signedOn.",
    )
    two_yearly_on: date | None = Field(
        default=None,
        description="Day of the last two-yearly review, as YYYY-MM-DD. Default: declaration.signedOn.",
    )


class NtaRecordSpec(RecordOwnerSpec):
    """Says in DNS that domains take part in NTA 7516, through which provider and in which months."""

    checks: ClassVar[tuple[Check, ...]] = (
        Check(
            "has(self.domain) != has(self.domains)",
            "write either domain, for one mail domain, or domains, for several",
            lambda spec: bool(spec.domain) != bool(spec.domains),
            field="domains",
        ),
    )

    domain: Annotated[DomainText, DOMAIN_STAYS] = Field(
        default="",
        description="Mail domain, the part after the @, such as zorg-voorbeeld.example. Lower case, without "
        "final dot; an internationalised name as A-labels (xn--...). It cannot be changed; for several "
        "domains write domains instead.",
    )
    domains: DomainList | None = Field(
        default=None,
        description="Mail domains of one organisation that share everything else here (1 to 100), instead of "
        "domain. A domain that is taken out loses its record, as spec.deletionPolicy says.",
    )
    provider: Annotated[
        str,
        Field(min_length=1, max_length=63),
        matching(
            "[A-Za-z0-9][A-Za-z0-9._-]*",
            "write the provider's NTA tag of letters, digits, . _ and -, such as zorgmail; ask the provider "
            "for it",
        ),
    ] = Field(description="NTA tag of the provider that delivers the secure mail, such as zorgmail.")
    ntamx: Annotated[tuple[NtaMxHost, ...], map_by("host")] = Field(
        default=(),
        max_length=20,
        description="Hosts that receive NTA 7516 mail for the domain. Left out: the MX hosts of the domain "
        "do.",
    )
    relay: RelayText | None = Field(
        default=None,
        description="Name whose SPF record lists the provider's servers, such as _spf.zorgmail.nl: the SPF "
        "check then expects the domain's SPF record to let them send. Left out: what is known of the "
        "provider.",
    )
    start_month: MonthText | None = Field(
        default=None,
        description="First month in which the record is valid, as YYYY-MM. Default: the month in which it "
        "is first published, then kept in the status until renewal.",
    )
    validity_months: int = Field(
        default=MAX_SPAN_MONTHS,
        ge=1,
        le=MAX_SPAN_MONTHS,
        description="How many months the end month is after the start month (1 to 36): 36 makes 2026-03 to "
        "2029-03. The record is valid through the last day of the end month.",
    )
    renewal: Renewal = Field(
        default=Renewal.AUTOMATIC,
        description="Automatic renews the record from renewBefore on. Manual then waits until declaration is "
        "newer than the one that the published record rests on.",
    )
    renew_before: PositiveDurationText = Field(
        default="90d",
        description="How long before its last day the record is renewed, counted in whole days, such as 90d.",
    )
    time_zone: TimeZoneName = Field(
        default="Europe/Amsterdam",
        description="Time zone in which months and days begin, such as Europe/Amsterdam.",
    )
    prerequisites: Annotated[tuple[PrerequisiteSpec, ...], map_by("check")] = Field(
        default=DEFAULT_PREREQUISITES,
        max_length=9,
        description="Checks that must pass before the record is first published and each time before it is "
        "renewed; what is published stays whatever they say. Left out: SPF, DKIM, DMARC, DNSSEC and TLS, all "
        "enforced; an empty list asks for nothing.",
    )
    declaration: Declaration | None = Field(
        default=None,
        description="The self-declaration (zelfverklaring) that the organisation signed. Nothing is "
        "published until it is filled in.",
    )
    reviews: Reviews | None = Field(
        default=None,
        description="When the yearly and the two-yearly review (NTA 7516, 6.4.1) were last held; the "
        "condition Reviews tells when one is overdue.",
    )
    contact: Mailbox | None = Field(
        default=None,
        description="Mailbox of the people who answer for NTA 7516 here, usually NTA7516@<domain>. Not "
        "published.",
    )

    @property
    def first_month(self) -> Month | None:
        """The start month that the user wants, if any."""
        return Month.parse(self.start_month) if self.start_month else None

    @property
    def zone_info(self) -> ZoneInfo:
        """The time zone in which months and days begin."""
        return ZoneInfo(self.time_zone)

    @property
    def renew_before_days(self) -> int:
        """How many whole days before the last day the record is renewed; a part of a day counts as one."""
        span = parse_duration(self.renew_before)
        return span.days + (1 if span.seconds else 0)

    @property
    def all_domains(self) -> tuple[DnsName, ...]:
        """Every mail domain that the record is for."""
        return tuple(DnsName.parse(domain) for domain in self.domains or (self.domain,))

    def at(self, domain: DnsName) -> NtaRecordSpec:
        """The same as one of the domains sees it, with that as its `domain`."""
        values: dict[str, Any] = {name: getattr(self, name) for name in NtaRecordSpec.model_fields}
        return NtaRecordSpec.model_construct(**{**values, "domain": str(domain)})
