"""What somebody in one namespace tries in order to get at what is not theirs, on a real control plane."""

from __future__ import annotations

from typing import Any

import pytest

from support import chart
from support.cluster import KubectlFailedError
from support.sharedprovider import SharedProvider
from support.world import World
from support.worldmanifests import PROVIDER, TSIG_SECRET

SPF = "v=spf1 ip4:192.0.2.0/28 -all"


@pytest.fixture
def other(new_world) -> World:
    """A namespace with nothing in it yet."""
    with new_world() as made:
        yield made


@pytest.mark.parametrize(
    "name",
    ["../mailseal-system/secrets/tsig", "mailseal-system/tsig", "..", "%2e%2e%2fkube-system", "a b", "A"],
)
def test_a_secret_cannot_be_named_by_a_path(other: World, name: str) -> None:
    with pytest.raises(KubectlFailedError, match="write the name of a Kubernetes object"):
        other.apply(other.provider(credentialsSecretRef={"name": name}))


def test_a_secret_cannot_be_named_by_a_namespace(other: World) -> None:
    ref = {"name": TSIG_SECRET, "namespace": chart.NAMESPACE}
    with pytest.raises(KubectlFailedError, match="unknown field"):
        other.apply(other.provider(credentialsSecretRef=ref))


def test_a_secret_of_the_operators_namespace_is_not_found_from_another(shared: SharedProvider) -> None:
    """The ClusterDnsProvider of this name uses it; a DnsProvider that names it gets nothing."""
    world = shared.world
    world.apply(world.provider(credentialsSecretRef={"name": shared.name}))
    message = world.wait_reason("DnsProvider", PROVIDER, "SecretNotFound")
    assert f"{world.namespace}/{shared.name}" in message


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fd00:ec2::254", "0.0.0.0"],
)
def test_a_server_at_a_closed_address_is_not_asked(other: World, address: str) -> None:
    settings = {"server": address, "port": 80, "tsigKeyName": "k", "timeoutSeconds": 1}
    other.apply(other.tsig(), other.provider(rfc2136=settings))
    message = other.wait_reason("DnsProvider", PROVIDER, "AddressForbidden")
    assert address in message
    assert "ClusterDnsProvider" in message


def test_a_name_server_at_a_closed_address_is_not_asked_for_records_either(world: World) -> None:
    world.change("DnsProvider", PROVIDER, nameservers=[world.server.endpoint, "169.254.169.254:80"])
    world.apply(world.mail_domain())
    message = world.wait_reason("MailDomain", "mail", "NotYetAnswered")
    assert "169.254.169.254 is where this provider may not ask" in message
    assert world.server.endpoint not in message
    world.change("DnsProvider", PROVIDER, nameservers=[world.server.endpoint])
    world.wait_ready("MailDomain", "mail")


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("zonefile", {"path": "/etc"}),
        ("octodns", {"class": "os.system"}),
        ("plugin", {"name": "anything"}),
    ],
)
def test_what_is_the_operators_own_is_for_cluster_providers_only(
    other: World, kind: str, settings: dict[str, Any]
) -> None:
    spec = {"type": kind, kind: settings, "zones": [other.domain]}
    other.apply(other.manifest("DnsProvider", PROVIDER, **spec))
    message = other.wait_reason("DnsProvider", PROVIDER, "ProviderNotAllowed")
    assert "use a ClusterDnsProvider" in message


@pytest.mark.parametrize("prefix", ["evil", "x", "a-"])
def test_a_domain_whose_name_only_ends_alike_is_not_allowed(shared: SharedProvider, prefix: str) -> None:
    world = shared.world
    parents = {world.namespace: [f"mail.{world.domain}"]}
    world.apply(shared.manifest(allowedNamespaces=["*"], allowedDomains=parents))
    for number, domain in enumerate((f"{prefix}mail.{world.domain}", world.domain)):
        name = f"mail{number}"
        world.apply(world.mail_domain(name, domain=domain, providerRef=shared.ref))
        world.wait_reason("MailDomain", name, "ProviderNotAllowed")
    world.apply(world.mail_domain("below", domain=f"a.mail.{world.domain}", providerRef=shared.ref))
    world.wait_ready("MailDomain", "below")


def test_a_provider_that_is_made_anew_under_its_name_allows_what_it_says_now(
    shared: SharedProvider,
) -> None:
    world = shared.world
    world.apply(shared.manifest(allowedNamespaces=[world.namespace]))
    shared.apply_mail()
    world.wait_ready("MailDomain", "mail")
    world.delete("ClusterDnsProvider", shared.name)
    world.patch("ClusterDnsProvider", shared.name, {"metadata": {"finalizers": None}})
    world.wait_gone("ClusterDnsProvider", shared.name)
    world.apply(shared.manifest(allowedNamespaces=["andere"]))
    world.change("MailDomain", "mail", spf={"mechanisms": ["mx"]})
    world.wait_reason("MailDomain", "mail", "ProviderNotAllowed")
    world.wait_ready("ClusterDnsProvider", shared.name)
    assert world.zone.txt("@") == [SPF]
    world.change("ClusterDnsProvider", shared.name, allowedNamespaces=["*"])
    world.wait_ready("MailDomain", "mail")


def test_each_domain_of_an_nta_record_and_each_zone_of_a_key_is_asked_permission_for(
    shared: SharedProvider,
) -> None:
    world = shared.world
    allowed = {world.namespace: [f"mail.{world.domain}"]}
    world.apply(shared.manifest(allowedNamespaces=["*"], allowedDomains=allowed), world.tsig())
    world.apply(world.provider())
    domains = [f"mail.{world.domain}", f"other.{world.domain}"]
    nta = world.nta_record(providerRef=shared.ref)
    nta["spec"] = {**{k: v for k, v in nta["spec"].items() if k != "domain"}, "domains": domains}
    key = world.dkim_key(delegation={"domain": f"keys.{world.domain}", "providerRef": shared.ref})
    world.apply(nta, key)
    assert domains[1] in world.wait_reason("NtaRecord", "nta", "ProviderNotAllowed")
    assert f"keys.{world.domain}" in world.wait_reason("DkimKey", "dkim", "ProviderNotAllowed")
    assert not [name for name in world.zone.content() if "other" in str(name) or "keys" in str(name)]
