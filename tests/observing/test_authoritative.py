"""Observation of real authoritative servers that keep up, lag, stop, freeze, or serve something else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import dns.flags
import pytest

from mailseal.observing.authoritative import AuthoritativeObserver
from mailseal.observing.nameserver import Nameserver
from mailseal.observing.resolving import DelegatedServers, GivenServers, ServersUnknown, routable
from mailseal.observing.verification import Answered, ServerFailure
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.servers import BindServer, TsigSecret, wait_until
from support.servers.fake import fake_dns, reply_to

ZONE = DnsName("zorg.example")
DMARC = RRsetKey(DnsName("_dmarc.zorg.example"), RecordType.TXT)
OLD, NEW = b"v=DMARC1; p=none", b"v=DMARC1; p=reject"
RECORDS = f"""
_dmarc 60 TXT "{OLD.decode()}"
sel._domainkey 60 CNAME sel.vendor.example.
long 60 TXT {" ".join('"' + "x" * 250 + '"' for _ in range(8))}
"""


@pytest.fixture
def primary() -> Iterator[BindServer]:
    with BindServer({ZONE: RECORDS}, keys=(TsigSecret(),)) as running:
        yield running


def observer_of(*servers: BindServer | str, timeout_seconds: float = 1.0) -> AuthoritativeObserver:
    names = [server if isinstance(server, str) else server.endpoint for server in servers]
    return AuthoritativeObserver(ZONE, GivenServers(names), timeout_seconds)


async def test_every_kind_of_answer_is_observed(primary: BindServer) -> None:
    alias = RRsetKey(DnsName("sel._domainkey.zorg.example"), RecordType.CNAME)
    behind_alias = RRsetKey(alias.name, RecordType.TXT)
    absent = RRsetKey(DnsName("none.zorg.example"), RecordType.TXT)
    long = RRsetKey(DnsName("long.zorg.example"), RecordType.TXT)

    answers = await observer_of(primary).observe([DMARC, behind_alias, absent, long])

    server = Nameserver.of("127.0.0.1", "127.0.0.1", primary.port)
    assert answers == {
        server: Answered(
            {
                DMARC: RRset(DMARC, 60, (TxtData.of(OLD),)),
                alias: RRset(alias, 60, (CnameData(DnsName("sel.vendor.example")),)),
                long: RRset(long, 60, (TxtData((b"x" * 250,) * 8),)),
            }
        )
    }
    assert server.label == f"127.0.0.1:{primary.port}"


async def test_a_notified_secondary_keeps_up(primary: BindServer) -> None:
    with BindServer(primary=primary) as secondary:
        observer = observer_of(primary, secondary)
        primary.put(ZONE, DMARC.name, "TXT", 60, f'"{NEW.decode()}"')
        wait_until(
            lambda: "reject" in str(secondary.query(DMARC.name, "TXT")), 10, "the transfer of the change"
        )

        assert await observer.lags([(DMARC, NEW)], [(DMARC, OLD)]) == ()


async def test_a_secondary_that_lags_is_named_until_it_has_caught_up(primary: BindServer) -> None:
    with BindServer(primary=primary, notified=False) as secondary:
        observer = observer_of(primary, secondary)
        assert await observer.lags([(DMARC, OLD)], []) == ()
        primary.put(ZONE, DMARC.name, "TXT", 60, f'"{NEW.decode()}"')

        lags = await observer.lags([(DMARC, NEW)], [(DMARC, OLD)])

        assert {(lag.server, lag.problem) for lag in lags} == {
            (secondary.endpoint, "does not answer the new value yet"),
            (secondary.endpoint, "still answers a removed value"),
        }
        secondary.stop()
        secondary.start()
        wait_until(lambda: "reject" in str(secondary.query(DMARC.name, "TXT")), 10, "the transfer at start")
        assert await observer.lags([(DMARC, NEW)], [(DMARC, OLD)]) == ()


@pytest.mark.parametrize(
    ("stop", "problem"), [("stop", "cannot be reached"), ("pause", "does not answer within")]
)
async def test_a_server_that_is_down_or_frozen_lags_within_the_time_out_and_hides_no_other(
    primary: BindServer, stop: str, problem: str
) -> None:
    keys = [RRsetKey(DnsName(f"n{number}.zorg.example"), RecordType.TXT) for number in range(300)]
    with BindServer(primary=primary) as secondary:
        getattr(secondary, stop)()
        started = time.monotonic()

        answers = await observer_of(primary, secondary).observe([DMARC, *keys])
        lags = await observer_of(primary, secondary).lags([(DMARC, OLD)], [])

        assert time.monotonic() - started < 3
    failed = [answer for answer in answers.values() if isinstance(answer, ServerFailure)]
    assert len(failed) == 1
    assert problem in failed[0].problem
    assert [lag.server for lag in lags] == [secondary.endpoint]


async def test_a_server_without_the_zone_is_lame_and_proves_no_absence(primary: BindServer) -> None:
    with BindServer(("other.example",)) as lame, BindServer(("example",)) as parent:
        lags = await observer_of(primary, lame, parent).lags([], [(DMARC, b"gone")])

    assert {lag.server: lag.problem for lag in lags} == {
        lame.endpoint: f"gives no usable answer: it answers REFUSED when asked for {DMARC}",
        parent.endpoint: "gives no usable answer: it does not serve zorg.example: "
        f"it answers for {DMARC} from example",
    }


async def test_a_resolver_among_the_servers_is_not_taken_for_an_authority(primary: BindServer) -> None:
    answer = f'{DMARC.name}. 60 TXT "{OLD.decode()}"'
    async with fake_dns(lambda wire: [reply_to(wire, answer, flags=dns.flags.RA)]) as resolver:
        lags = await observer_of(primary, f"127.0.0.1:{resolver.port}").lags([(DMARC, OLD)], [])

    assert [lag.server for lag in lags] == [f"127.0.0.1:{resolver.port}"]
    assert "lacks the AA flag" in lags[0].problem


async def test_servers_are_found_by_the_ns_records_of_the_zone() -> None:
    """The zone's own server serves as resolver; a name without address is a server that fails."""
    nameservers = (
        ("ns1.zorg.example", "127.0.0.1"),
        ("ns2.zorg.example", "::1"),
        ("ns3.zorg.example.org", ""),
    )
    with BindServer({ZONE: RECORDS}, nameservers=nameservers) as primary:
        finder = DelegatedServers([primary.endpoint], port=primary.port)
        with BindServer(primary=primary, address="::1", port=primary.port):
            answers = await AuthoritativeObserver(ZONE, finder, 1.0).observe([DMARC])

    labels = {server.label: answer for server, answer in answers.items()}
    good = Answered({DMARC: RRset(DMARC, 60, (TxtData.of(OLD),))})
    assert labels == {
        f"ns1.zorg.example (127.0.0.1:{primary.port})": good,
        f"ns2.zorg.example ([::1]:{primary.port})": good,
        "ns3.zorg.example.org": ServerFailure("has no address"),
    }


