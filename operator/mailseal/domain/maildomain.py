"""MailDomain: the policy records of one mail domain."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from mailseal.domain.checks import Check, matching
from mailseal.domain.common import Model, RecordOwnerSpec
from mailseal.domain.dmarc import MAILTO, DmarcSpec
from mailseal.domain.externaldkim import DkimSpec
from mailseal.domain.lists import SET
from mailseal.domain.selectors import KEY_LABEL, MAX_NAME_LENGTH, fits, fits_in_cel
from mailseal.domain.spf import SpfSpec

_HTTPS = r"https://(?:[A-Za-z0-9._~:/?#@$&'()*+=\[\]-]|%[0-9A-Fa-f]{2})+"
ReportUri = Annotated[
    str,
    Field(max_length=512),
    matching(
        f"{MAILTO}|{_HTTPS}",
        "write a mailto: or https: URI, such as mailto:tls-reports@zorg-voorbeeld.example; "
        "write a comma as %2C, a semicolon as %3B, an exclamation mark as %21",
    ),
]


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


_ASKED_IN_CEL = "has(self.spf) || has(self.dkim) || has(self.dmarc) || has(self.mtaSts) || has(self.tlsRpt)"


class MailDomainSpec(RecordOwnerSpec):
    """The policy records of one mail domain; a record that is not asked for here is left alone."""

    checks: ClassVar[tuple[Check, ...]] = (
        Check(
            f"{_ASKED_IN_CEL} || self.parked",
            "ask for at least one of spf, dkim, dmarc, mtaSts and tlsRpt, or set parked: true",
            lambda spec: spec.asks_for_something or spec.parked,
        ),
        Check(
            f"!self.parked || !({_ASKED_IN_CEL})",
            "parked: true publishes its own SPF, DMARC and null MX: remove spf, dkim, dmarc, mtaSts and "
            "tlsRpt, or set parked: false",
            lambda spec: not (spec.parked and spec.asks_for_something),
            field="parked",
        ),
        Check(
            "!has(self.dkim) || self.dkim.externalSelectors.all(entry, "
            f"{fits_in_cel('entry.selector', 'self.domain')})",
            f"the name <selector>{KEY_LABEL}<domain> would be over {MAX_NAME_LENGTH} characters: leave that "
            "selector out",
            lambda spec: spec.external_names_fit,
            field="dkim",
        ),
    )

    spf: SpfSpec | None = Field(
        default=None, description="SPF record at the domain (RFC 7208). Left out: mailseal does not touch it."
    )
    dkim: DkimSpec | None = Field(
        default=None,
        description="DKIM selectors of the domain that others run, such as a mail service. Keys for your own "
        "mail servers are DkimKeys. Left out: mailseal looks at DkimKeys only.",
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

    @property
    def asks_for_something(self) -> bool:
        """True when there is a part to publish or to watch, besides being parked."""
        return any((self.spf, self.dkim, self.dmarc, self.mta_sts, self.tls_rpt))

    @property
    def external_names_fit(self) -> bool:
        """True when the names of all external selectors have a length that DNS allows."""
        selectors = (entry.selector for entry in self.dkim.external_selectors) if self.dkim else ()
        return all(fits(selector, self.domain) for selector in selectors)
