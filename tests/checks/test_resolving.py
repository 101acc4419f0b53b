"""The resolver of a run: each question once, over whatever works, and nothing believed that must not be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.answers import Presence, Security
from mailseal.checks.links import read
from mailseal.checks.resolving import CachingResolver, open_resolver
from mailseal.checks.settings import CheckSettings
from mailseal.checks.upstream import endpoints_of
from support.servers import BindServer
from support.servers.fake import Answer, FakeDns, fake_dns, reply_to

A, TXT, MX = dns.rdatatype.A, dns.rdatatype.TXT, dns.rdatatype.MX
NAME = dns.name.from_text("example.nl")
SOA = "example.nl. 60 SOA ns.example.nl. hostmaster.example.nl. 1 3600 600 86400 60"


def found(wire: bytes) -> list[bytes]:
    return [reply_to(wire, "example.nl. 300 TXT seen")]


def silent(_wire: bytes) -> list[bytes]:
    return []


def coded(rcode: dns.rcode.Rcode) -> Answer:
    return lambda wire: [reply_to(wire, rcode=rcode)]


def resolvers(*fakes: FakeDns, within_seconds: float = 5) -> CheckSettings:
    endpoints = tuple(f"{fake.address}:{fake.port}" for fake in fakes)
    return CheckSettings(resolvers=endpoints, query_within=timedelta(seconds=within_seconds))


@asynccontextmanager
async def asking(udp: Answer, tcp: Answer | None = None) -> AsyncIterator[tuple[CachingResolver, FakeDns]]:
    async with fake_dns(udp, tcp) as fake, open_resolver(resolvers(fake, within_seconds=1)) as resolver:
        yield resolver, fake


@pytest.fixture(scope="module")
def bind() -> Iterator[BindServer]:
    records = [
        'www TXT "one" "two"',
        "chain CNAME www",
        "away CNAME www.second.nl.",
        "dangling CNAME nothing",
        "dn DNAME second.nl.",
        "*.wild TXT made",
        "deep.ent A 127.0.0.1",
        *(f'big TXT "{number} {"x" * 200}"' for number in range(20)),
        *(f"n{number} TXT {number}" for number in range(2000)),
    ]
    zones = {"first.nl": "\n".join(records), "second.nl": "www TXT there"}
    with BindServer(zones, options="minimal-responses yes;") as server:
        yield server


@pytest.fixture
async def resolver(bind: BindServer) -> AsyncIterator[CachingResolver]:
    async with open_resolver(CheckSettings(resolvers=(bind.endpoint,))) as opened:
        yield opened


async def ask(resolver: CachingResolver, name: str) -> tuple[Presence, tuple[str, ...], tuple[str, ...]]:
    answer = await resolver.ask(dns.name.from_text(name), TXT)
    return answer.presence, answer.texts, tuple(target.to_text() for target in answer.aliases)


@pytest.mark.parametrize(
    ("name", "presence", "texts", "aliases"),
    [
        ("www.first.nl", Presence.FOUND, ("onetwo",), ()),
        ("WWW.First.nl", Presence.FOUND, ("onetwo",), ()),
        ("chain.first.nl", Presence.FOUND, ("onetwo",), ("www.first.nl.",)),
        ("away.first.nl", Presence.FOUND, ("there",), ("www.second.nl.",)),
        ("www.dn.first.nl", Presence.FOUND, ("there",), ("www.second.nl.",)),
        ("x.wild.first.nl", Presence.FOUND, ("made",), ()),
        ("dangling.first.nl", Presence.NO_NAME, (), ("nothing.first.nl.",)),
        ("nothing.first.nl", Presence.NO_NAME, (), ()),
        ("ent.first.nl", Presence.NO_DATA, (), ()),
        ("deep.ent.first.nl", Presence.NO_DATA, (), ()),
    ],
)
async def test_answers_of_a_real_server(
    resolver: CachingResolver, name: str, presence: Presence, texts: tuple[str, ...], aliases: tuple[str, ...]
) -> None:
    assert await ask(resolver, name) == (presence, texts, aliases)


async def test_an_answer_that_does_not_fit_comes_over_tcp(resolver: CachingResolver) -> None:
    presence, texts, _ = await ask(resolver, "big.first.nl")
    assert presence is Presence.FOUND
    assert len(texts) == 20


def growing(wire: bytes) -> list[bytes]:
    asked = dns.message.from_wire(wire).question[0].name
    return [reply_to(wire, f"{asked} 300 CNAME a.{asked}")]


def loop(wire: bytes) -> list[bytes]:
    return [reply_to(wire, "example.nl. 300 CNAME a.nl.", "a.nl. 300 CNAME example.nl.")]


@pytest.mark.parametrize("aliases", [growing, loop])
async def test_endless_aliases_end(aliases: Answer) -> None:
    """Within one response, and over several."""
    async with asking(aliases) as (resolver, fake):
        answer = await resolver.ask(NAME, TXT)
        assert answer.presence is Presence.UNANSWERED
        assert "aliases follow example.nl" in answer.fault
        assert len(fake.udp_messages) < 20


async def test_a_dname_that_makes_too_long_a_name_is_unanswered() -> None:
    long = ".".join(["x" * 60] * 4)
    async with asking(lambda wire: [reply_to(wire, f"nl. 300 DNAME {long}.")]) as (resolver, _):
        answer = await resolver.ask(dns.name.from_text("quite.long.example.nl"), TXT)
        assert answer.presence is Presence.UNANSWERED
        assert "too long" in answer.fault


async def test_a_name_that_the_server_may_not_answer_is_unanswered(resolver: CachingResolver) -> None:
    answer = await resolver.ask(NAME, TXT)
    assert answer.presence is Presence.UNANSWERED
    assert "REFUSED" in answer.fault


async def test_thousands_of_questions_at_the_same_time(resolver: CachingResolver) -> None:
    names = [dns.name.from_text(f"n{number}.first.nl") for number in range(2000)]
    answers = await asyncio.gather(*(resolver.ask(name, TXT) for name in names))
    assert [answer.texts for answer in answers] == [(str(number),) for number in range(2000)]


async def test_cached_answers_cost_next_to_nothing(resolver: CachingResolver) -> None:
    """The aim is more than 5,000 a second; a busy machine gets leave to be slower than an idle one."""
    name = dns.name.from_text("www.first.nl")
    await resolver.ask(name, TXT)
    started = time.process_time()
    for _ in range(10_000):
        await resolver.ask(name, TXT)
    assert time.process_time() - started < 2


async def test_who_asks_at_the_same_time_shares_one_question() -> None:
    async with asking(found) as (resolver, fake):
        answers = await asyncio.gather(*(resolver.ask(NAME, TXT) for _ in range(50)))
        again = await resolver.ask(NAME, TXT)
        assert {answer.texts for answer in (*answers, again)} == {("seen",)}
        assert len(fake.udp_messages) == 1


async def test_one_who_gives_up_takes_nothing_from_the_others() -> None:
    held: list[bytes] = []

    def hold(wire: bytes) -> list[bytes]:
        held.append(wire)
        return found(wire) if len(held) > 1 else []

    async with asking(hold) as (resolver, _):
        first = asyncio.create_task(resolver.ask(NAME, TXT))
        second = asyncio.create_task(resolver.ask(NAME, TXT))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).texts == ("seen",)
        with pytest.raises(asyncio.CancelledError):
            await first


@pytest.mark.parametrize(
    "first",
    [coded(dns.rcode.SERVFAIL), coded(dns.rcode.REFUSED), silent],
    ids=["SERVFAIL", "REFUSED", "silent"],
)
async def test_the_next_resolver_is_asked_when_one_fails(first: Answer) -> None:
    async with (
        fake_dns(first) as failing,
        fake_dns(found) as working,
        open_resolver(resolvers(failing, working, within_seconds=2)) as resolver,
    ):
        assert (await resolver.ask(NAME, TXT)).texts == ("seen",)


async def test_a_resolver_that_is_silent_is_asked_last_from_then_on() -> None:
    async with (
        fake_dns(silent) as failing,
        fake_dns(found) as working,
        open_resolver(resolvers(failing, working, within_seconds=1)) as resolver,
    ):
        await resolver.ask(NAME, TXT)
        asked = len(failing.udp_messages)
        await resolver.ask(NAME, MX)
        assert len(failing.udp_messages) == asked


async def test_silent_names_do_not_hold_up_the_others() -> None:
    """A resolver is silent while it waits for name servers that are."""

    def answer(wire: bytes) -> list[bytes]:
        return found(wire) if dns.message.from_wire(wire).question[0].name == NAME else []

    async with fake_dns(answer) as fake, open_resolver(resolvers(fake, within_seconds=60)) as resolver:
        waiting = [
            asyncio.create_task(resolver.ask(dns.name.from_text(f"silent{number}.nl"), TXT))
            for number in range(300)
        ]
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            assert (await resolver.ask(NAME, TXT)).texts == ("seen",)
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()


async def test_an_ipv6_resolver_is_asked() -> None:
    async with (
        fake_dns(found, address="::1") as fake,
        open_resolver(CheckSettings(resolvers=(f"[::1]:{fake.port}",))) as resolver,
    ):
        assert (await resolver.ask(NAME, TXT)).texts == ("seen",)


def test_the_systems_resolvers_are_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those with an address; a resolver by HTTPS has none."""
    listed = SimpleNamespace(nameservers=["192.0.2.1", "https://dns.example/q", "2001:db8::1"], port=53)
    monkeypatch.setattr(dns.resolver, "Resolver", lambda: listed)
    assert [str(endpoint) for endpoint in endpoints_of(CheckSettings())] == [
        "192.0.2.1:53",
        "[2001:db8::1]:53",
    ]


