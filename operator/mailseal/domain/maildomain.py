"""MailDomain: the policy records of one mail domain."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from mailseal.domain.checks import Check, matching
from mailseal.domain.common import Model, RecordOwnerSpec
from mailseal.domain.lists import SET
from mailseal.domain.spf import SpfSpec
from mailseal.records import dmarc
from mailseal.records.dmarc import Dmarc, DmarcPolicy

_MAILTO = (
    r"mailto:(?:[A-Za-z0-9._~$&'()*+=/-]|%[0-9A-Fa-f]{2})+"
    r"@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z][A-Za-z0-9-]{0,62}"
)
_HTTPS = r"https://(?:[A-Za-z0-9._~:/?#@$&'()*+=\[\]-]|%[0-9A-Fa-f]{2})+"
MailtoUri = Annotated[
    str,
    Field(max_length=320),
    matching(
        _MAILTO,
        "write a mailto: URI with one mailbox and without size limit, such as "
        "mailto:dmarc@zorg-voorbeeld.example",
    ),
]
ReportUri = Annotated[
    str,
    Field(max_length=512),
    matching(
        f"{_MAILTO}|{_HTTPS}",
        "write a mailto: or https: URI, such as mailto:tls-reports@zorg-voorbeeld.example; "
        "write a comma as %2C, a semicolon as %3B, an exclamation mark as %21",
    ),
]


class Alignment(StrEnum):
    """How close an authenticated domain must be to the one in the From header (RFC 9989)."""

    RELAXED = "relaxed"
    STRICT = "strict"

    @property
    def tag_value(self) -> dmarc.Alignment:
        """The same as the record writes it."""
        return {Alignment.RELAXED: dmarc.Alignment.RELAXED, Alignment.STRICT: dmarc.Alignment.STRICT}[self]


class DmarcSpec(Model):
    """What receivers shall do with mail that fails authentication, and whom they tell: DMARC (RFC 9989)."""

    policy: DmarcPolicy = Field(
        description="Wish for mail from the domain that fails DMARC (tag p): none, quarantine or reject. "
        "NTA 7516 needs quarantine or reject, which is safe only once DKIM signing works."
    )
    subdomain_policy: DmarcPolicy | None = Field(
        default=None, description="Wish for mail from existing subdomains (tag sp). Default: as policy."
    )
    nonexistent_policy: DmarcPolicy | None = Field(
        default=None,
        description="Wish for mail from subdomains that do not exist (tag np). Default: as subdomainPolicy.",
    )
    adkim: Alignment = Field(
        default=Alignment.RELAXED,
        description="Whether the domain of the DKIM signature may be a parent or child of the one in From "
        "(relaxed) or must be the same (strict).",
    )
    aspf: Alignment = Field(
        default=Alignment.RELAXED,
        description="Whether the SPF domain may be a parent or child of the one in From (relaxed) or must "
        "be the same (strict).",
    )
    rua: Annotated[tuple[MailtoUri, ...], SET] = Field(
        default=(),
        max_length=10,
        description="Where receivers send aggregate reports: mailto: URIs. An address in another "
        "organisation's domain needs an authorisation record there.",
    )
    ruf: Annotated[tuple[MailtoUri, ...], SET] = Field(
        default=(),
        max_length=10,
        description="Where receivers send failure reports: mailto: URIs. These reports can hold personal "
        "data.",
    )
    testing: bool = Field(
        default=False,
        description="Ask receivers to apply the policy one level milder while you test (tag t=y).",
    )

    @property
    def record(self) -> Dmarc:
        """The record; what is left out is not in it."""
        return Dmarc(
            policy=self.policy,
            subdomain_policy=self.subdomain_policy,
            nonexistent_policy=self.nonexistent_policy,
            adkim=self.adkim.tag_value,
            aspf=self.aspf.tag_value,
            testing=self.testing,
            rua=self.rua,
            ruf=self.ruf,
        )


class MtaStsSpec(Model):
    """Announces that an MTA-STS policy is served over HTTPS (RFC 8461)."""

    id: Annotated[
        str,
        Field(min_length=1, max_length=32),
        matching(
            "[A-Za-z0-9]+", "write 1 to 32 letters and digits, such as 20260701T120000 (RFC 8461 section 3.1)"
        ),
    ] = Field(
        description="Identifier of the policy's version; change it whenever the policy file at "
        "https://mta-sts.<domain>/.well-known/mta-sts.txt changes."
    )


class TlsRptSpec(Model):
    """Asks sending servers to report failed TLS connections (RFC 8460)."""

    rua: Annotated[tuple[ReportUri, ...], SET] = Field(
        min_length=1,
        max_length=10,
        description="Where reports go: mailto: or https: URIs.",
    )


class MailDomainSpec(RecordOwnerSpec):
    """The policy records of one mail domain; a record that is not asked for here is left alone."""

    checks: ClassVar[tuple[Check, ...]] = (
        Check(
            "has(self.spf) || has(self.dmarc) || has(self.mtaSts) || has(self.tlsRpt) || self.parked",
            "ask for at least one of spf, dmarc, mtaSts and tlsRpt, or set parked: true",
            lambda spec: bool(spec.spf or spec.dmarc or spec.mta_sts or spec.tls_rpt or spec.parked),
        ),
        Check(
            "!self.parked || !(has(self.spf) || has(self.dmarc) || has(self.mtaSts) || has(self.tlsRpt))",
            "parked: true publishes its own SPF, DMARC and null MX: remove spf, dmarc, mtaSts and tlsRpt, "
            "or set parked: false",
            lambda spec: not (spec.parked and (spec.spf or spec.dmarc or spec.mta_sts or spec.tls_rpt)),
            field="parked",
        ),
    )

    spf: SpfSpec | None = Field(
        default=None, description="SPF record at the domain (RFC 7208). Left out: mailseal does not touch it."
    )
    dmarc: DmarcSpec | None = Field(
        default=None, description="DMARC record at _dmarc.<domain> (RFC 9989). Left out: not touched."
    )
    mta_sts: MtaStsSpec | None = Field(
        default=None,
        description="MTA-STS record at _mta-sts.<domain> (RFC 8461). Serve the policy file before you ask "
        "for it. Left out: not touched.",
    )
    tls_rpt: TlsRptSpec | None = Field(
        default=None,
        description="TLS reporting record at _smtp._tls.<domain> (RFC 8460). Left out: not touched.",
    )
    parked: bool = Field(
        default=False,
        description="The domain neither sends nor receives mail: publish v=spf1 -all, DMARC reject and a "
        "null MX (RFC 7505).",
    )
