"""NtaRecord: the NTA 7516 declaration of one mail domain in DNS."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from mailseal.domain.checks import matching
from mailseal.domain.common import HOST, HostText, Model, RecordOwnerSpec
from mailseal.domain.lists import map_by
from mailseal.records.months import Month
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
        description="Where it is filed, such as a document number. For your audit; it is not published.",
    )


class NtaRecordSpec(RecordOwnerSpec):
    """Says in DNS that the domain takes part in NTA 7516, through which provider and in which months."""

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
    start_month: MonthText | None = Field(
        default=None,
        description="First month in which the record is valid, as YYYY-MM. Default: the month in which it "
        "is first published, then kept in the status.",
    )
    validity_months: int = Field(
        default=MAX_SPAN_MONTHS,
        ge=1,
        le=MAX_SPAN_MONTHS,
        description="How many months the end month is after the start month (1 to 36): 36 makes 2026-03 to "
        "2029-03. The record is valid through the last day of the end month.",
    )
    declaration: Declaration | None = Field(
        default=None,
        description="The self-declaration (zelfverklaring) that the organisation signed. Nothing is "
        "published until it is filled in.",
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
