"""Consent to get DMARC reports, as real name servers answer it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailseal.checks.dmarc import examine_dmarc
from mailseal.checks.resolving import open_resolver
from mailseal.checks.settings import CheckSettings
from support.examining import examined, tools_with
from support.servers.bind import BindServer
from support.servers.process import TsigSecret

CARE = """
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:d@{target}"
_dmarc.sub TXT "v=DMARC1; p=reject; rua=mailto:d@{target}"
"""
TARGETS = """
one.example._report._dmarc.exact TXT "v=DMARC1"
*._report._dmarc.wildcard TXT "v=DMARC1;"
one.example._report._dmarc.alias CNAME yes.hosted
yes.hosted TXT "v=DMARC1"
one.example._report._dmarc.wrong TXT "v=spf1 -all"
one.example._report._dmarc.empty HINFO "none" "none"
"""
TARGET_OF = {
    "one.example": ("exact.test", "given"),
    "two.example": ("exact.test", "missing"),
    "three.example": ("wildcard.test", "given"),
    "four.example": ("three.example", "missing"),
    "five.example": ("five.example", None),
    "six.example": ("reports.six.example", None),
    "seven.example": ("elsewhere.invalid", "unanswered"),
}


@pytest.fixture(scope="module")
def bind() -> Iterator[BindServer]:
    """One server for the domains, for `test` with the targets, and for the zone above the domains."""
    zones = {domain: CARE.format(target=target) for domain, (target, _) in TARGET_OF.items()}
    with BindServer({"example": "", "test": TARGETS, **zones}, keys=(TsigSecret(),)) as server:
        yield server


async def consent(bind: BindServer, domain: str) -> str | None:
    async with open_resolver(CheckSettings(resolvers=(bind.endpoint,))) as resolver:
        findings = await examine_dmarc(examined(domain), tools_with(resolver))
    codes = [finding.verdict.code for finding in findings if finding.check.id == "dmarc.consent"]
    return codes[0] if codes else None


@pytest.mark.parametrize("domain", TARGET_OF)
async def test_consent_is_the_record_of_the_target_and_a_wildcard_is_one_for_all(
    bind: BindServer, domain: str
) -> None:
    assert await consent(bind, domain) == TARGET_OF[domain][1]


async def test_consent_for_the_organisation_is_none_for_a_record_below_it(bind: BindServer) -> None:
    assert await consent(bind, "sub.one.example") == "missing"
    assert await consent(bind, "sub.three.example") == "given"


@pytest.mark.parametrize(("target", "code"), [("alias", "given"), ("wrong", "missing"), ("empty", "missing")])
async def test_what_stands_at_the_name_of_the_consent_decides(
    bind: BindServer, target: str, code: str
) -> None:
    bind.put(
        "one.example", "_dmarc.one.example", "TXT", 60, f'"v=DMARC1; p=reject; rua=mailto:d@{target}.test"'
    )
    assert await consent(bind, "one.example") == code
