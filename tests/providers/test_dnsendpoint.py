"""The dnsendpoint provider on objects in memory and a zone on a real BIND."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mailseal.providers.base import (
    InvalidConfiguration,
    NotServed,
    Provider,
    Raced,
    Refused,
    Unavailable,
    ZoneNotFound,
)
from mailseal.providers.dnsendpoint import DnsEndpointProvider
from mailseal.providers.dnsendpoint.objects import object_name
from mailseal.providers.reach import ITSELF, AddressForbidden, Reach
from mailseal.providers.surroundings import Surroundings
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.endpointobjects import MemoryEndpoints
from support.servers import BindServer, TsigSecret

ZONE = DnsName("zone.example")
APEX = RRsetKey(ZONE, RecordType.TXT)
DMARC = RRsetKey(DnsName("_dmarc.zone.example"), RecordType.TXT)
SPF = TxtData.of("v=spf1 -all")
POLICY = TxtData.of("v=DMARC1; p=none")
OBJECT = ("dns", "mailseal-zone.example")


@pytest.fixture(scope="module")
def bind() -> Iterator[BindServer]:
    records = "sub 3600 NS ns.elsewhere.example."
    wild = '*.wild 3600 TXT "for all"\nreal.wild 3600 TXT "real"'
    with BindServer({ZONE: f"{records}\n{wild}", "other.example": ""}, keys=(TsigSecret(),)) as server:
        yield server


@pytest.fixture(autouse=True)
def emptied(bind: BindServer) -> None:
    for name in (ZONE, DMARC.name):
        for rtype in ("TXT", "CNAME"):
            bind.put(ZONE, name, rtype, 3600)


@pytest.fixture
def store() -> MemoryEndpoints:
    return MemoryEndpoints()


def opened(store: MemoryEndpoints, bind: BindServer, own: str = "", **settings: object) -> Provider:
    base = {"namespace": "dns", "zones": [str(ZONE)], "nameservers": [bind.endpoint]}
    surroundings = Surroundings(endpoints=store, namespace=own)
    return DnsEndpointProvider.from_settings({**base, **settings}, {}, surroundings)


@pytest.fixture
def provider(store: MemoryEndpoints, bind: BindServer) -> Provider:
    return opened(store, bind)


def create(key: RRsetKey, *values: TxtData, ttl: int = 3600) -> RRsetChange:
    return RRsetChange(key, None, RRset(key, ttl, values))


def theirs(store: MemoryEndpoints, *targets: str, ttl: int = 3600, name: str = "theirs") -> None:
    endpoint = {"dnsName": str(ZONE), "recordType": "TXT", "recordTTL": ttl, "targets": list(targets)}
    store.put_now("dns", {"metadata": {"name": name}, "spec": {"endpoints": [endpoint]}})


def endpoints(store: MemoryEndpoints) -> list[Any]:
    return list(store.objects[OBJECT]["spec"]["endpoints"])


async def test_one_object_holds_the_sets_of_a_zone(provider: Provider, store: MemoryEndpoints) -> None:
    long = TxtData.of("v=DKIM1; p=" + "A" * 300)
    key = RRsetKey(DnsName("s._domainkey.zone.example"), RecordType.TXT)

    await provider.apply(ZONE, [create(APEX, SPF), create(key, long, ttl=60)])

    assert await provider.read(ZONE, [APEX, key, DMARC]) == {
        APEX: RRset(APEX, 3600, (SPF,)),
        key: RRset(key, 60, (long,)),
    }
    assert store.objects[OBJECT]["kind"] == "DNSEndpoint"
    assert {each["dnsName"]: each["targets"] for each in endpoints(store)} == {
        str(ZONE): ['"v=spf1 -all"'],
        str(key.name): [long.to_text()],
    }


async def test_a_change_keeps_what_else_the_object_has(provider: Provider, store: MemoryEndpoints) -> None:
    await provider.apply(ZONE, [create(APEX, SPF)])
    store.objects[OBJECT]["metadata"]["annotations"] = {"theirs": "kept"}

    await provider.apply(ZONE, [create(DMARC, POLICY)])

    assert len(endpoints(store)) == 2
    assert store.objects[OBJECT]["metadata"]["annotations"] == {"theirs": "kept"}


async def test_labels_for_external_dns_are_set(store: MemoryEndpoints, bind: BindServer) -> None:
    await opened(store, bind, labels={"zone": "public"}).apply(ZONE, [create(APEX, SPF)])

    assert store.objects[OBJECT]["metadata"]["labels"] == {
        "app.kubernetes.io/managed-by": "mailseal",
        "zone": "public",
    }


async def test_a_set_of_the_zone_that_is_in_no_object_is_read_and_refused(
    provider: Provider, store: MemoryEndpoints, bind: BindServer
) -> None:
    bind.put(ZONE, ZONE, "TXT", 3600, '"a" "b"')
    foreign = RRset(APEX, 3600, (TxtData((b"a", b"b")),))
    assert await provider.read(ZONE, [APEX]) == {APEX: foreign}

    with pytest.raises(Raced):
        await provider.apply(ZONE, [create(APEX, SPF)])
    with pytest.raises(Refused, match="in no DNSEndpoint"):
        await provider.apply(ZONE, [RRsetChange(APEX, foreign, RRset(APEX, 3600, (*foreign.values, SPF)))])

    assert store.objects == {}


async def test_values_of_another_object_stay_there_and_ours_are_added(
    provider: Provider, store: MemoryEndpoints
) -> None:
    theirs(store, '"MS=1"')
    before = (await provider.read(ZONE, [APEX]))[APEX]
    assert before.values == (TxtData.of("MS=1"),)

    both = RRset(APEX, 3600, (*before.values, SPF))
    await provider.apply(ZONE, [RRsetChange(APEX, before, both)])

    assert [each["targets"] for each in endpoints(store)] == [['"v=spf1 -all"']]
    assert (await provider.read(ZONE, [APEX]))[APEX].same_as(both)
    await provider.apply(ZONE, [RRsetChange(APEX, both, before)])
    assert endpoints(store) == []


@pytest.mark.parametrize(("ttl", "kept", "reason"), [(60, True, "TTL"), (3600, False, "another DNSEndpoint")])
async def test_what_another_object_would_have_to_change_is_refused(
    provider: Provider, store: MemoryEndpoints, ttl: int, kept: bool, reason: str
) -> None:
    theirs(store, '"MS=1"', ttl=ttl)
    before = (await provider.read(ZONE, [APEX]))[APEX]
    values = (*before.values, SPF) if kept else (SPF,)

    with pytest.raises(Refused, match=reason):
        await provider.apply(ZONE, [RRsetChange(APEX, before, RRset(APEX, 3600, values))])


async def test_a_set_that_was_taken_out_counts_as_gone_before_it_is_gone(
    provider: Provider, bind: BindServer
) -> None:
    """external-dns takes its time, and until then the zone's servers answer a value that was ours."""
    await provider.apply(ZONE, [create(DMARC, POLICY)])
    bind.put(ZONE, DMARC.name, "TXT", 3600, POLICY.to_text())

    await provider.apply(ZONE, [RRsetChange(DMARC, RRset(DMARC, 3600, (POLICY,)), None)])

    assert await provider.read(ZONE, [DMARC]) == {}
    await provider.apply(ZONE, [create(DMARC, POLICY, ttl=60)])
    bind.put(ZONE, DMARC.name, "TXT", 60, '"somebody else"')
    assert (await provider.read(ZONE, [DMARC]))[DMARC].values == (POLICY,)


