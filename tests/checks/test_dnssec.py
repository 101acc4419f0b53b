"""What is said of the DNSSEC of a domain."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.zone
import pytest

from mailseal.checks.answers import Validity
from mailseal.checks.dnssec import examine_dnssec, is_late
from mailseal.checks.https import PolicyFetcher
from mailseal.checks.model import Examined, Finding, Language, Outcome
from mailseal.checks.resolving import CachingResolver, open_resolver
from mailseal.checks.smtp import SmtpProber
from mailseal.checks.tools import Tools
from mailseal.records.names import DnsName
from support.signedinternet import Delegation, Denial, SignedInternet, SignedZone

RECORDS = '@ TXT "v=spf1 -all"\n@ MX 10 mx\nmx A 127.0.0.1'
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def lose_text_signatures(zone: dns.zone.Zone) -> None:
    for name in list(zone):
        zone.delete_rdataset(name, "RRSIG", "TXT")


ZONES = {
    "good.nl": SignedZone(RECORDS + '\nsub TXT "a subdomain"'),
    "soon.nl": SignedZone(RECORDS, since=timedelta(days=-28), until=timedelta(days=2)),
    "online.nl": SignedZone(RECORDS, since=timedelta(days=-1), until=timedelta(days=1)),
    "plain.nl": SignedZone(RECORDS, algorithm=None),
    "undelegated.nl": SignedZone(RECORDS, delegation=Delegation.NONE),
    "new.nl": SignedZone(RECORDS, delegation=Delegation.UNKNOWN_ALGORITHM),
    "wrong.nl": SignedZone(RECORDS, delegation=Delegation.WRONG),
    "expired.nl": SignedZone(RECORDS, since=timedelta(days=-60), until=timedelta(days=-2)),
    "stripped.nl": SignedZone(RECORDS, spoil=lose_text_signatures),
    "sha1key.nl": SignedZone(RECORDS, "RSASHA1"),
    "sha1ds.nl": SignedZone(RECORDS, delegation=Delegation.SHA1),
    "optout.nl": SignedZone('deep.sub TXT "x"', denial=Denial.OPT_OUT),
    "ns.deep.optout.nl": SignedZone(algorithm=None),
    "plain": SignedZone(algorithm=None),
    "signed.plain": SignedZone(RECORDS),
}


@pytest.fixture(scope="module")
def internet() -> Iterator[SignedInternet]:
    with SignedInternet(ZONES) as running:
        yield running


@pytest.fixture
async def resolver(internet: SignedInternet) -> AsyncIterator[CachingResolver]:
    async with open_resolver(internet.settings()) as opened:
        yield opened


async def examine(resolver: CachingResolver, domain: str, now: datetime | None = None) -> dict[str, Finding]:
    nothing = object()
    tools = Tools(
        resolver, cast("SmtpProber", nothing), cast("PolicyFetcher", nothing), now or datetime.now(UTC)
    )
    findings = await examine_dnssec(Examined(DnsName(domain)), tools)
    return {finding.check.id: finding for finding in findings}


@pytest.mark.parametrize(
    ("domain", "chain", "expiry", "algorithm"),
    [
        ("good.nl", "secure", "fresh", "modern"),
        ("sub.good.nl", "secure", "fresh", "modern"),
        ("nothing.good.nl", "no-name", "not-secure", "not-secure"),
        ("soon.nl", "secure", "soon", "modern"),
        ("online.nl", "secure", "fresh", "modern"),
        ("plain.nl", "unsigned", "not-secure", "not-secure"),
        ("undelegated.nl", "no-ds", "not-secure", "not-secure"),
        ("new.nl", "unsupported", "not-secure", "not-secure"),
        ("wrong.nl", "bogus", "not-secure", "not-secure"),
        ("expired.nl", "bogus", "not-secure", "not-secure"),
        ("stripped.nl", "bogus", "not-secure", "not-secure"),
        ("sha1key.nl", "secure", "fresh", "outdated-key"),
        ("sha1ds.nl", "secure", "fresh", "outdated-digest"),
        ("nl", "secure", "fresh", "modern"),
        ("deep.optout.nl", "unproven", "not-secure", "not-secure"),
        ("signed.plain", "unsigned", "not-secure", "not-secure"),
        ("nothing.plain", "no-name", "not-secure", "not-secure"),
    ],
)
async def test_verdicts(
    resolver: CachingResolver, domain: str, chain: str, expiry: str, algorithm: str
) -> None:
    found = await examine(resolver, domain)
    assert {check: finding.verdict.code for check, finding in found.items()} == {
        "dnssec.chain": chain,
        "dnssec.expiry": expiry,
        "dnssec.algorithm": algorithm,
    }
    for finding in found.values():
        assert all(finding.says(language) for language in Language)


@pytest.mark.parametrize(
    ("domain", "evidence"),
    [
        ("expired.nl", "expired on"),
        ("wrong.nl", "no key that fits its DS record"),
        ("stripped.nl", "the TXT record of stripped.nl: it is not signed"),
        ("plain.nl", "nl has no DS record for plain.nl"),
        ("new.nl", "algorithm 200"),
        ("undelegated.nl", "ECDSAP256SHA256 (13)"),
    ],
)
async def test_the_evidence_says_what_is_wrong(resolver: CachingResolver, domain: str, evidence: str) -> None:
    assert evidence in " ".join((await examine(resolver, domain))["dnssec.chain"].evidence)


async def test_the_zone_that_is_not_signed_is_named_when_it_is_above(resolver: CachingResolver) -> None:
    """Signing the domain alone does not help when the zone above it is not signed."""
    assert (await examine(resolver, "signed.plain"))["dnssec.chain"].values["zone"] == "plain"


async def test_signatures_are_judged_as_of_the_time_of_the_run(internet: SignedInternet) -> None:
    later = datetime.now(UTC) + timedelta(days=40)
    async with open_resolver(internet.settings(), later) as resolver:
        assert (await examine(resolver, "good.nl", later))["dnssec.chain"].verdict.code == "unknown"


async def test_without_a_fitting_trust_anchor_nothing_is_secure(internet: SignedInternet) -> None:
    """IANA's anchors do not fit the root of this small Internet: that says nothing of the domain."""
    async with open_resolver(internet.settings(trust_anchors=())) as resolver:
        found = await examine(resolver, "good.nl")
    assert found["dnssec.chain"].verdict.code == "unknown"
    assert found["dnssec.chain"].outcome is Outcome.UNKNOWN
    assert "has no key that fits" in found["dnssec.chain"].evidence[0]


async def test_a_domain_under_no_anchor_is_unknown(internet: SignedInternet) -> None:
    elsewhere = "other.example. IN DS 1 13 2 " + "00" * 32
    async with open_resolver(internet.settings(trust_anchors=(elsewhere,))) as resolver:
        assert (await examine(resolver, "good.nl"))["dnssec.chain"].verdict.code == "unknown"


@pytest.mark.parametrize(
    ("signed_for", "left", "late"),
    [
        (timedelta(days=30), timedelta(days=4), False),
        (timedelta(days=30), timedelta(days=2), True),
        (timedelta(days=2), timedelta(days=1), False),
        (timedelta(days=2), timedelta(hours=11), True),
        (timedelta(days=14), timedelta(days=3), False),
    ],
)
def test_how_late_is_late(signed_for: timedelta, left: timedelta, late: bool) -> None:
    """Three days, or a quarter of the life of signatures that are made for each answer."""
    until = NOW + left
    assert is_late(Validity(until - signed_for, until), NOW) is late
