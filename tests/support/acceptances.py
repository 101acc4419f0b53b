"""Unusual specs that are valid: both the API server and the operator take each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from support.manifests import REMOVED, spec_of


@dataclass(frozen=True)
class Acceptance:
    """A change that keeps a valid spec valid."""

    label: str
    kind: str
    changes: Mapping[str, Any]

    @property
    def spec(self) -> dict[str, Any]:
        """The valid spec."""
        return spec_of(self.kind, self.changes)


def _renewal(template: str, interval: str) -> dict[str, Any]:
    return {"selectorTemplate": template, "rotation": {"interval": interval}}


_MECHANISMS = (
    "a",
    "mx/24//64",
    "a:mail.zorg-voorbeeld.example/28",
    "ip4:192.0.2.77/24",
    "?ip6:2001:db8::/32",
    "ip6:2001:DB8::25",
    "-ip6:::1/128",
    "~include:_spf.example.net",
    "exists:%{ir}.%{l1r+-}._spf.%{d}",
    "ptr",
    "+mx",
)
_SERVERS = ("ns1.zorg-voorbeeld.example", "localhost", "192.0.2.53", "2001:db8::53", "::1")
_NAMESERVERS = (
    "ns1.x.example",
    "ns1.x.example:5353",
    "192.0.2.53",
    "192.0.2.53:53",
    "[2001:db8::53]",
    "[::1]:53",
)
_ZONEFILE = {"type": "zonefile", "rfc2136": REMOVED, "credentialsSecretRef": REMOVED}
_RSA, _ED25519 = {"algorithm": "RSA"}, {"algorithm": "Ed25519"}
_NIGHT = {"days": ["Saturday", "Sunday"], "from": "22:00", "to": "04:00", "timeZone": "America/Indiana/Knox"}
_STAGES = [{"policy": "none", "lasts": "14d"}, {"policy": "quarantine", "lasts": "4w"}]
_EXTERNAL = [
    {"selector": "selector1", "cname": "selector1-zorg-nl._domainkey.contoso.onmicrosoft.com"},
    {"selector": "s2.vendor", "txt": "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="},
    {"selector": "old", "txt": "p="},
    {"selector": "watched"},
]
_CHECKS = ("SPF", "DKIM", "DMARC", "DNSSEC", "TLS", "DANE", "NTAMX", "MTASTS", "TLSRPT")
_IMPORTS = [
    {"selector": f"mail{year}", "secretName": "old-keys", "secretKey": f"mail{year}.private"}
    for year in (2023, 2024)
]

ACCEPTANCES = (
    *(Acceptance(f"spf-{term}", "MailDomain", {"spf": {"mechanisms": [term]}}) for term in _MECHANISMS),
    Acceptance(
        "azure-by-identity",
        "DnsProvider",
        {
            "type": "azure",
            "rfc2136": REMOVED,
            "credentialsSecretRef": REMOVED,
            "azure": {"subscriptionId": "1A111111-2222-3333-4444-55555555555F", "resourceGroup": "a(b)._-c"},
        },
    ),
    Acceptance(
        "google-domain-project",
        "DnsProvider",
        {
            "type": "google",
            "rfc2136": REMOVED,
            "google": {"project": "zorg.nl:dns-zones", "managedZones": ["z1"]},
        },
    ),
    Acceptance(
        "route53-by-identity",
        "DnsProvider",
        {"type": "route53", "rfc2136": REMOVED, "credentialsSecretRef": REMOVED, "route53": {}},
    ),
    Acceptance(
        "route53-role",
        "DnsProvider",
        {
            "type": "route53",
            "rfc2136": REMOVED,
            "route53": {
                "roleArn": "arn:aws-us-gov:iam::123456789012:role/mail/seal",
                "externalId": "zorg",
                "hostedZoneIds": ["Z0123456789ABCDEFGHIJ"],
                "zoneType": "Private",
                "region": "us-gov-west-1",
                "insyncSeconds": 0,
            },
        },
    ),
    Acceptance(
        "powerdns-behind-a-path",
        "DnsProvider",
        {
            "type": "powerdns",
            "rfc2136": REMOVED,
            "powerdns": {"url": "https://pdns.zorg-voorbeeld.example/dns", "serverId": "ns1.internal"},
        },
    ),
    Acceptance(
        "transip-whitelisted",
        "DnsProvider",
        {
            "type": "transip",
            "rfc2136": REMOVED,
            "transip": {"login": "zorg-voorbeeld", "whitelistedOnly": True},
        },
    ),
    Acceptance(
        "cloudflare-account",
        "DnsProvider",
        {"type": "cloudflare", "rfc2136": REMOVED, "cloudflare": {"accountId": "0123456789abcdef" * 2}},
    ),
    Acceptance(
        "octodns",
        "ClusterDnsProvider",
        {
            "type": "octodns",
            "rfc2136": REMOVED,
            "octodns": {
                "class": "octodns_a.b.C",
                "settings": {"port": 8081, "more": [{"a": None}]},
                "secretSettings": {"api_key": "api-key.v1"},
                "textFormat": "zonefile",
            },
        },
    ),
    Acceptance("spf-empty-lists", "MailDomain", {"spf": {"mechanisms": [], "senders": []}}),
    Acceptance("spf-none", "MailDomain", {"spf": {}}),
    Acceptance("domain-a-label", "MailDomain", {"domain": "xn--zrg-sna.example"}),
    Acceptance("domain-idn-top-label", "MailDomain", {"domain": "zorg.xn--p1ai"}),
    Acceptance("domain-of-numbers", "MailDomain", {"domain": "7516.24-7.example"}),
    Acceptance("domain-253", "MailDomain", {"domain": f"{'a.' * 123}example"}),
    Acceptance("rua-encoded", "MailDomain", {"dmarc.rua": ["mailto:a%2Cb+c=d@X.example"]}),
    Acceptance("parked", "MailDomain", {"parked": True, "spf": REMOVED, "dmarc": REMOVED}),
    Acceptance("tls-https", "MailDomain", {"tlsRpt": {"rua": ["https://x.example:8443/a/b?c=d%3Be&f=1"]}}),
    Acceptance("dkim-fixed-selector", "DkimKey", {"selectorTemplate": "mail"}),
    Acceptance("dkim-dotted-selector", "DkimKey", {"selectorTemplate": "{random}.{date}.ms"}),
    Acceptance("dkim-by-algorithm", "DkimKey", {"keys": [_RSA, _ED25519], "selectorTemplate": "{algorithm}"}),
    Acceptance("dkim-four", "DkimKey", {"keys": [_RSA, _RSA, _ED25519, _ED25519]}),
    Acceptance("dkim-labels", "DkimKey", {"secret.labels": {"app.kubernetes.io/part-of": "mail", "b": ""}}),
    *(
        Acceptance(f"renewal-{template}-{interval}", "DkimKey", _renewal(template, interval))
        for template, interval in (
            ("{random}", "1h"),
            ("m{number}", "30m"),
            ("{date}", "2d"),
            ("{date}", "1w"),
        )
    ),
    Acceptance("dkim-window", "DkimKey", {"rotation": {"window": _NIGHT, "retireAfter": "0s"}}),
    Acceptance("dkim-window-utc", "DkimKey", {"rotation": {"window": {**_NIGHT, "timeZone": "UTC"}}}),
    Acceptance("dkim-revocation", "DkimKey", {"revocation": {"method": "Delete", "keepFor": "0d"}}),
    Acceptance("dkim-no-layouts", "DkimKey", {"secret": {"layouts": []}}),
    Acceptance("dkim-hidden-mount", "DkimKey", {"secret": {"mountPath": "/srv/.keys/..a"}}),
    Acceptance("dkim-imports", "DkimKey", {"imports": _IMPORTS}),
    Acceptance("dkim-short", "DkimKey", {"keys": [{**_RSA, "size": 1024}], "allowShortKeys": True}),
    Acceptance(
        "dkim-delegation",
        "DkimKey",
        {"delegation": {"domain": "keys.zorg-voorbeeld.example", "providerRef": {"name": "keys"}}},
    ),
    Acceptance("dmarc-rollout", "MailDomain", {"dmarc.rollout": {"stages": _STAGES}}),
    Acceptance("dmarc-rollout-short", "MailDomain", {"dmarc.rollout": {"stages": _STAGES[:1]}}),
    Acceptance("dmarc-at-once", "MailDomain", {"dmarc.waitForDkim": False}),
    Acceptance("external-selectors", "MailDomain", {"dkim": {"externalSelectors": _EXTERNAL}}),
    Acceptance(
        "external-selectors-alone",
        "MailDomain",
        {"spf": REMOVED, "dmarc": REMOVED, "dkim": {"externalSelectors": _EXTERNAL}},
    ),
    Acceptance("nta-undeclared", "NtaRecord", {"declaration": REMOVED}),
    Acceptance("nta-null-preference", "NtaRecord", {"ntamx": [{"preference": 0, "host": "a.example"}]}),
    Acceptance("nta-domains", "NtaRecord", {"domain": REMOVED, "domains": ["a.example", "b.example"]}),
    Acceptance(
        "nta-hundred-domains",
        "NtaRecord",
        {"domain": REMOVED, "domains": [f"{'a' * 60}.{number}.zorg.example" for number in range(100)]},
    ),
    Acceptance("nta-unchecked", "NtaRecord", {"prerequisites": []}),
    Acceptance("nta-checks", "NtaRecord", {"prerequisites": [{"check": check} for check in _CHECKS]}),
    Acceptance("nta-warns", "NtaRecord", {"prerequisites": [{"check": "DANE", "mode": "Warn"}]}),
    Acceptance("nta-relay", "NtaRecord", {"relay": "_spf.zorgmail.nl"}),
    Acceptance("nta-manual", "NtaRecord", {"renewal": "Manual", "renewBefore": "12w", "timeZone": "UTC"}),
    Acceptance("nta-reviews", "NtaRecord", {"reviews": {"yearlyOn": "2026-02-28"}}),
    Acceptance("nta-digest", "NtaRecord", {"declaration.sha256": "0123456789abcdef" * 4}),
    *(Acceptance(f"server-{server}", "DnsProvider", {"rfc2136.server": server}) for server in _SERVERS),
    *(Acceptance(f"ns-{server}", "DnsProvider", {"nameservers": [server]}) for server in _NAMESERVERS),
    *(
        Acceptance(f"path-{path}", "DnsProvider", {**_ZONEFILE, "zonefile": {"path": path}})
        for path in ("/zones", "/var/lib/zones/", "/srv/.zones/a..b")
    ),
    Acceptance(
        "gss-tsig",
        "DnsProvider",
        {
            "rfc2136.tsigKeyName": REMOVED,
            "rfc2136.tsigAlgorithm": "gss-tsig",
            "rfc2136.gssPrincipal": "DNS/mail-seal@ZORG.EXAMPLE",
            "rfc2136.gssServerName": "dc1.zorg.example",
        },
    ),
    Acceptance("dns-over-tls", "DnsProvider", {"rfc2136.transport": "tls", "rfc2136.tlsServerName": "::1"}),
    Acceptance("tsig-name-dotted", "DnsProvider", {"rfc2136.tsigKeyName": "Mail_seal.key."}),
    Acceptance("cluster-all", "ClusterDnsProvider", {"allowedNamespaces": ["*"]}),
    Acceptance(
        "cluster-rest",
        "ClusterDnsProvider",
        {"allowedNamespaces": ["*"], "allowedDomains": {"*": ["x.example"], "zorg": ["y.example"]}},
    ),
)
