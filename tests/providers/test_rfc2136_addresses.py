"""Which address of its server the rfc2136 provider uses: IPv6, several of them, and those that are closed."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path

import dns.flags
import dns.rcode
import pytest

from mailseal.providers.base import InvalidConfiguration, OutcomeUnknown, Raced, Unavailable
from mailseal.providers.reach import ITSELF, METADATA, AddressForbidden, Reach
from mailseal.providers.rfc2136 import Rfc2136Provider
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.addresses import resolve_to
from support.certificates import issue_server_certificate
from support.servers import BindServer, KnotServer, NameServer, PowerDnsServer, TsigSecret
from support.servers.fake import fake_dns, reply_to

HOST = "ns-hidden.zorg.example"
ZONE = DnsName("six.example")
CLOSED = Reach(closed=(*METADATA, *ITSELF))
SIX_ONLY = Reach(closed=(*METADATA, *ITSELF), opened=(ipaddress.ip_network("::1/128"),))
SOA = "six.example. 60 SOA a.example. b.example. 1 1 1 1 1"


def key_at(label: str) -> RRsetKey:
    return RRsetKey(DnsName(f"{label}.{ZONE}"), RecordType.TXT)


def creation(label: str, value: str = "ours") -> RRsetChange:
    key = key_at(label)
    return RRsetChange(key, None, RRset(key, 300, (TxtData.of(value),)))


def absent(wire: bytes) -> list[bytes]:
    return [reply_to(wire, flags=dns.flags.AA, rcode=dns.rcode.NXDOMAIN, authority=SOA)]


def open_at(
    server: str,
    port: int,
    key: TsigSecret | None = None,
    surroundings: Surroundings = UNRESTRICTED,
    **settings: object,
) -> Rfc2136Provider:
    signing = {"tsigKeyName": key.name} if key else {}
    credentials = {"tsig-secret": key.secret.encode()} if key else {}
    return Rfc2136Provider.from_settings(
        {"server": server, "port": port, "timeoutSeconds": 1, **signing, **settings},
        credentials,
        surroundings,
    )


SERVERS = {"bind": BindServer, "knot": KnotServer, "powerdns": PowerDnsServer}


@pytest.fixture(scope="module", params=SERVERS)
def six(request: pytest.FixtureRequest) -> Iterator[tuple[NameServer, TsigSecret]]:
    """Each name server, on `::1` alone."""
    key = TsigSecret()
    with SERVERS[request.param]({ZONE: ""}, keys=(key,), address="::1") as running:
        yield running, key


@pytest.mark.parametrize("server", ["::1", "[::1]", HOST])
@pytest.mark.parametrize("transport", ["auto", "tcp"])
async def test_a_server_on_ipv6_is_read_written_and_compared_with(
    six: tuple[NameServer, TsigSecret], server: str, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long value too, whose answer over UDP is truncated or comes in fragments."""
    running, key = six
    resolve_to(monkeypatch, {HOST: ["::1"]})
    provider = open_at(server, running.port, key, transport=transport)
    label = f"{transport}{len(server)}"
    change = creation(label, "x" * 4000)

    assert await provider.zone_of(change.key.name) == ZONE
    await provider.apply(ZONE, [change])

    assert await provider.read(ZONE, [change.key]) == {change.key: change.after}
    with pytest.raises(Raced):
        await provider.apply(ZONE, [change])
    assert running.query(change.key.name, "TXT") is not None