def test_a_system_without_resolvers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver, "Resolver", missing)
    with pytest.raises(ValueError, match="name some"):
        endpoints_of(CheckSettings())


async def test_a_port_where_nobody_listens_is_told_at_once() -> None:
    async with fake_dns(silent) as fake:
        closed = resolvers(fake)
    async with open_resolver(closed) as resolver:
        started = time.monotonic()
        answer = await resolver.ask(NAME, TXT)
        assert answer.presence is Presence.UNANSWERED
        assert time.monotonic() - started < 5


async def test_silence_ends_within_the_time_out() -> None:
    async with asking(silent) as (resolver, _):
        started = time.monotonic()
        answer = await resolver.ask(NAME, TXT)
        assert answer.presence is Presence.UNANSWERED
        assert "within" in answer.fault
        assert time.monotonic() - started < 5


async def test_a_truncated_answer_without_tcp_ends_within_the_time_out() -> None:
    def truncated(wire: bytes) -> list[bytes]:
        return [reply_to(wire, flags=dns.flags.TC)]

    async with asking(truncated, silent) as (resolver, fake):
        started = time.monotonic()
        assert (await resolver.ask(NAME, TXT)).presence is Presence.UNANSWERED
        assert fake.tcp_messages
        assert time.monotonic() - started < 5


