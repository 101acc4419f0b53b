"""Refused specs of MailDomain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from support.manifests import REMOVED
from support.refusal import Refusal


def _domain(label: str, domain: str) -> Refusal:
    return Refusal(
        f"domain-{label}", "MailDomain", {"domain": domain}, "spec.domain", "two labels or more in lower case"
    )


def _mail(label: str, changes: Mapping[str, Any], field: str, words: str) -> Refusal:
    return Refusal(f"mail-{label}", "MailDomain", changes, f"spec{field}", words)


def _mechanism(label: str, term: str, words: str) -> Refusal:
    return _mail(f"spf-{label}", {"spf.mechanisms": ["mx", term]}, ".spf.mechanisms[1]", words)


def _rollout(label: str, stages: object, field: str, words: str) -> Refusal:
    return _mail(f"rollout-{label}", {"dmarc.rollout": {"stages": stages}}, f".dmarc.rollout{field}", words)


def _external(label: str, entries: object, field: str, words: str) -> Refusal:
    return _mail(f"dkim-{label}", {"dkim": {"externalSelectors": entries}}, f".dkim{field}", words)


_NONE = {"policy": "none", "lasts": "14d"}
_QUARANTINE = {"policy": "quarantine", "lasts": "30d"}
_NOTHING_ASKED = {"spf": REMOVED, "dmarc": REMOVED}
_ONE_MECHANISM = "write one SPF mechanism in lower case"

DOMAINS = (
    _domain("upper-case", "Zorg-voorbeeld.example"),
    _domain("final-dot", "zorg-voorbeeld.example."),
    _domain("one-label", "localhost"),
    _domain("underscore", "_dmarc.zorg-voorbeeld.example"),
    _domain("unicode", "zorgé.example"),
    _domain("address", "192.0.2.1"),
    _domain("hyphen-at-the-end", "zorg-.example"),
    _domain("long-label", f"{'a' * 64}.example"),
    _domain("mailbox", "info@zorg-voorbeeld.example"),
    _mail("domain-too-long", {"domain": "a." * 127 + "example"}, ".domain", "may not be more than 253"),
    _mail("domain-missing", {"domain": REMOVED}, ".domain", "Required value"),
)
MAIL_DOMAINS = (
    _mail("provider-missing", {"providerRef": REMOVED}, ".providerRef", "Required value"),
    _mail("provider-kind", {"providerRef.kind": "Secret"}, ".providerRef.kind", '"ClusterDnsProvider"'),
    _mail(
        "provider-name", {"providerRef.name": "My Zone"}, ".providerRef.name", "name of a Kubernetes object"
    ),
    _mail("ttl-too-short", {"ttlSeconds": 30}, ".ttlSeconds", "greater than or equal to 60"),
    _mail("ttl-too-long", {"ttlSeconds": 604800}, ".ttlSeconds", "less than or equal to 86400"),
    _mail("ttl-text", {"ttlSeconds": "1h"}, ".ttlSeconds", "integer"),
    _mail("deletion-policy", {"deletionPolicy": "Retain"}, ".deletionPolicy", '"Orphan"'),
    _mail("adoption", {"adoption": "Force"}, ".adoption", '"Replace"'),
    _mail("unknown-field", {"bimi": {"selector": "x"}}, ".bimi", "unknown field"),
    _mail("name-of-the-model", {"ttl_seconds": 600}, ".ttl_seconds", "unknown field"),
    _mail("nothing-asked", _NOTHING_ASKED, "", "at least one of spf, dkim, dmarc, mtaSts and tlsRpt"),
    _mail("parked-with-spf", {"parked": True}, ".parked", "remove spf, dkim, dmarc, mtaSts"),
    _mail("dmarc-without-policy", {"dmarc.policy": REMOVED}, ".dmarc.policy", "Required value"),
    _mail("dmarc-policy", {"dmarc.policy": "block"}, ".dmarc.policy", '"quarantine"'),
    _mail(
        "dmarc-subdomain-policy", {"dmarc.subdomainPolicy": "block"}, ".dmarc.subdomainPolicy", '"quarantine"'
    ),
    _mail("dmarc-alignment", {"dmarc.adkim": "r"}, ".dmarc.adkim", '"relaxed"'),
    _mail("dmarc-rua-mailbox", {"dmarc.rua": ["dmarc@x.example"]}, ".dmarc.rua[0]", "write a mailto: URI"),
    _mail("dmarc-rua-https", {"dmarc.rua": ["https://x.example/"]}, ".dmarc.rua[0]", "write a mailto: URI"),
    _mail("dmarc-rua-size", {"dmarc.rua": ["mailto:a@x.example!10m"]}, ".dmarc.rua[0]", "without size limit"),
    _mail(
        "dmarc-rua-list",
        {"dmarc.rua": ["mailto:a@x.example,mailto:b@x.example"]},
        ".dmarc.rua[0]",
        "one mailbox",
    ),
    _mail("dmarc-ruf", {"dmarc.ruf": ["mailto:a"]}, ".dmarc.ruf[0]", "write a mailto: URI"),
    _mail("dmarc-rua-twice", {"dmarc.rua": ["mailto:a@x.example"] * 2}, ".dmarc.rua", "Duplicate value"),
    _mail(
        "parked-with-dkim",
        {**_NOTHING_ASKED, "parked": True, "dkim": {"externalSelectors": [{"selector": "s1"}]}},
        ".parked",
        "remove spf, dkim, dmarc, mtaSts",
    ),
    _mail("sts-id", {"mtaSts": {"id": "2026-07-01"}}, ".mtaSts.id", "1 to 32 letters and digits"),
    _mail("sts-id-too-long", {"mtaSts": {"id": "a" * 33}}, ".mtaSts.id", "may not be more than 32"),
    _mail("tls-without-rua", {"tlsRpt": {"rua": []}}, ".tlsRpt.rua", "at least 1 items"),
    _mail("tls-rua", {"tlsRpt": {"rua": ["http://x.example/"]}}, ".tlsRpt.rua[0]", "mailto: or https: URI"),
    _mail(
        "tls-rua-semicolon",
        {"tlsRpt": {"rua": ["https://x.example/a;b"]}},
        ".tlsRpt.rua[0]",
        "semicolon as %3B",
    ),
)
ROLLOUTS = (
    _rollout("empty", [], ".stages", "at least 1 items"),
    _rollout("twice", [_NONE, _NONE], "", "write stages from mild to strict"),
    _rollout("backwards", [_QUARANTINE, _NONE], "", "write stages from mild to strict"),
    _rollout("to-the-end", [_NONE, {**_NONE, "policy": "reject"}], "", "milder than spec.dmarc.policy"),
    _rollout("too-many", [_NONE] * 6, ".stages", "at most 5"),
    _rollout("policy", [{**_NONE, "policy": "block"}], ".stages[0].policy", '"quarantine"'),
    _rollout("for-ever", [{"policy": "none"}], ".stages[0].lasts", "Required value"),
    _rollout("no-time", [{**_NONE, "lasts": "0d"}], ".stages[0].lasts", "write a number above 0 and a unit"),
    _mail(
        "rollout-of-nothing",
        {"dmarc.policy": "none", "dmarc.rollout": {"stages": [_NONE]}},
        ".dmarc.rollout",
        "write stages from mild to strict",
    ),
)
EXTERNAL_SELECTORS = (
    _external("empty", [], ".externalSelectors", "at least 1 items"),
    _external("many", [{"selector": f"s{n}"} for n in range(21)], ".externalSelectors", "at most 20"),
    _external("twice", [{"selector": "s1"}] * 2, ".externalSelectors", "Duplicate value"),
    _external(
        "upper-case", [{"selector": "S1"}], ".externalSelectors[0].selector", "write a selector of lower-case"
    ),
    _external("without-name", [{"cname": "a.example"}], ".externalSelectors[0].selector", "Required value"),
    _external(
        "both",
        [{"selector": "s1", "cname": "s1.vendor.example", "txt": "v=DKIM1; p="}],
        ".externalSelectors[0].txt",
        "exclude each other",
    ),
    _external(
        "target-dot",
        [{"selector": "s1", "cname": "s1.vendor.example."}],
        ".externalSelectors[0].cname",
        "without final dot",
    ),
    _external(
        "target-url",
        [{"selector": "s1", "cname": "https://vendor.example"}],
        ".externalSelectors[0].cname",
        "the vendor tells you",
    ),
    _external(
        "no-key",
        [{"selector": "s1", "txt": "v=DKIM1; k=rsa"}],
        ".externalSelectors[0].txt",
        "write the whole key record in one line",
    ),
    _external(
        "lines", [{"selector": "s1", "txt": "v=DKIM1;\np="}], ".externalSelectors[0].txt", "in one line"
    ),
    _mail(
        "dkim-name-too-long",
        {"domain": f"{'a.' * 115}example", "dkim": {"externalSelectors": [{"selector": "selector1"}]}},
        ".dkim",
        "over 253 characters",
    ),
)
SPF = (
    _mechanism("all", "-all", _ONE_MECHANISM),
    _mechanism("version", "v=spf1", _ONE_MECHANISM),
    _mechanism("redirect", "redirect=_spf.x.example", "redirect="),
    _mechanism("upper-case", "IP4:192.0.2.1", _ONE_MECHANISM),
    _mechanism("two-in-one", "mx a", _ONE_MECHANISM),
    _mechanism("bare-address", "192.0.2.1", _ONE_MECHANISM),
    _mechanism("include-of-nothing", "include:", _ONE_MECHANISM),
    _mechanism("bad-address", "ip4:192.0.2.256", "write an IPv4 address or network after ip4:"),
    _mechanism("bad-prefix", "ip4:192.0.2.0/33", "write an IPv4 address or network after ip4:"),
    _mechanism("ip6-as-ip4", "ip4:2001:db8::1", "write an IPv4 address or network after ip4:"),
    _mechanism("ip4-as-ip6", "-ip6:192.0.2.1", "write an IPv6 address or network after ip6:"),
    _mechanism("ip4-mapped", "ip6:::ffff:192.0.2.1", "write an IPv6 address or network after ip6:"),
    _mail("spf-sender", {"spf.senders": ["hotmail"]}, ".spf.senders[0]", '"microsoft365"'),
    _mail("spf-sender-twice", {"spf.senders": ["google", "google"]}, ".spf.senders", "Duplicate value"),
    _mail("spf-all", {"spf.all": "pass"}, ".spf.all", '"softfail"'),
    _mail("spf-empty", {"spf": {"all": "softfail"}}, ".spf", "at least one of mechanisms and senders"),
    _mail(
        "spf-lookups",
        {"spf": {"mechanisms": [f"include:s{n}.example.net" for n in range(10)], "senders": ["google"]}},
        ".spf",
        "SPF allows 10 terms that look something up",
    ),
    _mail(
        "spf-too-many",
        {"spf.mechanisms": [f"ip4:192.0.2.{n}" for n in range(41)]},
        ".spf.mechanisms",
        "at most 40",
    ),
)
MAIL_DOMAIN_REFUSALS = (*DOMAINS, *MAIL_DOMAINS, *ROLLOUTS, *EXTERNAL_SELECTORS, *SPF)