@pytest.mark.parametrize("transport", ["auto", "tcp", "tls"])
async def test_of_two_addresses_the_one_that_refuses_connections_is_passed_over(
    transport: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = TsigSecret()
    issued = issue_server_certificate(tmp_path, HOST)
    resolve_to(monkeypatch, {HOST: ["127.0.0.1", "::1"]})
    with BindServer((ZONE,), keys=(key,), address="::1", certificate=issued) as running:
        settings = {
            "server": HOST,
            "port": running.tls_port if transport == "tls" else running.port,
            "tsigKeyName": key.name,
            "transport": transport,
        }
        authorities = {"ca.crt": issued.ca_file.read_bytes()} if transport == "tls" else {}
        provider = Rfc2136Provider.from_settings(
            settings, {"tsig-secret": key.secret.encode(), **authorities}, UNRESTRICTED
        )
        await provider.apply(ZONE, [creation("x")])

        assert set(await provider.read(ZONE, [key_at("x")])) == {key_at("x")}
        await provider.close()


async def test_a_silent_address_costs_its_time_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An update goes where a question was answered: once sent to the silent one, its outcome is unknown."""
    async with (
        fake_dns(absent, lambda wire: [reply_to(wire)], address="::1") as good,
        fake_dns(lambda _: [], port=good.port) as silent,
    ):
        resolve_to(monkeypatch, {HOST: ["127.0.0.1", "::1"]})
        provider = open_at(HOST, good.port)
        assert await provider.read(ZONE, [key_at("x")]) == {}
        assert len(silent.udp_messages) == 3

        await provider.apply(ZONE, [creation("x")])
        assert await provider.read(ZONE, [key_at("x")]) == {}
        assert len(silent.udp_messages) == 3
        assert not silent.tcp_messages

        with pytest.raises(OutcomeUnknown):
            await open_at(HOST, good.port).apply(ZONE, [creation("x")])
        assert len(silent.tcp_messages) == 1
        assert len(good.tcp_messages) == 1


async def test_a_host_without_any_working_address_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    async with fake_dns(absent) as fake:
        port = fake.port
    resolve_to(monkeypatch, {HOST: ["127.0.0.1", "::1"]})

    with pytest.raises(Unavailable) as caught:
        await open_at(HOST, port).apply(ZONE, [creation("x")])
    assert not isinstance(caught.value, OutcomeUnknown)


@pytest.mark.parametrize(
    "server",
    ["127.0.0.1", "::1", "::ffff:127.0.0.1", "localhost", "169.254.169.254", "fd00:ec2::254", HOST],
)
@pytest.mark.parametrize("transport", ["auto", "tcp", "tls"])
async def test_an_address_in_a_closed_network_is_never_spoken_to(
    server: str, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_to(monkeypatch, {HOST: ["127.0.0.1", "fe80::1"]})
    async with fake_dns(absent) as fake:
        provider = open_at(server, fake.port, None, Surroundings(reach=CLOSED), transport=transport)
        for call in (
            provider.read(ZONE, [key_at("x")]),
            provider.apply(ZONE, [creation("x")]),
            provider.survey(),
            provider.zone_of(ZONE),
        ):
            with pytest.raises(AddressForbidden, match="must not connect to") as caught:
                await call
            assert isinstance(caught.value, InvalidConfiguration)

        assert not fake.udp_messages
        assert not fake.connections


async def test_of_two_addresses_only_the_one_that_is_open_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, {HOST: ["127.0.0.1", "::1"]})
    async with (
        fake_dns(absent, address="::1") as open_one,
        fake_dns(absent, port=open_one.port) as closed_one,
    ):
        provider = open_at(HOST, open_one.port, None, Surroundings(reach=SIX_ONLY))
        assert await provider.read(ZONE, [key_at("x")]) == {}

        assert len(open_one.udp_messages) == 1
        assert not closed_one.udp_messages


async def test_a_name_that_changes_its_address_is_looked_up_and_judged_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    addresses = {HOST: ["::1"]}
    resolve_to(monkeypatch, addresses)
    async with fake_dns(absent, address="::1") as fake:
        provider = open_at(HOST, fake.port, None, Surroundings(reach=SIX_ONLY))
        assert await provider.read(ZONE, [key_at("x")]) == {}
        addresses[HOST] = ["127.0.0.1"]

        with pytest.raises(AddressForbidden):
            await provider.read(ZONE, [key_at("x")])