async def test_an_object_that_changed_meanwhile_is_raced(store: MemoryEndpoints, bind: BindServer) -> None:
    provider = opened(store, bind)
    read = store.list

    async def read_then_somebody_writes(namespace: str, selector: str) -> Any:
        found = await read(namespace, selector)
        if OBJECT not in store.objects:
            store.put_now("dns", {"metadata": {"name": OBJECT[1]}, "spec": {}})
        return found

    store.list = read_then_somebody_writes  # type: ignore[method-assign]

    with pytest.raises(Raced):
        await provider.apply(ZONE, [create(APEX, SPF)])

    assert "endpoints" not in store.objects[OBJECT]["spec"]


async def test_a_cname_in_the_zone_is_in_the_way(provider: Provider, bind: BindServer) -> None:
    bind.put(ZONE, DMARC.name, "CNAME", 3600, "target.example.org.")
    alias = RRsetKey(DMARC.name, RecordType.CNAME)

    assert await provider.read(ZONE, [DMARC]) == {
        alias: RRset(alias, 3600, (CnameData(DnsName("target.example.org")),))
    }
    with pytest.raises(Raced, match="CNAME"):
        await provider.apply(ZONE, [create(DMARC, POLICY)])


async def test_what_a_wildcard_answers_is_no_record_of_the_name(provider: Provider) -> None:
    real, none = (RRsetKey(DnsName(f"{name}.wild.zone.example"), RecordType.TXT) for name in ("real", "x"))

    assert await provider.read(ZONE, [real, none]) == {real: RRset(real, 3600, (TxtData.of("real"),))}


