"""Specs that nobody can store or use: both the API server and the operator refuse each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from support.manifests import REMOVED, spec_of


@dataclass(frozen=True)
class Refusal:
    """A change that makes a valid spec invalid, where both say the fault is, and what the API server says."""

    label: str
    kind: str
    changes: Mapping[str, Any]
    field: str
    words: str

    @property
    def spec(self) -> dict[str, Any]:
        """The invalid spec."""
        return spec_of(self.kind, self.changes)


def _domain(label: str, domain: str) -> Refusal:
    return Refusal(
        f"domain-{label}", "MailDomain", {"domain": domain}, "spec.domain", "two labels or more in lower case"
    )


def _mail(label: str, changes: Mapping[str, Any], field: str, words: str) -> Refusal:
    return Refusal(f"mail-{label}", "MailDomain", changes, f"spec{field}", words)


def _mechanism(label: str, term: str, words: str) -> Refusal:
    return _mail(f"spf-{label}", {"spf.mechanisms": ["mx", term]}, ".spf.mechanisms[1]", words)


def _dkim(label: str, changes: Mapping[str, Any], field: str, words: str) -> Refusal:
    return Refusal(f"dkim-{label}", "DkimKey", changes, f"spec{field}", words)


def _nta(label: str, changes: Mapping[str, Any], field: str, words: str) -> Refusal:
    return Refusal(f"nta-{label}", "NtaRecord", changes, f"spec{field}", words)


def _provider(label: str, changes: Mapping[str, Any], field: str, words: str) -> Refusal:
    return Refusal(f"provider-{label}", "DnsProvider", changes, f"spec{field}", words)


def _cluster(label: str, changes: Mapping[str, Any], field: str, words: str) -> Refusal:
    return Refusal(f"cluster-{label}", "ClusterDnsProvider", changes, f"spec{field}", words)


_RSA = {"algorithm": "RSA"}
_ED25519 = {"algorithm": "Ed25519"}
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
    _mail("unknown-field", {"dkim": {"selector": "x"}}, ".dkim", "unknown field"),
    _mail("nothing-asked", _NOTHING_ASKED, "", "at least one of spf, dmarc, mtaSts and tlsRpt"),
    _mail("parked-with-spf", {"parked": True}, ".parked", "remove spf, dmarc, mtaSts and tlsRpt"),
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
DKIM_KEYS = (
    _dkim("no-keys", {"keys": []}, ".keys", "at least 1 items"),
    _dkim("five-keys", {"keys": [_RSA] * 5}, ".keys", "at most 4 items"),
    _dkim("algorithm", {"keys": [{"algorithm": "DSA"}]}, ".keys[0].algorithm", '"Ed25519"'),
    _dkim("small-key", {"keys": [{**_RSA, "size": 1024}]}, ".keys[0].size", "2048"),
    _dkim("ed25519-size", {"keys": [{**_ED25519, "size": 2048}]}, ".keys[0].size", "for RSA keys only"),
    _dkim("template-upper-case", {"selectorTemplate": "MS{date}"}, ".selectorTemplate", "lower-case letters"),
    _dkim(
        "template-placeholder", {"selectorTemplate": "ms{month}"}, ".selectorTemplate", "placeholders {date}"
    ),
    _dkim(
        "template-underscore",
        {"selectorTemplate": "ms_{random}"},
        ".selectorTemplate",
        "such as ms{date}-{random}",
    ),
    _dkim(
        "same-selectors",
        {"keys": [_RSA, _ED25519], "selectorTemplate": "ms{date}"},
        ".selectorTemplate",
        "put {random}",
    ),
    _dkim(
        "same-algorithm",
        {"keys": [_RSA, _RSA], "selectorTemplate": "{algorithm}"},
        ".selectorTemplate",
        "put {random}",
    ),
    _dkim(
        "name-too-long",
        {"domain": f"{'a.' * 115}example", "selectorTemplate": "s{date}"},
        ".selectorTemplate",
        "over 253 characters",
    ),
    _dkim("secret-name", {"secret": {"name": "My_Secret"}}, ".secret.name", "name of a Kubernetes object"),
    _dkim("secret-label", {"secret": {"labels": {"a b": "c"}}}, ".secret.labels", "write Kubernetes labels"),
    _dkim(
        "secret-label-value", {"secret": {"labels": {"a": "-"}}}, ".secret.labels", "write Kubernetes labels"
    ),
)
NTA_RECORDS = (
    _nta("provider-missing", {"provider": REMOVED}, ".provider", "Required value"),
    _nta("provider-semicolon", {"provider": "zorgmail;x"}, ".provider", "ask the provider for it"),
    _nta("month", {"startMonth": "2026-13"}, ".startMonth", "write a month as YYYY-MM"),
    _nta("month-as-day", {"startMonth": "03-2026"}, ".startMonth", "write a month as YYYY-MM"),
    _nta("too-long", {"validityMonths": 37}, ".validityMonths", "less than or equal to 36"),
    _nta("too-short", {"validityMonths": 0}, ".validityMonths", "greater than or equal to 1"),
    _nta(
        "mx-preference",
        {"ntamx": [{"preference": 65536, "host": "a.example"}]},
        ".ntamx[0].preference",
        "65535",
    ),
    _nta(
        "mx-host",
        {"ntamx": [{"preference": 1, "host": "192.0.2.1"}]},
        ".ntamx[0].host",
        "write a full host name",
    ),
    _nta("mx-without-host", {"ntamx": [{"preference": 1}]}, ".ntamx[0].host", "Required value"),
    _nta(
        "mx-twice",
        {"ntamx": [{"preference": n, "host": "a.example"} for n in (1, 2)]},
        ".ntamx",
        "Duplicate value",
    ),
    _nta("declaration-date", {"declaration.signedOn": "14-09-2026"}, ".declaration.signedOn", "date"),
    _nta(
        "declaration-reference", {"declaration.reference": ""}, ".declaration.reference", "at least 1 chars"
    ),
    _nta("contact", {"contact": "Info <info@x.example>"}, ".contact", "write a mailbox without display name"),
)
PROVIDERS = (
    _provider("type", {"type": "route53"}, ".type", '"rfc2136"'),
    _provider("no-settings", {"rfc2136": REMOVED}, ".rfc2136", "type: rfc2136 needs its settings"),
    _provider("other-settings", {"memory": {}}, ".memory", "remove memory or set type: memory"),
    _provider("type-of-others", {"type": "zonefile"}, ".rfc2136", "remove rfc2136 or set type: rfc2136"),
    _provider("no-secret", {"credentialsSecretRef": REMOVED}, ".credentialsSecretRef", "key tsig-secret"),
    _provider(
        "needless-secret",
        {"type": "memory", "memory": {}, "rfc2136": REMOVED},
        ".credentialsSecretRef",
        "remove credentialsSecretRef",
    ),
    _provider("secret-in-spec", {"rfc2136.tsigSecret": "x"}, ".rfc2136.tsigSecret", "unknown field"),
    _provider(
        "server-with-port", {"rfc2136.server": "192.0.2.53:53"}, ".rfc2136.server", "port has its own field"
    ),
    _provider("port", {"rfc2136.port": 65536}, ".rfc2136.port", "less than or equal to 65535"),
    _provider(
        "timeout", {"rfc2136.timeoutSeconds": 0}, ".rfc2136.timeoutSeconds", "greater than or equal to 1"
    ),
    _provider("algorithm", {"rfc2136.tsigAlgorithm": "hmac-md5"}, ".rfc2136.tsigAlgorithm", '"hmac-sha256"'),
    _provider("key-name", {"rfc2136.tsigKeyName": "my key"}, ".rfc2136.tsigKeyName", "write the key's name"),
    _provider("zone", {"zones": ["zorg-voorbeeld.example."]}, ".zones[0]", "without final dot"),
    _provider("nameserver", {"nameservers": ["2001:db8::1"]}, ".nameservers[0]", "[IPv6]:port"),
    _provider("policy", {"policy": "Create"}, ".policy", '"UpsertOnly"'),
    _provider(
        "delete-limit", {"deleteLimit": {"percent": 101}}, ".deleteLimit.percent", "less than or equal to 100"
    ),
    _provider(
        "path-relative",
        {"type": "zonefile", "rfc2136": REMOVED, "zonefile": {"path": "zones"}},
        ".zonefile.path",
        "absolute path",
    ),
    _provider(
        "path-upwards",
        {"type": "zonefile", "rfc2136": REMOVED, "zonefile": {"path": "/zones/../etc"}},
        ".zonefile.path",
        "without . and .. parts",
    ),
    _provider("tenancy-in-a-namespace", {"allowedNamespaces": ["a"]}, ".allowedNamespaces", "unknown field"),
    _cluster("nobody", {"allowedNamespaces": []}, ".allowedNamespaces", "at least 1 items"),
    _cluster("missing", {"allowedNamespaces": REMOVED}, ".allowedNamespaces", "Required value"),
    _cluster("namespace", {"allowedNamespaces": ["team-*"]}, ".allowedNamespaces[0]", "name of a namespace"),
    _cluster(
        "domain", {"allowedDomains": {"zorg": ["*.x.example"]}}, ".allowedDomains", "two labels or more"
    ),
    _cluster(
        "not-admitted", {"allowedDomains": {"other": ["x.example"]}}, ".allowedDomains", "does not admit"
    ),
)
REFUSALS = (*DOMAINS, *MAIL_DOMAINS, *SPF, *DKIM_KEYS, *NTA_RECORDS, *PROVIDERS)
