"""The rfc2136 provider against real name servers: what is particular to DNS UPDATE and TSIG."""

from __future__ import annotations

import asyncio
import time

import dns.flags
import dns.rcode
import pytest

from mailseal.providers.base import (
    AuthenticationFailed,
    BatchTooLarge,
    OutcomeUnknown,
    ProviderError,
    Raced,
    Refused,
    Unavailable,
    ZoneNotFound,
)
from mailseal.providers.rfc2136 import Rfc2136Provider
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.backends import ServerHarness
from support.servers import BindServer, TsigSecret
from support.servers.fake import FakeDns, fake_dns, reply_to

ZONE = DnsName("fake.example")


def key_at(name: str) -> RRsetKey:
    return RRsetKey(DnsName.parse(name), RecordType.TXT)


def creation(name: str, *values: str) -> RRsetChange:
    key = key_at(name)
    return RRsetChange(key, None, RRset(key, 300, tuple(TxtData.of(value) for value in values or ("ours",))))


def provider_for(fake: FakeDns, key: TsigSecret | None = None, timeout_seconds: int = 1) -> Rfc2136Provider:
    settings = {"server": fake.address, "port": fake.port, "timeoutSeconds": timeout_seconds}
    if key is None:
        return Rfc2136Provider.from_settings(settings, {})
    return Rfc2136Provider.from_settings(
        {**settings, "tsigKeyName": key.name}, {"tsig-secret": key.secret.encode()}
    )


@pytest.mark.parametrize(
    "wrong",
    [{"secret": TsigSecret().secret}, {"tsigKeyName": "stranger"}, {"tsigAlgorithm": "hmac-sha512"}],
    ids=["secret", "name", "algorithm"],
)
async def test_a_wrong_key_is_an_authentication_failure_for_every_call(
    server: ServerHarness, wrong: dict[str, str]
) -> None:
    zone = server.new_zone()
    provider = server.open_with(zones=[zone], **wrong)

    with pytest.raises(AuthenticationFailed) as reading:
        await provider.read(zone, [key_at(f"x.{zone}")])
    with pytest.raises(AuthenticationFailed):
        await provider.apply(zone, [creation(f"x.{zone}")])
    with pytest.raises(AuthenticationFailed):
        await provider.zones()

    assert wrong.get("secret", "no secret") not in str(reading.value)
    assert server.peek(zone, key_at(f"x.{zone}")) is None


async def test_unsigned_updates_are_refused_with_advice_to_configure_a_key(server: ServerHarness) -> None:
    zone = server.new_zone()
    provider = server.open_with(secret="", tsigKeyName=None)

    with pytest.raises(AuthenticationFailed, match="configure a TSIG key"):
        await provider.apply(zone, [creation(f"x.{zone}")])


async def test_unsigned_updates_work_where_the_server_allows_them() -> None:
    with BindServer(("open.example",), access="allow-update { 127.0.0.1; };") as running:
        provider = Rfc2136Provider.from_settings({"server": running.address, "port": running.port}, {})
        await provider.apply(DnsName("open.example"), [creation("x.open.example")])

        assert running.query("x.open.example", "TXT") is not None


async def test_a_stopped_server_is_unavailable_at_once(server: ServerHarness) -> None:
    zone = server.new_zone()
    provider = server.open_with(timeoutSeconds=2)
    server.server.stop()
    try:
        for call in (
            provider.read(zone, [key_at(f"x.{zone}")]),
            provider.apply(zone, [creation(f"x.{zone}")]),
        ):
            with pytest.raises(Unavailable) as caught:
                await call
            assert not isinstance(caught.value, OutcomeUnknown)
    finally:
        server.server.start()

    await provider.apply(zone, [creation(f"x.{zone}")])


async def test_a_frozen_server_is_unavailable_within_the_time_out_and_a_write_has_an_unknown_outcome(
    server: ServerHarness,
) -> None:
    zone = server.new_zone()
    provider = server.open_with(timeoutSeconds=1, zones=[zone])
    names = [key_at(f"n{number}.{zone}") for number in range(500)]
    await provider.survey()
    server.server.pause()
    try:
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown, match="whether it was made is unknown"):
            await provider.apply(zone, [creation(f"x.{zone}")])
        with pytest.raises(Unavailable, match="within 1 s"):
            await provider.read(zone, names)
        with pytest.raises(Unavailable):
            await provider.survey()
        assert time.monotonic() - started < 4
    finally:
        server.server.resume()

    assert await provider.read(zone, names) == {}


async def test_tcp_only_reads_and_writes_thousands_of_names(bind: ServerHarness) -> None:
    zone = bind.new_zone()
    provider = bind.open_with(transport="tcp")
    changes = [creation(f"n{number}.{zone}", str(number)) for number in range(100)]
    keys = [key_at(f"n{number}.{zone}") for number in range(1000)]

    await provider.apply(zone, changes)

    assert await provider.read(zone, keys) == {change.key: change.after for change in changes}