async def test_delegated_names_are_told_one_by_one(provider: Provider) -> None:
    key = RRsetKey(DnsName("_dmarc.sub.zone.example"), RecordType.TXT)

    with pytest.raises(NotServed) as caught:
        await provider.read(ZONE, [APEX, key])

    assert set(caught.value.faults) == {key}


async def test_nothing_is_written_while_no_server_tells_what_the_zone_holds(
    store: MemoryEndpoints, bind: BindServer
) -> None:
    provider = opened(store, bind, nameservers=["127.0.0.1:1"])

    with pytest.raises(Unavailable):
        await provider.apply(ZONE, [create(APEX, SPF)])

    assert store.objects == {}


async def test_a_zone_that_its_servers_do_not_serve_is_missing(
    store: MemoryEndpoints, bind: BindServer
) -> None:
    provider = opened(store, bind, zones=[str(ZONE), "missing.invalid"])

    survey = await provider.survey()

    assert survey.served == (ZONE,)
    assert set(survey.faults) == {DnsName("missing.invalid")}
    with pytest.raises(ZoneNotFound):
        await provider.read(DnsName("other.example"), [RRsetKey(DnsName("other.example"), RecordType.TXT)])


async def test_an_api_server_that_refuses_is_told(provider: Provider, store: MemoryEndpoints) -> None:
    store.errors.append(Unavailable("no answer"))

    with pytest.raises(Unavailable, match="no answer"):
        await provider.read(ZONE, [APEX])


SPOILED = [
    {"spec": None},
    {"spec": {"endpoints": "none"}},
    {"spec": {"endpoints": [None, {}, {"dnsName": 1}]}},
    {"metadata": {"annotations": {"mailseal.dev/withdrawn": "{"}}},
    {"metadata": {"annotations": {"mailseal.dev/withdrawn": "[1]"}}},
]


@pytest.mark.parametrize("body", SPOILED, ids=range(len(SPOILED)))
async def test_an_object_that_somebody_spoiled_is_mended(
    provider: Provider, store: MemoryEndpoints, body: dict[str, Any]
) -> None:
    store.put_now("dns", {**body, "metadata": {**body.get("metadata", {}), "name": OBJECT[1]}})

    await provider.apply(ZONE, [create(APEX, SPF)])

    assert await provider.read(ZONE, [APEX]) == {APEX: RRset(APEX, 3600, (SPF,))}


async def test_a_provider_of_a_namespace_writes_only_there(store: MemoryEndpoints, bind: BindServer) -> None:
    with pytest.raises(InvalidConfiguration, match="namespace"):
        opened(store, bind, own="zorg")

    await opened(store, bind, own="zorg", namespace=None).apply(ZONE, [create(APEX, SPF)])

    assert set(store.objects) == {("zorg", OBJECT[1])}


async def test_a_provider_of_a_namespace_asks_no_server_that_it_may_not_reach(
    store: MemoryEndpoints, bind: BindServer
) -> None:
    settings = {"zones": [str(ZONE)], "nameservers": [bind.endpoint]}
    surroundings = Surroundings(endpoints=store, namespace="zorg", reach=Reach(ITSELF))
    provider = DnsEndpointProvider.from_settings(settings, {}, surroundings)

    with pytest.raises(AddressForbidden):
        await provider.read(ZONE, [APEX])


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"namespace": None}, "namespace"),
        ({"zones": []}, "zones"),
        ({"txtForm": "strings"}, "txtForm"),
        ({"labels": {"a": 1}}, "labels"),
        ({"nameservers": ["a b"]}, "nameservers"),
    ],
)
def test_wrong_settings_name_their_field(
    store: MemoryEndpoints, bind: BindServer, settings: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidConfiguration, match=field):
        opened(store, bind, **settings)


def test_without_a_cluster_it_says_so() -> None:
    with pytest.raises(InvalidConfiguration, match="cluster"):
        DnsEndpointProvider.from_settings({"namespace": "dns", "zones": ["zone.example"]}, {}, Surroundings())


@pytest.mark.parametrize("zone", ["x" * 60 + ".example", "_tcp.zone.example", "a" * 60 + "." + "b" * 60])
def test_a_zone_whose_name_is_no_name_of_an_object_has_one_all_the_same(zone: str) -> None:
    assert len(object_name(DnsName(zone))) <= 63
    assert object_name(DnsName(zone)) != object_name(DnsName(f"x.{zone}"))
