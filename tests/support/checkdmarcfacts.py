"""What mailseal and checkdmarc say of a domain, in the same few words, so that it can be compared.

checkdmarc tells what is wrong in sentences; `_WORDS` sorts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import checkdmarc.dmarc
import checkdmarc.mta_sts
import checkdmarc.smtp_tls_reporting
import checkdmarc.spf
import checkdmarc.utils
import dns.resolver
import pytest

from mailseal.checks.model import Finding, Outcome

Facts = Mapping[str, str]
_TIMEOUT_SECONDS = 2.0
_WORDS = (
    ("has no spf record, which", "wrong"),
    ("multiple", "several"),
    ("dns lookups", "too many"),
    ("loop", "loop"),
    ("record does not exist", "missing"),
    ("the domain does not exist", "missing"),
    ("download", "not fetched"),
)
_NO_HOSTS = {"implicit": "none", "missing": "none", "no-mail": "null"}
_OURS = {
    "loop": "loop",
    "no-record": "wrong",
    "malformed-name": "wrong",
    "too-many": "too many",
    "missing": "missing",
    "several": "several",
    "unreadable": "wrong",
    "not-fetched": "not fetched",
    "invalid": "wrong",
}


def local_resolver(address: str, port: int) -> dns.resolver.Resolver:
    """The resolver to give checkdmarc, for a name server of ours."""
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [address]
    resolver.port = port
    resolver.lifetime = _TIMEOUT_SECONDS
    return resolver


def give_policies(monkeypatch: pytest.MonkeyPatch, policies: Mapping[str, str]) -> None:
    """Let checkdmarc fetch these MTA-STS policies instead of asking the Internet for them."""

    def download(domain: str, **_: object) -> dict[str, object]:
        if domain not in policies:
            raise checkdmarc.mta_sts.MTASTSPolicyDownloadError(f"the download for {domain} failed")
        return {"policy": policies[domain], "warnings": []}

    monkeypatch.setattr(checkdmarc.mta_sts, "download_mta_sts_policy", download)


def facts_of_checkdmarc(domain: str, resolver: dns.resolver.Resolver) -> Facts:
    """What checkdmarc says."""
    options = {"resolver": resolver, "timeout": _TIMEOUT_SECONDS, "retries": 0}
    spf = checkdmarc.spf.check_spf(domain, **options)
    dmarc: Any = checkdmarc.dmarc.check_dmarc(domain, **options)
    sts: Any = checkdmarc.mta_sts.check_mta_sts(domain, **options)
    reports: Any = checkdmarc.smtp_tls_reporting.check_smtp_tls_reporting(domain, **options)
    facts = {
        "mx": _mx(domain, options),
        "spf": _word(spf),
        "dmarc": _word(dmarc),
        "mta-sts": _word(sts),
        "tls-rpt": _word(reports),
    }
    if spf["valid"]:
        facts["spf look-ups"] = str(spf["dns_lookups"])
        facts["spf voids"] = str(spf["void_dns_lookups"])
        facts["spf all"] = str(spf["parsed"]["all"])
    if dmarc["valid"]:
        facts["dmarc at"] = dmarc["location"]
        facts["dmarc policy"] = dmarc["tags"]["p" if dmarc["location"] == domain else "sp"]["value"]
        warnings = " ".join(dmarc["warnings"])
        facts["dmarc obsolete"] = str("was removed in RFC 9989" in warnings)
        facts["dmarc consent lacks"] = str("does not indicate" in warnings)
        facts["dmarc reports"] = str("rua tag" not in warnings)
    if sts["valid"]:
        facts["mta-sts mode"] = sts["policy"]["mode"]
    return facts


def facts_of_mailseal(findings: Iterable[Finding]) -> Facts:
    """What mailseal's findings on one domain say."""
    by_check: dict[str, list[Finding]] = {}
    for finding in findings:
        by_check.setdefault(finding.check.id, []).append(finding)
    facts = {
        "mx": _our_mx(by_check["mx.present"][0]),
        "spf": _first(by_check, "spf.record", "spf.syntax", "spf.includes", "spf.lookups", "spf.voids"),
        "dmarc": _first(by_check, "dmarc.record", "dmarc.syntax"),
        "mta-sts": _first(by_check, "mta-sts.record", "mta-sts.policy"),
        "tls-rpt": _first(by_check, "tls-rpt.record", "tls-rpt.syntax"),
    }
    if facts["spf"] == "good":
        facts["spf look-ups"] = by_check["spf.lookups"][0].values["count"]
        facts["spf voids"] = by_check["spf.voids"][0].values.get("count", "0")
        ends = by_check["spf.all"][0].verdict.code
        facts["spf all"] = "neutral" if ends == "missing" else ends
    if facts["dmarc"] == "good":
        record, policy = by_check["dmarc.record"][0], by_check["dmarc.policy"][0]
        facts["dmarc at"] = record.values["name"]
        facts["dmarc policy"] = policy.values["policy"]
        facts["dmarc obsolete"] = str(_has(by_check, "dmarc.syntax", "obsolete"))
        facts["dmarc consent lacks"] = str(_has(by_check, "dmarc.consent", "missing"))
        facts["dmarc reports"] = str(_has(by_check, "dmarc.reports", "asked"))
    if facts["mta-sts"] == "good":
        facts["mta-sts mode"] = by_check["mta-sts.mode"][0].verdict.code
    return facts


def _first(by_check: Mapping[str, list[Finding]], *checks: str) -> str:
    """The first of the checks that is not well decides."""
    for check in checks:
        for finding in by_check.get(check, ()):
            if finding.outcome is Outcome.SKIP and finding.verdict.code == "no-mail":
                return "missing"
            if finding.verdict.code in _OURS:
                return _OURS[finding.verdict.code]
    return "good"


def _has(by_check: Mapping[str, list[Finding]], check: str, code: str) -> bool:
    return any(finding.verdict.code == code for finding in by_check.get(check, ()))


def _word(result: Mapping[str, Any]) -> str:
    if result["valid"]:
        return "good"
    return next((word for part, word in _WORDS if part in result["error"].lower()), "wrong")


def _our_mx(present: Finding) -> str:
    hosts = present.values.get("hosts", "")
    return ", ".join(sorted(hosts.split(", "))) if hosts else _NO_HOSTS[present.verdict.code]


def _mx(domain: str, options: Mapping[str, Any]) -> str:
    try:
        found: Any = checkdmarc.utils.get_mx_record_set(domain, **options)
    except checkdmarc.utils.DNSException:
        return "none"
    if found["null_mx"]:
        return "null"
    return ", ".join(sorted(host["hostname"] for host in found["hosts"])) or "none"