@pytest.mark.parametrize(
    "algorithm", ["hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"]
)
async def test_every_algorithm_on_offer_works_with_bind_and_queries_are_signed_too(algorithm: str) -> None:
    key = TsigSecret(name="Zorg-Key", algorithm=algorithm)
    access = f'allow-update {{ key "{key.name}"; }}; allow-query {{ key "{key.name}"; }};'
    with BindServer(("signed.example",), keys=(key,), access=access) as running:
        settings = {
            "server": running.address,
            "port": running.port,
            "tsigKeyName": key.name,
            "tsigAlgorithm": algorithm.upper(),
        }
        provider = Rfc2136Provider.from_settings(settings, {"tsig-secret": key.secret.encode() + b"\n"})
        zone = await provider.zone_of(DnsName("x.signed.example"))
        change = creation("x.signed.example")

        await provider.apply(zone, [change])

        assert await provider.read(zone, [change.key]) == {change.key: change.after}
        unsigned = Rfc2136Provider.from_settings({"server": running.address, "port": running.port}, {})
        with pytest.raises(ZoneNotFound, match="access list"):
            await unsigned.read(zone, [change.key])


async def test_one_name_that_the_update_policy_forbids_is_refused_content_not_a_wrong_key() -> None:
    key = TsigSecret()
    access = f"update-policy {{ grant {key.name} name allowed.policy.example. TXT; }};"
    with BindServer(("policy.example",), keys=(key,), access=access) as running:
        provider = provider_for(FakeDns(running.address, running.port), key, timeout_seconds=5)
        zone = DnsName("policy.example")

        with pytest.raises(Refused, match="forbidden"):
            await provider.apply(
                zone, [creation("allowed.policy.example"), creation("forbidden.policy.example")]
            )
        await provider.apply(zone, [creation("allowed.policy.example")])


async def test_a_key_that_the_zone_does_not_admit_is_an_authentication_failure() -> None:
    key = TsigSecret()
    with BindServer(("closed.example",), keys=(key,), access="allow-update { none; };") as running:
        provider = provider_for(FakeDns(running.address, running.port), key, timeout_seconds=5)

        with pytest.raises(AuthenticationFailed, match=r"may not update closed\.example"):
            await provider.apply(DnsName("closed.example"), [creation("x.closed.example")])


async def test_content_over_a_limit_of_the_server_is_refused(bind: ServerHarness) -> None:
    """BIND allows 100 records in a set by default and answers SERVFAIL beyond."""
    zone = bind.new_zone()
    change = creation(f"many.{zone}", *(f"value {number}" for number in range(101)))

    with pytest.raises(Refused, match="as its log says"):
        await bind.open_with().apply(zone, [change])


async def test_a_batch_over_64_kib_is_refused_before_it_is_sent(bind: ServerHarness) -> None:
    zone = bind.new_zone()
    changes = [creation(f"n{number}.{zone}", "x" * 4000) for number in range(20)]

    with pytest.raises(BatchTooLarge):
        await bind.open_with().apply(zone, changes)
    await bind.open_with().apply(zone, changes[:10])


async def test_a_server_is_found_by_host_name_and_over_ipv6() -> None:
    key = TsigSecret()
    with BindServer(("six.example",), keys=(key,), address="::1") as running:
        provider = provider_for(FakeDns("::1", running.port), key, timeout_seconds=5)
        await provider.apply(DnsName("six.example"), [creation("x.six.example")])
        assert running.query("x.six.example", "TXT") is not None
    with BindServer(("four.example",)) as running:
        by_name = Rfc2136Provider.from_settings({"server": "localhost", "port": running.port}, {})
        assert await by_name.zone_of(DnsName("x.four.example")) == "four.example"
    nowhere = Rfc2136Provider.from_settings({"server": "no-such-host.invalid"}, {})
    with pytest.raises(Unavailable, match=r"no-such-host\.invalid"):
        await nowhere.zone_of(DnsName("x.four.example"))


@pytest.mark.parametrize(
    ("flags", "rcode", "authority", "error"),
    [
        (0, dns.rcode.NXDOMAIN, "", ZoneNotFound),
        (dns.flags.RA, dns.rcode.NOERROR, "", ZoneNotFound),
        (dns.flags.AA, dns.rcode.NXDOMAIN, "example. 60 SOA a.example. b.example. 1 1 1 1 1", ZoneNotFound),
        (dns.flags.AA, dns.rcode.SERVFAIL, "", Unavailable),
        (dns.flags.AA, dns.rcode.REFUSED, "", ZoneNotFound),
        (dns.flags.AA, dns.rcode.NOTIMP, "", Unavailable),
    ],
    ids=["no AA, NXDOMAIN", "resolver", "parent zone only", "SERVFAIL", "REFUSED", "NOTIMP"],
)
async def test_an_answer_that_does_not_prove_absence_is_an_error(
    flags: int, rcode: int, authority: str, error: type[ProviderError]
) -> None:
    async with fake_dns(lambda wire: [reply_to(wire, flags=flags, rcode=rcode, authority=authority)]) as fake:
        with pytest.raises(error):
            await provider_for(fake).read(ZONE, [key_at("x.fake.example")])