async def test_a_name_server_is_given_by_its_ipv6_address(primary: BindServer) -> None:
    with BindServer(primary=primary, address="::1") as secondary:
        assert secondary.endpoint == f"[::1]:{secondary.port}"
        answers = await observer_of(primary, secondary).observe([DMARC])
        secondary.stop()
        lags = await observer_of(primary, secondary).lags([(DMARC, OLD)], [])

    assert {server.label for server in answers} == {primary.endpoint, secondary.endpoint}
    assert all(isinstance(answer, Answered) and set(answer.rrsets) == {DMARC} for answer in answers.values())
    assert [lag.server for lag in lags] == [secondary.endpoint]


async def test_a_zone_whose_servers_cannot_be_found_lags_with_advice(primary: BindServer) -> None:
    finder = DelegatedServers([primary.endpoint])
    unknown = AuthoritativeObserver(DnsName("unknown.invalid"), finder)

    with pytest.raises(ServersUnknown, match=r"spec\.nameservers"):
        await unknown.observe([DMARC])
    lags = await unknown.lags([(DMARC, OLD)], [])
    assert "delegate the zone" in lags[0].problem


async def test_given_servers_may_be_host_names_and_an_unknown_one_fails_by_name(primary: BindServer) -> None:
    observer = observer_of(f"localhost:{primary.port}", "no-such-host.invalid:5300")

    lags = await observer.lags([(DMARC, OLD)], [])

    assert [(lag.server, lag.problem) for lag in lags] == [("no-such-host.invalid", "has no address")]


async def test_the_longest_negative_caching_time_of_all_servers_counts() -> None:
    """The SOA's MINIMUM, here below its TTL (RFC 2308 section 5), past what a lagging server says."""
    with (
        BindServer((ZONE,), negative_caching_seconds=7) as short,
        BindServer((ZONE,), negative_caching_seconds=42) as long,
    ):
        assert await observer_of(short).negative_caching_time() == timedelta(seconds=7)
        assert await observer_of(short, long).negative_caching_time() == timedelta(seconds=42)


@pytest.mark.parametrize(("ttl", "minimum"), [(30, 900), (900, 30)])
async def test_the_lower_one_of_soa_ttl_and_minimum_counts(ttl: int, minimum: int) -> None:
    soa = f"{ZONE}. {ttl} SOA ns. host. 1 3600 600 86400 {minimum}"
    async with fake_dns(lambda wire: [reply_to(wire, soa, flags=dns.flags.AA)]) as server:
        found = await observer_of(f"127.0.0.1:{server.port}").negative_caching_time()
    assert found == timedelta(seconds=30)


async def test_the_negative_caching_time_is_unknown_where_a_server_does_not_tell(primary: BindServer) -> None:
    with BindServer(("other.example",)) as lame:
        assert await observer_of(primary, lame).negative_caching_time() is None
    assert await observer_of(primary, lame.endpoint).negative_caching_time() is None
    assert await observer_of(primary, "no-such-host.invalid:5300").negative_caching_time() is None
    unknown = AuthoritativeObserver(ZONE, DelegatedServers([lame.endpoint]))
    assert await unknown.negative_caching_time() is None


async def test_nothing_expected_asks_nobody() -> None:
    assert await observer_of("192.0.2.1").lags([], []) == ()


@pytest.mark.parametrize("text", ["", "a b", "host:0", "host:65536", "[host]:53", "2001:db8::1:x"])
def test_a_server_that_is_no_endpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not host|port"):
        GivenServers([text])


def test_addresses_without_route_are_left_out_unless_there_is_no_other() -> None:
    broadcast = "255.255.255.255"  # connecting to it is not permitted, as to an address without route

    assert routable(["127.0.0.1", broadcast]) == ("127.0.0.1",)
    assert routable([broadcast]) == (broadcast,)
