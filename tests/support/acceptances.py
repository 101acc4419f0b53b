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

ACCEPTANCES = (
    *(Acceptance(f"spf-{term}", "MailDomain", {"spf": {"mechanisms": [term]}}) for term in _MECHANISMS),
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
    Acceptance("nta-undeclared", "NtaRecord", {"declaration": REMOVED}),
    Acceptance("nta-null-preference", "NtaRecord", {"ntamx": [{"preference": 0, "host": "a.example"}]}),
    *(Acceptance(f"server-{server}", "DnsProvider", {"rfc2136.server": server}) for server in _SERVERS),
    *(Acceptance(f"ns-{server}", "DnsProvider", {"nameservers": [server]}) for server in _NAMESERVERS),
    *(
        Acceptance(f"path-{path}", "DnsProvider", {**_ZONEFILE, "zonefile": {"path": path}})
        for path in ("/zones", "/var/lib/zones/", "/srv/.zones/a..b")
    ),
    Acceptance("tsig-name-dotted", "DnsProvider", {"rfc2136.tsigKeyName": "Mail_seal.key."}),
    Acceptance("cluster-all", "ClusterDnsProvider", {"allowedNamespaces": ["*"]}),
    Acceptance(
        "cluster-rest",
        "ClusterDnsProvider",
        {"allowedNamespaces": ["*"], "allowedDomains": {"*": ["x.example"], "zorg": ["y.example"]}},
    ),
)
