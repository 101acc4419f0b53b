"""What is PowerDNS's own: disabled records, comments, signed and copied zones, and every fault."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailseal.providers.base import (
    AuthenticationFailed,
    BatchTooLarge,
    InvalidConfiguration,
    NotServed,
    OutcomeUnknown,
    ProviderError,
    Raced,
    RateLimited,
    Refused,
    Unavailable,
    ZoneNotFound,
)
from mailseal.providers.powerdns import PowerDnsProvider
from mailseal.providers.powerdns import provider as powerdns
from mailseal.providers.surroundings import Surroundings
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import MxData, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.backends.powerdnsapi import SECRET, PowerDnsApiHarness
from support.certificates import issue_server_certificate
from support.servers.faultproxy import Fault, FaultProxy, Kind, Request
from support.servers.vendorapi import Reply, VendorServer


@pytest.fixture(scope="module")
def pdns() -> Iterator[PowerDnsApiHarness]:
    harness = PowerDnsApiHarness()
    yield harness
    harness.close()


@pytest.fixture(autouse=True)
async def closed(pdns: PowerDnsApiHarness) -> AsyncIterator[None]:
    """Close every provider that a test opens."""
    yield
    while pdns.to_close:
        await pdns.to_close.pop().close()


@pytest.fixture
def zone(pdns: PowerDnsApiHarness) -> DnsName:
    return pdns.new_zone()


@pytest.fixture
def proxy(pdns: PowerDnsApiHarness) -> Iterator[FaultProxy]:
    with FaultProxy((pdns.server.address, pdns.server.api_port)) as running:
        yield running


def text(zone: DnsName, label: str = "_dmarc") -> RRsetKey:
    return RRsetKey(zone.child(label), RecordType.TXT)


def creation(key: RRsetKey, value: str = "ours") -> RRsetChange:
    return RRsetChange(key, None, RRset(key, 3600, (TxtData.of(value),)))


def of_method(*methods: str) -> Callable[[Request], bool]:
    return lambda request: request.method in methods


def insert(
    pdns: PowerDnsApiHarness, zone: DnsName, label: str, content: str, *, disabled: bool = False
) -> None:
    """Put a TXT record into the database behind the server, which is told to look again."""
    name = zone.child(label)
    pdns.server.sql(
        "insert into records (domain_id, name, type, content, ttl, prio, disabled, auth) "
        f"select id, '{name}', 'TXT', {content}, 3600, 0, {int(disabled)}, 1 from domains "
        f"where name = '{zone}'"
    )


async def test_disabled_records_survive_beside_ours_and_alone(
    pdns: PowerDnsApiHarness, zone: DnsName
) -> None:
    key = text(zone)
    insert(pdns, zone, "_dmarc", "'\"off\"'", disabled=True)
    provider = pdns.open(zone)

    assert await provider.read(zone, [key]) == {}
    await provider.apply(zone, [creation(key)])
    after_creation = await described(pdns, key)
    await provider.apply(zone, [RRsetChange(key, RRset(key, 3600, (TxtData.of("ours"),)), None)])

    off = {"content": '"off"', "disabled": True}
    assert sorted(after_creation["records"], key=str) == [off, {"content": '"ours"', "disabled": False}]
    assert (await described(pdns, key))["records"] == [off]
    assert await provider.read(zone, [key]) == {}


async def test_comments_stay_when_values_change(pdns: PowerDnsApiHarness, zone: DnsName) -> None:
    key = text(zone)
    provider = pdns.open(zone)
    await provider.apply(zone, [creation(key, "one")])
    pdns.server.sql(
        "insert into comments (domain_id, name, type, modified_at, account, comment) "
        f"select id, '{key.name}', 'TXT', 1, 'me', 'do not touch' from domains where name = '{zone}'"
    )

    one, two = (RRset(key, 3600, (TxtData.of(value),)) for value in ("one", "two"))
    await provider.apply(zone, [RRsetChange(key, one, two)])

    stored = await described(pdns, key)
    assert [comment["content"] for comment in stored["comments"]] == ["do not touch"]
    assert [record["content"] for record in stored["records"]] == ['"two"']


async def described(pdns: PowerDnsApiHarness, key: RRsetKey) -> dict[str, list[dict[str, object]]]:
    """The set in the API's own words, asked without the provider's reading of them."""
    provider = pdns.open()
    zone = await provider.zone_of(key.name)
    answer = await provider._api._http.ask(f"/api/v1/servers/localhost/zones/{zone}.")
    await provider.close()
    (found,) = (
        each
        for each in json.loads(answer.body)["rrsets"]
        if (each["name"], each["type"]) == (key.name.fqdn, str(key.rtype))
    )
    assert isinstance(found, dict)
    return found


async def test_bytes_of_the_database_that_are_no_utf_8_are_read_and_given_back(
    pdns: PowerDnsApiHarness, zone: DnsName
) -> None:
    key = text(zone)
    insert(pdns, zone, "_dmarc", "cast(x'22e922' as text)")
    provider = pdns.open(zone)

    before = (await provider.read(zone, [key]))[key]
    after = RRset(key, 3600, (*before.values, TxtData.of("ours")))
    await provider.apply(zone, [RRsetChange(key, before, after)])

    assert before.values == (TxtData((b"\xe9",)),)
    held = pdns.peek(zone, key)
    assert held is not None
    assert held.same_as(after)


async def test_one_broken_record_in_the_database_makes_the_zone_unavailable_and_no_other(
    pdns: PowerDnsApiHarness, zone: DnsName
) -> None:
    other = pdns.new_zone()
    insert(pdns, zone, "_dmarc", "'unquoted \"'")
    provider = pdns.open(zone, other)

    with pytest.raises(Unavailable, match="Internal Server Error"):
        await provider.read(zone, [text(zone)])
    assert await provider.read(other, [text(other)]) == {}


async def test_a_zone_that_is_fetched_from_a_primary_is_refused_with_advice(
    pdns: PowerDnsApiHarness, zone: DnsName
) -> None:
    other = pdns.new_zone()
    pdns.server.sql(f"update domains set type = 'SLAVE', master = '127.0.0.9' where name = '{zone}'")
    provider = pdns.open(zone, other)

    survey = await provider.survey()
    assert survey.served == (other,)
    assert "name the primary" in str(survey.faults[zone])
    with pytest.raises(InvalidConfiguration, match="name the primary"):
        await provider.apply(zone, [creation(text(zone))])
    assert pdns.peek(zone, text(zone)) is None

    with pytest.raises(InvalidConfiguration, match="name the primary"):
        await pdns.open().zone_of(zone)


async def test_a_signed_zone_that_is_not_rectified_by_itself_is_rectified(
    pdns: PowerDnsApiHarness, zone: DnsName, proxy: FaultProxy
) -> None:
    pdns.server.secure(zone)
    pdns.server.set_meta(zone, "API-RECTIFY", "0")
    provider = pdns.open_with(url=proxy.url, zones=[zone])

    await provider.apply(zone, [creation(text(zone))])

    assert [request.path.rsplit("/", 1)[1] for request in proxy.requests if request.method == "PUT"] == [
        "rectify"
    ]
    proxy.add(Fault(Kind.ANSWER, status=500, concerns=of_method("PUT")))
    with pytest.raises(OutcomeUnknown, match="was written, but then"):
        await provider.apply(zone, [creation(text(zone, "other"))])


async def test_a_changed_set_is_found_out_after_the_write(
    pdns: PowerDnsApiHarness, zone: DnsName, proxy: FaultProxy
) -> None:
    """The answer to PATCH is that of a server that has kept nothing: as if somebody undid it at once."""
    provider = pdns.open_with(url=proxy.url, zones=[zone])
    proxy.add(Fault(Kind.ANSWER, status=204, concerns=of_method("PATCH")))
    with pytest.raises(OutcomeUnknown, match="somebody else"):
        await provider.apply(zone, [creation(text(zone))])


async def test_a_record_that_appears_between_the_reading_and_the_write_is_raced(
    pdns: PowerDnsApiHarness, zone: DnsName, proxy: FaultProxy
) -> None:
    refused = b'{"error": "RRset _dmarc IN TXT: Conflicts with pre-existing RRset"}'
    proxy.add(Fault(Kind.ANSWER, status=422, body=refused, concerns=of_method("PATCH")))
    with pytest.raises(Raced, match="Conflicts"):
        await pdns.open_with(url=proxy.url, zones=[zone]).apply(zone, [creation(text(zone))])


@pytest.mark.parametrize(
    ("fault", "reading", "writing"),
    [
        (Fault(Kind.ANSWER, status=503), Unavailable, OutcomeUnknown),
        (Fault(Kind.ANSWER, status=500, body=b'{"error": "oops"}'), Unavailable, OutcomeUnknown),
        (Fault(Kind.ANSWER, status=302, headers={"Location": "/"}), Unavailable, OutcomeUnknown),
        (Fault(Kind.ANSWER, status=401), AuthenticationFailed, AuthenticationFailed),
        (Fault(Kind.ANSWER, status=403), AuthenticationFailed, AuthenticationFailed),
        (Fault(Kind.ANSWER, status=400), Unavailable, Refused),
        (Fault(Kind.ANSWER, status=413), Unavailable, BatchTooLarge),
        (Fault(Kind.ANSWER, status=429, headers={"Retry-After": "60"}), RateLimited, RateLimited),
        (Fault(Kind.CUT), Unavailable, OutcomeUnknown),
        (Fault(Kind.LOSE_REPLY), Unavailable, OutcomeUnknown),
        (Fault(Kind.SLOW, seconds=5), Unavailable, OutcomeUnknown),
        (Fault(Kind.ANSWER, body=b"<html>hello</html>"), Unavailable, OutcomeUnknown),
        (Fault(Kind.ANSWER, body=b'{"name": 7}'), Unavailable, OutcomeUnknown),
    ],
    ids=lambda case: (
        f"{case.kind.name}-{case.status}-{case.body.decode()}" if isinstance(case, Fault) else ""
    ),
)
async def test_faults_become_errors_that_say_retry_or_give_up(
    pdns: PowerDnsApiHarness,
    zone: DnsName,
    proxy: FaultProxy,
    fault: Fault,
    reading: type[ProviderError],
    writing: type[ProviderError],
) -> None:
    provider = pdns.open_with(url=proxy.url, zones=[zone], timeoutSeconds=1)
    calls = {
        "GET": (reading, lambda: provider.read(zone, [text(zone)])),
        "PATCH": (writing, lambda: provider.apply(zone, [creation(text(zone))])),
    }
    for method, (expected, call) in calls.items():
        proxy.clear()
        proxy.add(replace(fault, times=9, concerns=of_method(method)))
        with pytest.raises(expected) as caught:
            await call()
        assert type(caught.value) is expected
        assert SECRET not in str(caught.value)
    await provider.close()


async def test_a_throttled_request_is_sent_again(
    pdns: PowerDnsApiHarness, zone: DnsName, proxy: FaultProxy
) -> None:
    provider = pdns.open_with(url=proxy.url, zones=[zone])
    proxy.add(Fault(Kind.ANSWER, status=429, headers={"Retry-After": "0"}, times=2))
    await provider.apply(zone, [creation(text(zone))])
    assert pdns.peek(zone, text(zone)) is not None


async def test_a_lost_reply_to_a_write_that_was_made_is_seen_by_reading_again(
    pdns: PowerDnsApiHarness, zone: DnsName, proxy: FaultProxy
) -> None:
    key = text(zone)
    provider = pdns.open_with(url=proxy.url, zones=[zone])
    proxy.add(Fault(Kind.LOSE_REPLY, concerns=of_method("PATCH")))
    with pytest.raises(OutcomeUnknown):
        await provider.apply(zone, [creation(key)])
    assert await provider.read(zone, [key]) == {key: RRset(key, 3600, (TxtData.of("ours"),))}


async def test_a_wrong_key_a_wrong_server_and_a_missing_zone_are_told_apart(
    pdns: PowerDnsApiHarness, zone: DnsName
) -> None:
    with pytest.raises(AuthenticationFailed, match=r"pdns\.conf"):
        await pdns.open_with("wrong", zones=[zone]).read(zone, [text(zone)])
    with pytest.raises(InvalidConfiguration, match="serverId"):
        await pdns.open_with(serverId="other").zone_of(zone)
    with pytest.raises(InvalidConfiguration, match="serverId"):
        await pdns.open_with(serverId="other").read(zone, [text(zone)])
    with pytest.raises(ZoneNotFound, match=r"no zone gone\.example"):
        await pdns.open().read(DnsName("gone.example"), [text(DnsName("gone.example"))])


async def test_no_server_is_unavailable(pdns: PowerDnsApiHarness) -> None:
    provider = pdns.open_with(url="http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="no connection"):
        await provider.zone_of(DnsName("a.example"))


async def test_a_zone_that_is_deleted_is_no_longer_served(pdns: PowerDnsApiHarness, zone: DnsName) -> None:
    provider = pdns.open()
    await provider.zone_of(zone)
    pdns.server.sql(f"delete from domains where name = '{zone}'")
    with pytest.raises(ZoneNotFound):
        await provider.zones()


async def test_delegated_names_are_neither_read_nor_written(pdns: PowerDnsApiHarness) -> None:
    zone = pdns.new_zone(records="sub 3600 NS ns.elsewhere.example.")
    provider, key = pdns.open(zone), text(zone, "_dmarc.sub")
    with pytest.raises(NotServed):
        await provider.read(zone, [key])
    with pytest.raises(Refused, match="delegated"):
        await provider.apply(zone, [creation(key)])


async def test_changes_that_do_not_fit_a_request_are_not_sent(
    pdns: PowerDnsApiHarness, zone: DnsName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(powerdns, "LARGEST_BODY_BYTES", 300)
    provider = pdns.open(zone)
    with pytest.raises(BatchTooLarge):
        await provider.apply(zone, [creation(text(zone, f"n{number}")) for number in range(10)])
    await provider.apply(zone, [creation(text(zone))])


async def test_a_proxy_with_a_path_and_a_certificate_of_its_own_authority_is_reached(
    pdns: PowerDnsApiHarness, zone: DnsName, tmp_path: Path
) -> None:
    certificate = issue_server_certificate(tmp_path, "127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.cert_file, certificate.key_file)
    described = {"name": zone.fqdn, "kind": "Native", "rrsets": []}
    server = VendorServer(lambda _request: Reply(200, described), context)
    settings = {"url": f"{server.url}/dns/api/v1", "zones": [zone]}
    trusting = {"api-key": b"k", "ca.crt": certificate.ca_file.read_bytes()}
    try:
        provider = PowerDnsProvider.from_settings(settings, trusting)
        assert await provider.read(zone, [text(zone)]) == {}
        doubting = PowerDnsProvider.from_settings(settings, {"api-key": b"k"})
        with pytest.raises(AuthenticationFailed, match="certificate is not trusted"):
            await doubting.read(zone, [text(zone)])
        await provider.close()
        await doubting.close()
    finally:
        server.close()
    assert [request.path for request in server.requests] == [f"/dns/api/v1/servers/localhost/zones/{zone}."]


@pytest.mark.parametrize(
    ("settings", "credentials", "problem"),
    [
        ({}, {"api-key": b"k"}, "url must be a URL"),
        ({"url": "ftp://a"}, {"api-key": b"k"}, "url must be a URL"),
        ({"url": "http://a"}, {}, "no key 'api-key'"),
        ({"url": "http://a"}, {"api-key": b"a\nb"}, "one line of printable ASCII"),
        ({"url": "http://a"}, {"api-key": b"\xff"}, "one line of printable ASCII"),
        ({"url": "http://a", "serverId": ""}, {"api-key": b"k"}, "serverId must be a text"),
        ({"url": "http://a", "timeoutSeconds": 0}, {"api-key": b"k"}, "timeoutSeconds must be"),
        ({"url": "http://a", "timeoutSeconds": True}, {"api-key": b"k"}, "timeoutSeconds must be"),
        ({"url": "http://a", "zones": "a.example"}, {"api-key": b"k"}, "zones must be a list"),
        ({"url": "http://a"}, {"api-key": b"k", "ca.crt": b"x"}, "write https://"),
        ({"url": "https://a"}, {"api-key": b"k", "ca.crt": b"x"}, "no certificates in PEM"),
    ],
)
def test_wrong_settings_are_named(
    settings: dict[str, object], credentials: dict[str, bytes], problem: str
) -> None:
    with pytest.raises(InvalidConfiguration, match=problem):
        PowerDnsProvider.from_settings(settings, credentials, Surroundings())


async def test_a_null_mx_is_written(pdns: PowerDnsApiHarness, zone: DnsName) -> None:
    key = RRsetKey(zone, RecordType.MX)
    null_mx = RRset(key, 3600, (MxData(0, DnsName("")),))
    await pdns.open(zone).apply(zone, [RRsetChange(key, None, null_mx)])
    assert pdns.peek(zone, key) == null_mx
