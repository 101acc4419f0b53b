"""Type dnsendpoint: the operator writes DNSEndpoints, and a real external-dns makes records of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support import chart
from support.cluster import Cluster
from support.dnsendpoints import controller, install_crd
from support.kubehttp import KubeHttp
from support.servers.externaldns import ExternalDns, powerdns_flags, rfc2136_flags
from support.servers.powerdns import PowerDnsServer
from support.world import World

SPF = "v=spf1 ip4:192.0.2.0/28 -all"


@pytest.fixture(scope="module", autouse=True)
def endpoints(controlplane: Cluster, operator: object) -> Iterator[None]:
    """The CRD of external-dns, and the right to write its resources, from the chart."""
    install_crd(controlplane)
    chart.install(controlplane, "--set", "dnsEndpoints.enabled=true")
    yield
    chart.install(controlplane)


@pytest.fixture
def world(new_world) -> Iterator[World]:
    """A world with nothing in it."""
    with new_world() as made:
        yield made


@pytest.fixture
def powerdns(world: World) -> Iterator[PowerDnsServer]:
    """The world's zone on a PowerDNS."""
    with PowerDnsServer({world.domain: ""}, api_key="key of the tests") as server:
        yield server


@pytest.fixture
def external_dns(world: World, powerdns: PowerDnsServer) -> Iterator[ExternalDns]:
    """external-dns that keeps the PowerDNS as the world's DNSEndpoints say."""
    with controller(world.cluster, world.namespace, world.domain, *powerdns_flags(powerdns)) as running:
        yield running
        world.delete_all()


def provider(world: World, nameserver: str, **fields: object) -> dict[str, object]:
    made = world.provider(type="dnsendpoint", dnsendpoint={}, nameservers=[nameserver], **fields)
    for field in ("rfc2136", "credentialsSecretRef"):
        del made["spec"][field]
    return made


def texts(server: PowerDnsServer, name: str) -> set[str]:
    found = server.query(name, "TXT")
    return {b"".join(rdata.strings).decode() for rdata in found} if found else set()


def put_endpoint(api: KubeHttp, world: World, name: str, *targets: str, ttl: int) -> None:
    world.apply(
        {
            "apiVersion": "externaldns.k8s.io/v1alpha1",
            "kind": "DNSEndpoint",
            "metadata": {"name": name},
            "spec": {
                "endpoints": [
                    {"dnsName": world.domain, "recordType": "TXT", "recordTTL": ttl, "targets": list(targets)}
                ]
            },
        }
    )


def test_spf_dmarc_and_dkim_come_to_be_answered_change_and_go(
    world: World, powerdns: PowerDnsServer, external_dns: ExternalDns
) -> None:
    world.apply(
        provider(world, powerdns.endpoint),
        world.mail_domain(dmarc={"policy": "none"}),
        world.dkim_key(keys=[{"algorithm": "RSA"}]),
    )

    world.wait_ready("MailDomain", "mail")
    world.wait_ready("DkimKey", "dkim")
    assert texts(powerdns, world.domain) == {SPF}
    assert texts(powerdns, f"_dmarc.{world.domain}") == {"v=DMARC1; p=none"}

    world.change("MailDomain", "mail", dmarc={"policy": "quarantine"})
    world.wait_ready("MailDomain", "mail")
    assert texts(powerdns, f"_dmarc.{world.domain}") == {"v=DMARC1; p=quarantine"}

    world.delete_all()
    world.wait(lambda: not texts(powerdns, world.domain), "the SPF record gone")


def test_values_that_are_in_no_endpoint_are_never_written_over(
    world: World, powerdns: PowerDnsServer, external_dns: ExternalDns
) -> None:
    powerdns.put(world.domain, world.domain, "TXT", 3600, '"site-verification=abc"')
    world.apply(provider(world, powerdns.endpoint), world.mail_domain())

    message = world.wait_reason("MailDomain", "mail", "RecordRefused")

    assert "in no DNSEndpoint" in message
    assert texts(powerdns, world.domain) == {"site-verification=abc"}


def test_values_of_others_in_endpoints_of_their_own_stand_beside_ours(
    api: KubeHttp, world: World, powerdns: PowerDnsServer, external_dns: ExternalDns
) -> None:
    put_endpoint(api, world, "verification", '"site-verification=abc"', ttl=3600)
    world.wait(lambda: bool(texts(powerdns, world.domain)), "the value of others answered")
    world.apply(provider(world, powerdns.endpoint), world.mail_domain())

    world.wait_ready("MailDomain", "mail")

    assert texts(powerdns, world.domain) == {"site-verification=abc", SPF}


def test_by_dns_update_external_dns_adds_texts_but_never_takes_one_away(world: World) -> None:
    """It lists them without quotes and then deletes `v=DMARC1;` `p=none`, two strings, which do not exist."""
    flags = rfc2136_flags(world.server, world.domain)
    with controller(world.cluster, world.namespace, world.domain, *flags):
        world.apply(provider(world, world.server.endpoint), world.mail_domain(dmarc={"policy": "none"}))
        world.wait_ready("MailDomain", "mail")
        assert world.zone.txt("@") == [SPF]

        world.change("MailDomain", "mail", dmarc={"policy": "quarantine"})
        both = ["v=DMARC1; p=none", "v=DMARC1; p=quarantine"]
        world.wait(lambda: sorted(world.zone.txt("_dmarc")) == both, "both records")
        world.wait(
            lambda: (
                "still answers a removed value" in world.condition("MailDomain", "mail").get("message", "")
            ),
            "the old value told",
        )
    for name in ("@", "_dmarc", "_mailseal"):
        world.zone.delete(name)
