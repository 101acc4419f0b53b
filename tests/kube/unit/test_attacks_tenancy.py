"""What somebody who may edit DnsProviders, and no more, tries in order to get at what is not theirs."""

from __future__ import annotations

import pytest

from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.lending import POD_ADDRESSES_VARIABLE, Lending
from mailseal.kube.providers import SERVICE_ACCOUNT_TOKEN, _decoded, _Unusable
from mailseal.providers.breaker import CircuitBreaker
from mailseal.providers.surroundings import NoLog
from support import chart

OWN = ObjectKey("DnsProvider", "zorg", "zone")


def test_the_token_of_a_service_account_is_not_sent_to_a_backend() -> None:
    """Its key is called as that of a webhook's token, and the provider names the URL."""
    secret = {"type": SERVICE_ACCOUNT_TOKEN, "metadata": {"resourceVersion": "1"}, "data": {"token": "c2E="}}
    with pytest.raises(_Unusable, match="ServiceAccount") as caught:
        _decoded(secret, "zorg/deployer")
    assert caught.value.verdict.reason == "SecretInvalid"
    assert _decoded({**secret, "type": "Opaque"}, "zorg/token") == ("1", {"token": b"sa"})


@pytest.mark.parametrize("address", ["10.244.0.7", "::ffff:10.244.0.7", "fd12::7"])
def test_the_operators_own_pod_is_not_reached_by_its_address_in_the_cluster(address: str) -> None:
    lending = Lending(environment={POD_ADDRESSES_VARIABLE: "10.244.0.7,fd12::7"})
    assert not lending.surroundings(OWN, NoLog(), CircuitBreaker()).reach.permits(address)
    assert lending.surroundings(OWN, NoLog(), CircuitBreaker()).reach.permits("10.244.0.8")


@pytest.mark.parametrize("listed", ["", ",", "nonsense"])
def test_a_pod_without_addresses_closes_none(listed: str) -> None:
    lending = Lending(environment={POD_ADDRESSES_VARIABLE: listed})
    assert lending.surroundings(OWN, NoLog(), CircuitBreaker()).reach.permits("10.244.0.7")


def test_the_chart_tells_the_operator_its_addresses() -> None:
    (deployment,) = (found for found in chart.render() if found["kind"] == "Deployment")
    variables = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    sources = {each["name"]: each.get("valueFrom") for each in variables}
    assert sources[POD_ADDRESSES_VARIABLE] == {"fieldRef": {"fieldPath": "status.podIPs"}}
