"""What the operator lends to a provider of the cluster, and what it forbids one of a namespace."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest

from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.lending import API_SERVER_VARIABLE, Lending
from mailseal.kube.settings import TenancySettings
from mailseal.providers.breaker import CircuitBreaker
from mailseal.providers.surroundings import NoLog, Surroundings

SHARED = ObjectKey("ClusterDnsProvider", "", "all")
OWN = ObjectKey("DnsProvider", "zorg", "zone")
LENDING = Lending(environment={API_SERVER_VARIABLE: "10.96.0.1"})
CLOSED = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::127.0.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "fd20:ce::254",
    "100.100.100.200",
    "168.63.129.16",
    "10.96.0.1",
    "::ffff:10.96.0.1",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "metadata.google.internal",
    "",
]
OPEN = ["192.0.2.53", "10.96.0.2", "10.0.0.1", "2001:db8::53", "64:ff9b::c000:235", "::ffff:192.0.2.53"]


def lent(key: ObjectKey, lending: Lending = LENDING) -> Surroundings:
    return lending.surroundings(key, NoLog(), CircuitBreaker())


def test_a_provider_of_the_cluster_may_use_all_that_the_operator_has() -> None:
    found = lent(SHARED)
    assert (found.trusted, found.ambient_credentials, found.namespace) == (True, True, "")
    assert all(found.reach.permits(address) for address in ("127.0.0.1", "169.254.169.254", "10.96.0.1"))


def test_a_provider_of_a_namespace_gets_nothing_of_the_operators() -> None:
    found = lent(OWN)
    assert (found.trusted, found.ambient_credentials, found.namespace) == (False, False, "zorg")
    assert found.name == "DnsProvider zorg/zone"


@pytest.mark.parametrize("address", CLOSED)
def test_what_it_must_not_connect_to(address: str) -> None:
    assert not lent(OWN).reach.permits(address)


@pytest.mark.parametrize("address", OPEN)
def test_what_it_may_connect_to(address: str) -> None:
    assert lent(OWN).reach.permits(address)


def test_networks_are_opened_and_closed_by_the_administrator() -> None:
    tenancy = TenancySettings(
        ambient_credentials=True,
        open_networks=(ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("10.1.2.3/32")),
        closed_networks=(ipaddress.ip_network("10.0.0.0/8"),),
    )
    found = lent(OWN, replace(LENDING, tenancy=tenancy))
    assert found.ambient_credentials
    assert not found.trusted
    assert found.reach.permits("127.0.0.1")
    assert found.reach.permits("10.1.2.3")
    assert not found.reach.permits("10.1.2.4")
    assert not found.reach.permits("169.254.169.254")


@pytest.mark.parametrize("variable", ["", "kubernetes.default.svc"])
def test_without_an_address_of_the_api_server_the_rest_stays_closed(variable: str) -> None:
    found = lent(OWN, Lending(environment={API_SERVER_VARIABLE: variable}))
    assert not found.reach.permits("169.254.169.254")
    assert found.reach.permits("10.96.0.1")


def test_one_namespace_cannot_use_up_the_budget_of_another() -> None:
    """An account is told by what the Secret says, such as the id of an access key: anybody can write that."""
    beside = ObjectKey("DnsProvider", "zorg", "other")
    elsewhere = ObjectKey("DnsProvider", "evil", "zone")
    assert lent(OWN).budgets is lent(beside).budgets
    assert lent(SHARED).budgets is lent(SHARED).budgets
    assert len({id(lent(key).budgets) for key in (OWN, SHARED, elsewhere)}) == 3


def test_those_who_may_use_the_operators_own_account_share_its_budget() -> None:
    lending = Lending(TenancySettings(ambient_credentials=True))
    assert lent(OWN, lending).budgets is lent(SHARED, lending).budgets