async def test_absence_is_proven_by_an_authoritative_answer() -> None:
    soa = "fake.example. 60 SOA a.example. b.example. 1 1 1 1 1"
    async with fake_dns(lambda wire: [reply_to(wire, flags=dns.flags.AA, rcode=3, authority=soa)]) as fake:
        assert await provider_for(fake).read(ZONE, [key_at("x.fake.example")]) == {}


async def test_forged_answers_are_passed_over_for_the_true_one() -> None:
    """A wrong question, garbage and an unsigned NXDOMAIN arrive first; the signed question stays open."""

    def answers(wire: bytes) -> list[bytes]:
        other = dns.message.make_query("other.example", "TXT", id=int.from_bytes(wire[:2], "big")).to_wire()
        return [
            wire[:2] + b"garbage",
            reply_to(other, flags=dns.flags.AA),
            reply_to(wire, flags=dns.flags.AA),
        ]

    async with fake_dns(answers) as fake:
        with pytest.raises(Unavailable, match="does not answer"):
            await provider_for(fake, TsigSecret()).read(ZONE, [key_at("x.fake.example")])
        assert await provider_for(fake).read(ZONE, [key_at("x.fake.example")]) == {}


async def test_a_lost_datagram_is_asked_for_again() -> None:
    seen: list[bytes] = []

    def answers(wire: bytes) -> list[bytes]:
        seen.append(wire)
        if len(seen) < 3:
            return []
        return [reply_to(wire, 'x.fake.example. 60 TXT "here"', flags=dns.flags.AA)]

    async with fake_dns(answers) as fake:
        read = await provider_for(fake).read(ZONE, [key_at("x.fake.example")])

    assert read[key_at("x.fake.example")].values == (TxtData.of("here"),)
    assert len(set(seen[:3])) == 1


async def test_a_truncated_answer_is_asked_for_over_tcp() -> None:
    async with fake_dns(
        lambda wire: [reply_to(wire, flags=dns.flags.AA | dns.flags.TC)],
        lambda wire: [reply_to(wire, 'x.fake.example. 60 TXT "whole"', flags=dns.flags.AA)],
    ) as fake:
        read = await provider_for(fake).read(ZONE, [key_at("x.fake.example")])

    assert read[key_at("x.fake.example")].values == (TxtData.of("whole"),)


@pytest.mark.parametrize("replies", [None, []], ids=["hangs up", "stays silent"])
async def test_an_update_is_sent_once_and_its_lost_answer_leaves_the_outcome_unknown(
    replies: list[bytes] | None,
) -> None:
    async with fake_dns(lambda _: [], lambda _: replies) as fake:
        with pytest.raises(OutcomeUnknown):
            await provider_for(fake).apply(ZONE, [creation("x.fake.example")])

        assert len(fake.tcp_messages) == 1
        assert not fake.udp_messages


async def test_an_unsigned_success_of_a_signed_update_is_not_believed() -> None:
    async with fake_dns(lambda wire: [reply_to(wire)]) as fake:
        with pytest.raises(OutcomeUnknown):
            await provider_for(fake, TsigSecret()).apply(ZONE, [creation("x.fake.example")])


@pytest.mark.parametrize(
    ("rcode", "error", "text"),
    [
        (dns.rcode.NXRRSET, Raced, "changed"),
        (dns.rcode.YXRRSET, Raced, "changed"),
        (dns.rcode.NXDOMAIN, Raced, "changed"),
        (dns.rcode.YXDOMAIN, Refused, "CNAME"),
        (dns.rcode.FORMERR, Refused, "FORMERR"),
        (dns.rcode.NOTZONE, ZoneNotFound, "NOTZONE"),
        (dns.rcode.NOTIMP, ProviderError, "takes no dynamic updates"),
        (dns.rcode.NOTAUTH, AuthenticationFailed, "NOTAUTH"),
    ],
    ids=lambda value: dns.rcode.to_text(value) if isinstance(value, dns.rcode.Rcode) else "",
)
async def test_every_answer_code_of_an_update_has_a_meaning(
    rcode: dns.rcode.Rcode, error: type[ProviderError], text: str
) -> None:
    async with fake_dns(lambda wire: [reply_to(wire, rcode=rcode)]) as fake:
        with pytest.raises(error, match=text):
            await provider_for(fake).apply(ZONE, [creation("x.fake.example")])


async def test_the_zone_of_a_name_is_asked_for_once(bind: ServerHarness) -> None:
    zone = bind.new_zone()
    provider = bind.open_with()
    name = DnsName.parse(f"_dmarc.{zone}")
    assert await provider.zone_of(name) == zone
    bind.server.pause()
    try:
        assert await provider.zone_of(name) == zone
    finally:
        bind.server.resume()
    assert await provider.zones() == (zone,)


async def test_cancelled_reads_leave_nothing_behind(bind: ServerHarness) -> None:
    zone = bind.new_zone()
    provider = bind.open_with()
    bind.server.pause()
    try:
        reading = asyncio.create_task(provider.read(zone, [key_at(f"n{n}.{zone}") for n in range(100)]))
        await asyncio.sleep(0)
        before = asyncio.all_tasks()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert asyncio.all_tasks() <= before - {reading}
    finally:
        bind.server.resume()
