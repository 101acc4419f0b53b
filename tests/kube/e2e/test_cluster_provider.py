"""A provider for the whole cluster serves the namespaces and domains that it allows, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from support.sharedprovider import SharedProvider

SPF = "v=spf1 ip4:192.0.2.0/28 -all"


def test_a_namespace_that_is_allowed_publishes(shared: SharedProvider) -> None:
    world = shared.world
    world.apply(
        shared.manifest(allowedNamespaces=[world.namespace], allowedDomains={world.namespace: [world.domain]})
    )
    shared.apply_mail()
    world.wait_ready("ClusterDnsProvider", shared.name)
    world.wait_ready("MailDomain", "mail")
    assert world.zone.txt("@") == [SPF]


@pytest.mark.parametrize("allowed_domains", [None, {"*": ["andere.example"]}], ids=["namespace", "domain"])
def test_what_is_not_allowed_is_refused_until_it_is_allowed(
    shared: SharedProvider, allowed_domains: dict[str, list[str]] | None
) -> None:
    world = shared.world
    if allowed_domains is None:
        limits: dict[str, Any] = {"allowedNamespaces": ["andere"]}
    else:
        limits = {"allowedNamespaces": ["*"], "allowedDomains": allowed_domains}
    world.apply(shared.manifest(**limits))
    shared.apply_mail()
    message = world.wait_reason("MailDomain", "mail", "ProviderNotAllowed")
    assert f"does not allow namespace {world.namespace} to publish records of {world.domain}" in message
    assert world.zone.txt("@") == []
    world.change("ClusterDnsProvider", shared.name, allowedNamespaces=["*"], allowedDomains=None)
    world.wait_ready("MailDomain", "mail")
    assert world.zone.txt("@") == [SPF]


def test_a_permission_that_is_withdrawn_leaves_what_is_published(shared: SharedProvider) -> None:
    world = shared.world
    world.apply(shared.manifest(allowedNamespaces=["*"]))
    shared.apply_mail()
    world.wait_ready("MailDomain", "mail")
    world.change("ClusterDnsProvider", shared.name, allowedNamespaces=["andere"])
    world.wait_reason("MailDomain", "mail", "ProviderNotAllowed")
    assert world.zone.txt("@") == [SPF]
    world.change("ClusterDnsProvider", shared.name, allowedNamespaces=["*"])
    world.wait_ready("MailDomain", "mail")


def test_a_namespace_cannot_claim_the_domain_of_another_through_a_provider_of_its_own(
    shared: SharedProvider, new_world
) -> None:
    world = shared.world
    world.apply(shared.manifest(allowedNamespaces=[world.namespace]))
    shared.apply_mail()
    world.wait_ready("MailDomain", "mail")
    world.wait_for_later_creation("MailDomain", "mail")
    with new_world() as intruder:
        intruder.server.add_zone(world.domain)
        intruder.apply(
            intruder.tsig(),
            intruder.provider(zones=[world.domain]),
            intruder.mail_domain(domain=world.domain),
        )
        message = intruder.wait_reason("MailDomain", "mail", "ClaimedByOlder")
        assert f"MailDomain {world.namespace}/mail is older" in message


def test_a_namespace_may_not_name_a_directory_of_the_operator(new_world, tmp_path) -> None:
    with new_world() as world:
        world.apply(
            world.manifest("DnsProvider", "zone", type="zonefile", zonefile={"path": str(tmp_path)}),
            world.mail_domain(),
        )
        message = world.wait_reason("DnsProvider", "zone", "ProviderNotAllowed")
        assert "use a ClusterDnsProvider" in message
        world.wait_reason("MailDomain", "mail", "ProviderNotReady")
        assert list(tmp_path.iterdir()) == []
