"""Specs that nobody can store or use: both the API server and the operator refuse each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from support.manifests import REMOVED
from support.refusal import Refusal
from support.refusals_dkimkey import DKIM_KEY_REFUSALS
from support.refusals_maildomain import MAIL_DOMAIN_REFUSALS


def _nta(label: str, changes: Mapping[str, Any], field: str, words: str) -> Refusal:
    return Refusal(f"nta-{label}", "NtaRecord", changes, f"spec{field}", words)


def _provider(label: str, changes: Mapping[str, Any], field: str, words: str) -> Refusal:
    return Refusal(f"provider-{label}", "DnsProvider", changes, f"spec{field}", words)


def _cluster(label: str, changes: Mapping[str, Any], field: str, words: str) -> Refusal:
    return Refusal(f"cluster-{label}", "ClusterDnsProvider", changes, f"spec{field}", words)


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
    _nta("digest", {"declaration.sha256": "A" * 64}, ".declaration.sha256", "64 hex digits in lower case"),
    _nta("no-domain", {"domain": REMOVED}, ".domains", "write either domain"),
    _nta("domain-and-domains", {"domains": ["a.example"]}, ".domains", "write either domain"),
    _nta("no-domains", {"domain": REMOVED, "domains": []}, ".domains", "at least 1 items"),
    _nta("domain-twice", {"domain": REMOVED, "domains": ["a.example"] * 2}, ".domains", "Duplicate value"),
    _nta("bad-domain", {"domain": REMOVED, "domains": ["a_b"]}, ".domains[0]", "two labels or more"),
    _nta("check", {"prerequisites": [{"check": "IPV6"}]}, ".prerequisites[0].check", '"TLSRPT"'),
    _nta("check-twice", {"prerequisites": [{"check": "SPF"}] * 2}, ".prerequisites", "Duplicate value"),
    _nta(
        "check-mode",
        {"prerequisites": [{"check": "SPF", "mode": "Off"}]},
        ".prerequisites[0].mode",
        '"Enforce"',
    ),
    _nta("renewal", {"renewal": "Never"}, ".renewal", '"Manual"'),
    _nta("renew-before", {"renewBefore": "0d"}, ".renewBefore", "a number above 0 and a unit"),
    _nta("relay", {"relay": "spf"}, ".relay", "such as _spf.zorgmail.nl"),
    _nta("reviews", {"reviews": {"yearlyOn": "last year"}}, ".reviews.yearlyOn", "date"),
    _nta("contact", {"contact": "Info <info@x.example>"}, ".contact", "write a mailbox without display name"),
)
_ID = "11111111-2222-3333-4444-555555555555"


def _azure(**settings: Any) -> dict[str, Any]:
    return {
        "type": "azure",
        "rfc2136": REMOVED,
        "azure": {"subscriptionId": _ID, "resourceGroup": "dns", **settings},
    }


def _google(**settings: Any) -> dict[str, Any]:
    return {"type": "google", "rfc2136": REMOVED, "google": {"project": "zorg-dns-123456", **settings}}


def _octodns(**settings: Any) -> dict[str, Any]:
    octodns = {"class": "octodns_hetzner.HetznerProvider", **settings}
    return {"type": "octodns", "rfc2136": REMOVED, "octodns": octodns}


def _route53(**settings: Any) -> dict[str, Any]:
    return {"type": "route53", "rfc2136": REMOVED, "route53": settings}


_POWERDNS_SERVER = {
    "type": "powerdns",
    "rfc2136": REMOVED,
    "powerdns": {"url": "http://pdns.zorg-voorbeeld.example:8081", "serverId": "a/b"},
}
_TRANSIP_LOGIN = {"type": "transip", "rfc2136": REMOVED, "transip": {"login": "zorg voorbeeld"}}
_CLOUDFLARE_ACCOUNT = {"type": "cloudflare", "rfc2136": REMOVED, "cloudflare": {"accountId": "Z" * 32}}

PROVIDERS = (
    _provider("type", {"type": "route54"}, ".type", '"rfc2136"'),
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
    _provider(
        "tls-name",
        {"rfc2136.tlsServerName": "ns1.x.example"},
        ".rfc2136.tlsServerName",
        "transport: tls only",
    ),
    _provider(
        "no-key-name",
        {"rfc2136.tsigKeyName": REMOVED},
        ".rfc2136.tsigKeyName",
        "unless tsigAlgorithm is gss-tsig",
    ),
    _provider(
        "no-principal",
        {"rfc2136.tsigKeyName": REMOVED, "rfc2136.tsigAlgorithm": "gss-tsig"},
        ".rfc2136.gssPrincipal",
        "give gssPrincipal when tsigAlgorithm is gss-tsig",
    ),
    _provider(
        "principal",
        {
            "rfc2136.tsigKeyName": REMOVED,
            "rfc2136.tsigAlgorithm": "gss-tsig",
            "rfc2136.gssPrincipal": "mailseal",
        },
        ".rfc2136.gssPrincipal",
        "write a principal with its realm",
    ),
    _provider(
        "gss-server",
        {"rfc2136.gssServerName": "dc1.x.example"},
        ".rfc2136.gssServerName",
        "gssServerName is for tsigAlgorithm: gss-tsig only",
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
    _provider("azure-id", _azure(subscriptionId="x" * 36), ".azure.subscriptionId", "Azure portal shows it"),
    _provider("azure-group", _azure(resourceGroup="dns/.."), ".azure.resourceGroup", "resource group"),
    _provider("azure-tenant", _azure(tenantId="contoso/../x", clientId=_ID), ".azure.tenantId", "the tenant"),
    _provider("azure-client", _azure(tenantId="contoso.example"), ".azure.tenantId", "give its clientId too"),
    _provider("azure-cloud", _azure(cloud="Germany"), ".azure.cloud", '"China"'),
    _provider("google-project", _google(project="Zorg DNS"), ".google.project", "not its name or number"),
    _provider(
        "google-zone", _google(managedZones=["zorg.nl"]), ".google.managedZones[0]", "and not the domain"
    ),
    _provider(
        "aws-role", _route53(roleArn="arn:aws:iam::1:user/x"), ".route53.roleArn", "ARN of an IAM role"
    ),
    _provider("aws-external-id", _route53(externalId="zorg"), ".route53.externalId", "give roleArn too"),
    _provider(
        "aws-zone-id", _route53(hostedZoneIds=["z1"]), ".route53.hostedZoneIds[0]", "id of a hosted zone"
    ),
    _provider("aws-zone-type", _route53(zoneType="Both"), ".route53.zoneType", '"Private"'),
    _provider("aws-region", _route53(region="europe"), ".route53.region", "write an AWS region"),
    _provider("aws-insync", _route53(insyncSeconds=61), ".route53.insyncSeconds", "less than or equal to 60"),
    _provider("powerdns-server", _POWERDNS_SERVER, ".powerdns.serverId", "which is localhost"),
    _provider("transip-login", _TRANSIP_LOGIN, ".transip.login", "sign in to TransIP"),
    _provider("cloudflare-account", _CLOUDFLARE_ACCOUNT, ".cloudflare.accountId", "32 hexadecimal digits"),
    _cluster("octodns-class", _octodns(**{"class": "os/system"}), ".octodns.class", "a module and a class"),
    _cluster("octodns-text", _octodns(textFormat="yaml"), ".octodns.textFormat", '"zonefile"'),
    _cluster(
        "octodns-secret",
        _octodns(secretSettings={"token": "a/b"}),
        ".octodns.secretSettings",
        "write a key of the Secret",
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
REFUSALS = (*MAIL_DOMAIN_REFUSALS, *DKIM_KEY_REFUSALS, *NTA_RECORDS, *PROVIDERS)
