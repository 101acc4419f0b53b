"""The SPF part of a MailDomain."""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import ip_network
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from mailseal.domain.checks import Check, matching
from mailseal.domain.common import Model
from mailseal.domain.lists import ATOMIC, SET
from mailseal.records.spf import Spf, parse_term

SPF_LOOKUP_LIMIT = 10
"""RFC 7208 section 4.6.4."""

_ADDRESS_TERM = r"[+?~-]?ip[46]:.*"


def _reads_as_spf_term(term: str) -> str:
    parse_term(term)
    return term


def _names_network(term: str, family: int) -> bool:
    name, _, network = term.lstrip("+?~-").partition(":")
    if name != f"ip{family}":
        return True
    try:
        found = ip_network(network, strict=False)
    except ValueError:
        return False
    return found.version == family and not (found.version == 6 and found.network_address.ipv4_mapped)


def _network_check(family: int, example: str) -> Check:
    return Check(
        f"!self.matches(r'^[+?~-]?ip{family}:') || [self.substring(self.indexOf(':') + 1)].all(network, "
        f"isIP(network) ? ip(network).family() == {family} "
        f": isCIDR(network) && cidr(network).ip().family() == {family})",
        f"write an IPv{family} address or network after ip{family}:, such as {example}",
        lambda term: _names_network(term, family),
    )


SpfMechanism = Annotated[
    str,
    Field(min_length=1, max_length=255),
    matching(
        r"[+?~-]?(?:(?:ip4|ip6|include|exists):[!-~]+|(?:a|mx|ptr)(?:[:/][!-~]+)?)",
        "write one SPF mechanism in lower case, such as ip4:192.0.2.0/24, include:_spf.example.net or mx; "
        "leave out v=spf1 and redirect=, and set the closing term with the field all",
    ),
    _network_check(4, "ip4:192.0.2.0/24"),
    _network_check(6, "ip6:2001:db8::/32"),
    AfterValidator(_reads_as_spf_term),
]


class Sender(StrEnum):
    """A service that sends mail for others, known by name."""

    AMAZON_SES = "amazonses"
    GOOGLE = "google"
    MAILGUN = "mailgun"
    MICROSOFT_365 = "microsoft365"
    SALESFORCE = "salesforce"
    ZENDESK = "zendesk"
    ZORGMAIL = "zorgmail"

    @property
    def mechanism(self) -> str:
        """The SPF mechanism that the service documents for its customers."""
        return f"include:{_SENDER_DOMAINS[self]}"


_SENDER_DOMAINS = {
    Sender.AMAZON_SES: "amazonses.com",
    Sender.GOOGLE: "_spf.google.com",
    Sender.MAILGUN: "mailgun.org",
    Sender.MICROSOFT_365: "spf.protection.outlook.com",
    Sender.SALESFORCE: "_spf.salesforce.com",
    Sender.ZENDESK: "mail.zendesk.com",
    Sender.ZORGMAIL: "_spf.zorgmail.nl",
}


class SpfAll(StrEnum):
    """The result for a host that no mechanism matches (RFC 7208 section 2.6)."""

    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"

    @property
    def term(self) -> str:
        """The closing term of the record."""
        return {SpfAll.FAIL: "-all", SpfAll.SOFTFAIL: "~all", SpfAll.NEUTRAL: "?all"}[self]


class SpfSpec(Model):
    """Which hosts may send mail with this domain in the envelope: the SPF record (RFC 7208)."""

    checks: ClassVar[tuple[Check, ...]] = (
        Check(
            "self.all == 'fail' || "
            "self.?mechanisms.orValue([]).size() + self.?senders.orValue([]).size() > 0",
            "name at least one of mechanisms and senders, or set all to fail for a domain that sends no mail",
            lambda spf: bool(spf.mechanisms or spf.senders) or spf.all is SpfAll.FAIL,
        ),
        Check(
            "(has(self.senders) ? self.senders.size() : 0) + (has(self.mechanisms) ? "
            f"self.mechanisms.filter(term, !term.matches(r'^{_ADDRESS_TERM}$')).size() : 0) "
            f"<= {SPF_LOOKUP_LIMIT}",
            "SPF allows 10 terms that look something up (include, a, mx, ptr, exists and each sender): "
            "remove some, or write ip4: and ip6: instead (RFC 7208 section 4.6.4)",
            lambda spf: spf.lookup_terms <= SPF_LOOKUP_LIMIT,
        ),
    )

    mechanisms: Annotated[tuple[SpfMechanism, ...], ATOMIC] = Field(
        default=(),
        max_length=40,
        description="SPF mechanisms in the order of the record, each as it stands there: ip4:192.0.2.0/24, "
        "ip6:2001:db8::/32, include:_spf.example.net, mx, a:mail.example.net. Without v=spf1 and without "
        "all.",
    )
    senders: Annotated[tuple[Sender, ...], SET] = Field(
        default=(),
        max_length=10,
        description="Services that send mail for the domain, by name; each becomes the include that the "
        "service documents, behind the mechanisms.",
    )
    all: SpfAll = Field(
        default=SpfAll.FAIL,
        description="What receivers shall make of every other host: fail (-all), softfail (~all) or neutral "
        "(?all).",
    )

    @property
    def lookup_terms(self) -> int:
        """How many terms of the record make a receiver look something up, not counting inside includes."""
        return len(self.senders) + sum(re.fullmatch(_ADDRESS_TERM, term) is None for term in self.mechanisms)

    @property
    def record(self) -> Spf:
        """The record: mechanisms, includes of the senders, `all`."""
        senders = (sender.mechanism for sender in self.senders)
        return Spf(tuple(parse_term(term) for term in (*self.mechanisms, *senders, self.all.term)))
