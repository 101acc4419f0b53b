"""A care organisation with six mail domains, as checks and a cluster would tell of it: data for reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mailseal.checks import dkim_verdicts as dkim
from mailseal.checks import dnssec_verdicts as dnssec
from mailseal.checks import mta_sts_verdicts as mta_sts
from mailseal.checks import nta, tls_rpt
from mailseal.checks.dmarc import verdicts as dmarc
from mailseal.checks.hosts import tls_verdicts as tls
from mailseal.checks.model import DomainResult, Examined, Finding, Subject
from mailseal.checks.serialize import CheckedDomain
from mailseal.checks.spf import all_verdicts, cost_verdicts, record_verdicts
from mailseal.domain.common import API_VERSION
from mailseal.records.names import DnsName
from mailseal.reporting import Report, ReportHead, build_report, read_bodies
from mailseal.reporting.model import SourceKind

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=ZoneInfo("Europe/Amsterdam"))
DOMAINS = tuple(
    DnsName.parse(f"{name}.example")
    for name in (
        *("zorg-voorbeeld", "thuiszorg-voorbeeld", "huisarts-voorbeeld"),
        *("apotheek-voorbeeld", "ggz-voorbeeld", "revalidatiecentrum-voorbeeld"),
    )
)
HEAD = ReportHead(NOW, SourceKind.CLUSTER, "0.1.0", "Zorggroep Voorbeeld", "zorg-productie")


def sample_report(now: datetime = NOW) -> Report:
    """The whole sample, from a cluster."""
    return build_report(sample_results(), HEAD, read_bodies(sample_bodies(), now))


def report_of(results: Iterable[DomainResult], head: ReportHead = HEAD) -> Report:
    """A report of these results alone."""
    return build_report((CheckedDomain(result, NOW) for result in results), head)


def sample_results() -> tuple[CheckedDomain, ...]:
    """What the checks say of `DOMAINS`."""
    good, ending, failing, expired, unknown, fine = DOMAINS
    results = (
        _result(good, _good(good)),
        _result(ending, _good(ending, months=("2024-01", "2026-12"), testing=True)),
        _result(failing, _failing(failing)),
        _result(expired, _good(expired, months=("2023-07", "2026-06"))),
        _result(unknown, _good(unknown, is_signed=False)),
        _result(fine, _good(fine, months=("2026-02", "2029-02"))),
    )
    return tuple(CheckedDomain(result, NOW - timedelta(minutes=2)) for result in results)


def _result(domain: DnsName, findings: Iterable[Finding]) -> DomainResult:
    return DomainResult(Examined(domain, ("zs1", "zorgmail")), tuple(findings))


def _good(
    domain: DnsName,
    months: tuple[str, str] = ("2026-11", "2029-11"),
    *,
    testing: bool = False,
    is_signed: bool = True,
) -> Iterable[Finding]:
    yield from nta.judge(domain, [nta_text(*months)], NOW.date())
    yield from _servers(domain)
    if is_signed:
        yield dnssec.SECURE.on(domain, ("DS 20326 of RSASHA256 with SHA256",))
        yield dnssec.MODERN.on(domain, ("DNSKEY of ECDSAP256SHA256",), algorithms="ECDSAP256SHA256")
    else:
        yield dnssec.UNKNOWN.on(domain, ("no answer for DNSKEY within 5 seconds",), zone=domain)
    yield from _spf(domain)
    yield from _keys(domain)
    record = f"v=DMARC1; p=reject; {'t=y; ' if testing else ''}rua=mailto:dmarc@{domain}"
    yield dmarc.FOUND.on(domain, (record,))
    if testing:
        yield dmarc.TESTING.on(domain, (record,), policy="quarantine", name=domain)
    else:
        yield dmarc.STRICT.on(domain, (record,), policy="reject")
    if domain == DOMAINS[-1]:
        yield mta_sts.MISSING.on(domain)
    else:
        yield mta_sts.FOUND.on(domain, ("v=STSv1; id=20260901T000000",), id="20260901T000000")
    yield tls_rpt.FOUND.on(domain, (f"v=TLSRPTv1; rua=mailto:tls@{domain}",))


def _failing(domain: DnsName) -> Iterable[Finding]:
    yield from nta.judge(domain, [], NOW.date())
    yield tls.OLD_TLS_ONLY[Subject.MX].on(f"mail.{domain}", ("192.0.2.25",), versions="TLS 1.0, TLS 1.1")
    yield dnssec.UNSIGNED.on(domain, zone=domain)
    yield dkim.MISSING.on(domain, name=f"zs1._domainkey.{domain}")
    yield dmarc.FOUND.on(domain, ("v=DMARC1; p=none",))
    yield dmarc.NONE.on(domain, ("v=DMARC1; p=none",))
    yield mta_sts.MISSING.on(domain)
    yield tls_rpt.MISSING.on(domain)


def _servers(domain: DnsName) -> Iterable[Finding]:
    host = f"mx1.{domain}"
    yield tls.ENCRYPTS[Subject.MX].on(host, ("192.0.2.25",))
    yield tls.CURRENT_TLS[Subject.MX].on(host, ("192.0.2.25",), versions="TLS 1.2, TLS 1.3")
    ends = datetime(2027, 1, 18, 12, tzinfo=UTC) + timedelta(days=30 * DOMAINS.index(domain))
    until = f"{ends:%Y-%m-%d %H:%M} UTC"
    seen = (f"names: {host}", "issuer: CN=Test CA", f"valid from 2026-11-01 12:00 UTC until {until}")
    yield tls.GOOD_CERTIFICATE[Subject.MX].on(host, seen, until=until, not_after=ends.isoformat())


def _spf(domain: DnsName) -> Iterable[Finding]:
    record = "v=spf1 ip4:192.0.2.25 include:_spf.zorgmail.nl -all"
    yield record_verdicts.FOUND.on(domain, (record,))
    yield cost_verdicts.WITHIN.on(domain, ("include:_spf.zorgmail.nl",), count=3, limit=10)
    yield all_verdicts.FAILS_OTHERS.on(domain, (record,))


def _keys(domain: DnsName) -> Iterable[Finding]:
    for selector in ("zs1", "zorgmail"):
        name = f"{selector}._domainkey.{domain}"
        key = ("v=DKIM1; k=rsa; p=" + "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" * 8,)
        yield dkim.FOUND.on(domain, key, name=name)
        yield dkim.SOUND.on(domain, key, name=name, algorithm="rsa", bits=2048, least=1024)


def nta_text(start: str, end: str) -> str:
    """An NTA 7516 record of these months."""
    months = f"startdate={start};enddate={end}"
    return f"v=NTA7516-1;{months};provider=zorgmail;ntamx=10 relay.zorgmail.nl"


def sample_bodies() -> tuple[Mapping[str, Any], ...]:
    """The DkimKeys and NtaRecords of the cluster."""
    good, ending, failing, expired, _, fine = DOMAINS
    return (
        nta_body("groep", (good, fine), ("2026-11", "2029-11"), sha256="5d" * 32),
        nta_body("thuiszorg", (ending,), ("2024-01", "2026-12"), signed_on="2024-01-10", renewal="Manual"),
        nta_body("huisarts", (failing,), None, signed_on=None),
        nta_body("apotheek", (expired,), ("2023-07", "2026-06"), signed_on="2023-06-20"),
        key_body("groep-dkim", good, "zs1", "Active"),
        key_body("thuiszorg-dkim", ending, "zs1", "Retiring"),
    )


def nta_body(
    name: str,
    domains: Iterable[str],
    months: tuple[str, str] | None,
    *,
    signed_on: str | None = "2026-10-30",
    renewal: str = "Automatic",
    sha256: str | None = None,
) -> Mapping[str, Any]:
    """An NtaRecord as the API server has it, that publishes `months`."""
    declaration = {"signedOn": signed_on, "reference": f"QMS 7516-{name}"} | (
        {"sha256": sha256} if sha256 else {}
    )
    spec = {"domains": list(domains), "provider": "zorgmail", "providerRef": {"name": "shared"}}
    held = "the self-declaration is as old as the record in place: sign a new one and fill it in"
    standing = {"startMonth": months[0], "endMonth": months[1], "declaredOn": signed_on} if months else {}
    return {
        "apiVersion": API_VERSION,
        "kind": "NtaRecord",
        "metadata": {"name": name, "namespace": "zorg"},
        "spec": {**spec, "renewal": renewal, **({"declaration": declaration} if signed_on else {})},
        "status": {
            "domains": [{"domain": domain, "state": "Published", **standing} for domain in domains],
            "conditions": [condition("Renewal", "DeclarationNeeded", held)] if renewal == "Manual" else [],
        },
    }


def key_body(name: str, domain: str, selector: str, state: str) -> Mapping[str, Any]:
    """A DkimKey with one key."""
    key = {
        "selector": selector,
        "algorithm": "RSA",
        "size": 2048,
        "state": state,
        "since": "2026-09-02T08:00:00Z",
        "publishedSince": "2026-09-01T08:00:00Z",
    }
    signs = {"signingSelectors": [selector], "nextRotation": "2027-02-28T02:00:00Z"}
    return {
        "apiVersion": API_VERSION,
        "kind": "DkimKey",
        "metadata": {"name": name, "namespace": "zorg"},
        "spec": {"domain": domain, "providerRef": {"name": "shared"}},
        "status": {"keys": [key], **(signs if state == "Active" else {})},
    }


def condition(kind: str, reason: str, message: str) -> Mapping[str, Any]:
    """A condition that does not hold."""
    return {
        "type": kind,
        "status": "False",
        "reason": reason,
        "message": message,
        "lastTransitionTime": "2026-11-01T00:00:00Z",
    }
