"""DnsProvider and ClusterDnsProvider specs."""

from __future__ import annotations

from mailseal.domain.provider import ClusterDnsProviderSpec, DnsProviderSpec
from mailseal.domain.specs import parse_spec
from mailseal.records.names import DnsName
from support.manifests import REMOVED, spec_of


def provider(**changes: object) -> DnsProviderSpec:
    spec = parse_spec("DnsProvider", spec_of("DnsProvider", changes))
    assert isinstance(spec, DnsProviderSpec)
    return spec


def cluster_provider(**changes: object) -> ClusterDnsProviderSpec:
    spec = parse_spec("ClusterDnsProvider", spec_of("ClusterDnsProvider", changes))
    assert isinstance(spec, ClusterDnsProviderSpec)
    return spec


def test_settings_are_those_of_the_type_and_the_zones() -> None:
    assert provider(zones=["zorg-voorbeeld.example"]).settings == {
        "server": "192.0.2.53",
        "tsigKeyName": "mailseal-key",
        "tsigAlgorithm": "hmac-sha256",
        "timeoutSeconds": 5,
        "transport": "auto",
        "zones": ["zorg-voorbeeld.example"],
    }


def test_memory_needs_nothing() -> None:
    spec = provider(type="memory", memory={}, rfc2136=REMOVED, credentialsSecretRef=REMOVED)
    assert spec.settings == {"zones": []}


class TestTenancy:
    """Who may use a ClusterDnsProvider for what."""

    zorg = DnsName("zorg-voorbeeld.example")
    other = DnsName("ander-voorbeeld.example")

    def test_admits_listed_namespaces_only(self) -> None:
        spec = cluster_provider(allowedNamespaces=["zorg"])
        assert spec.permits("zorg", self.zorg)
        assert not spec.permits("zorg-test", self.zorg)

    def test_star_admits_every_namespace(self) -> None:
        assert cluster_provider(allowedNamespaces=["*"]).permits("anything", self.zorg)

    def test_limits_a_namespace_to_its_domains_and_what_is_below(self) -> None:
        spec = cluster_provider(allowedDomains={"zorg": [self.zorg]})
        assert spec.permits("zorg", self.zorg)
        assert spec.permits("zorg", DnsName("mail.zorg-voorbeeld.example"))
        assert not spec.permits("zorg", self.other)
        assert not spec.permits("zorg", DnsName("nep-zorg-voorbeeld.example"))

    def test_does_not_limit_a_namespace_without_an_entry(self) -> None:
        spec = cluster_provider(allowedNamespaces=["zorg", "beheer"], allowedDomains={"zorg": [self.zorg]})
        assert spec.permits("beheer", self.other)

    def test_assigns_a_domain_only_by_an_entry_for_the_namespace_itself(self) -> None:
        spec = cluster_provider(
            allowedNamespaces=["*"], allowedDomains={"zorg": [self.zorg], "*": [self.zorg]}
        )
        assert spec.assigns("zorg", DnsName("mail.zorg-voorbeeld.example"))
        assert not spec.assigns("zorg", self.other)
        assert not spec.assigns("thuiszorg", self.zorg)

    def test_star_limits_namespaces_without_an_entry_of_their_own(self) -> None:
        spec = cluster_provider(
            allowedNamespaces=["*"], allowedDomains={"*": [self.zorg], "beheer": [self.other]}
        )
        assert spec.permits("team-a", self.zorg)
        assert not spec.permits("team-a", self.other)
        assert spec.permits("beheer", self.other)
        assert not spec.permits("beheer", self.zorg)