def wrong_id(wire: bytes) -> bytes:
    answer = reply_to(wire, "example.nl. 300 TXT forged")
    return bytes([answer[0] ^ 1]) + answer[1:]


def wrong_question(wire: bytes) -> bytes:
    query = dns.message.from_wire(wire)
    other = dns.message.make_query("other.nl", "TXT", id=query.id)
    return reply_to(other.to_wire(), "example.nl. 300 TXT forged")


def not_an_answer(wire: bytes) -> bytes:
    forged = bytearray(reply_to(wire, "example.nl. 300 TXT forged"))
    forged[2] &= 0x7F
    return bytes(forged)


@pytest.mark.parametrize("forge", [wrong_id, wrong_question, not_an_answer])
async def test_a_forged_datagram_is_not_believed(forge: Callable[[bytes], bytes]) -> None:
    """The true answer that comes after it counts (RFC 5452)."""
    async with asking(lambda wire: [forge(wire), *found(wire)]) as (resolver, _):
        assert (await resolver.ask(NAME, TXT)).texts == ("seen",)


async def test_answers_about_other_names_are_not_taken() -> None:
    async with asking(lambda wire: [reply_to(wire, "other.nl. 300 TXT foreign", authority=SOA)]) as (
        resolver,
        _,
    ):
        answer = await resolver.ask(NAME, TXT)
        assert (answer.presence, answer.texts) == (Presence.NO_DATA, ())


async def test_a_referral_is_no_absence() -> None:
    async with asking(lambda wire: [reply_to(wire, authority="nl. 300 NS ns.nl.")]) as (resolver, _):
        answer = await resolver.ask(NAME, TXT)
        assert answer.presence is Presence.UNANSWERED
        assert "refers" in answer.fault


async def test_a_resolver_that_strips_signatures_proves_nothing() -> None:
    def stripped(wire: bytes) -> list[bytes]:
        if dns.message.from_wire(wire).question[0].rdtype == dns.rdatatype.DNSKEY:
            return [reply_to(wire, ". 300 DNSKEY 257 3 13 " + "A" * 86 + "==")]
        return found(wire)

    async with asking(stripped) as (resolver, _):
        validation = await resolver.validate(NAME, TXT)
        assert validation.security is Security.INDETERMINATE
        assert "passes on no signatures" in validation.reason


@given(garbage=st.binary(max_size=600), tail=st.booleans())
def test_arbitrary_bytes_are_no_answer(garbage: bytes, tail: bool) -> None:
    """Whether they come in place of an answer or after a good header and question."""

    async def answered() -> Presence:
        def reply(wire: bytes) -> list[bytes]:
            return [reply_to(wire)[:28] + garbage if tail else wire[:2] + garbage]

        async with (
            fake_dns(reply) as fake,
            open_resolver(resolvers(fake, within_seconds=0.02)) as resolver,
        ):
            assert await resolver.validate(NAME, TXT)
            return (await resolver.ask(NAME, TXT)).presence

    assert asyncio.run(answered()) in set(Presence)


@given(wire=st.binary(min_size=12, max_size=300))
def test_whatever_dnspython_reads_can_be_followed(wire: bytes) -> None:
    try:
        message = dns.message.from_wire(wire)
    except (dns.exception.DNSException, ValueError):
        return
    read(message, NAME, TXT)


@pytest.mark.parametrize("endpoint", ["resolver.example", "127.0.0.1:99999", "", "127.0.0.1 53"])
async def test_a_resolver_that_is_no_address_is_refused(endpoint: str) -> None:
    with pytest.raises(ValueError, match=r"address|port"):
        async with open_resolver(CheckSettings(resolvers=(endpoint,))):
            pass
