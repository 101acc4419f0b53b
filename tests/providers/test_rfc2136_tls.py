"""The rfc2136 provider over DNS over TLS: who the server has to be, one connection, what is lost with it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import pytest

from mailseal.dnsio import tlsclient
from mailseal.providers.base import (
    AuthenticationFailed,
    InvalidConfiguration,
    OutcomeUnknown,
    ProviderError,
    Unavailable,
)
from mailseal.providers.rfc2136 import Rfc2136Provider
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.certificates import issue_server_certificate
from support.mailcertificates import Authority, Issued, self_signed
from support.servers import BindServer, KnotServer, TsigSecret
from support.servers.dot import NAME, listening, provider_over_tls, serving, tls_in_front_of
from support.servers.fake import Answer, fake_dns, reply_to

ZONE = DnsName("fake.example")
KEY = RRsetKey(DnsName("x.fake.example"), RecordType.TXT)
CREATION = RRsetChange(KEY, None, RRset(KEY, 300, (TxtData.of("ours"),)))
AUTHORITY = Authority.root("an authority of our own")
GOOD = AUTHORITY.issue(NAME)
SOA = "fake.example. 60 SOA a.example. b.example. 1 1 1 1 1"


def absent(wire: bytes) -> list[bytes]:
    """Say that there is no such name."""
    return [reply_to(wire, flags=dns.flags.AA, rcode=dns.rcode.NXDOMAIN, authority=SOA)]


async def fault_of(provider: Rfc2136Provider) -> ProviderError:
    """What reading and writing fail with: the same for both, and never a doubt whether it was written."""
    with pytest.raises(ProviderError) as reading:
        await provider.read(ZONE, [KEY])
    with pytest.raises(ProviderError) as writing:
        await provider.apply(ZONE, [CREATION])
    await provider.close()
    assert type(reading.value) is type(writing.value)
    assert not isinstance(writing.value, OutcomeUnknown)
    assert str(reading.value) in str(writing.value)
    return reading.value


@pytest.mark.parametrize(
    ("issued", "trusted", "advice"),
    [
        (AUTHORITY.issue("ns1.zorg.example"), AUTHORITY, f"not for {NAME}: set tlsServerName"),
        (AUTHORITY.issue(NAME, valid_for=-timedelta(days=1)), AUTHORITY, "has expired: renew it there"),
        (AUTHORITY.issue(NAME, valid_since=-timedelta(days=1)), AUTHORITY, "not valid yet"),
        (Authority.root("another").issue(NAME), AUTHORITY, "authority that is not trusted here: put"),
        (self_signed(NAME), AUTHORITY, "authority that is not trusted here: put"),
        (GOOD, None, "authority that is not trusted here: put"),
    ],
    ids=["other name", "expired", "not yet valid", "other authority", "self-signed", "not in the system"],
)
async def test_a_server_that_does_not_prove_its_name_is_told_nothing(
    tmp_path: Path, issued: Issued, trusted: Authority | None, advice: str
) -> None:
    async with fake_dns(absent, tls=serving(issued, tmp_path)) as fake:
        fault = await fault_of(provider_over_tls(fake.port, trusted.pem if trusted else None))

        assert isinstance(fault, AuthenticationFailed)
        assert advice in str(fault)
        assert not fake.tcp_messages
        assert not fake.udp_messages


async def test_a_server_of_tls_1_0_only_is_named_as_such() -> None:
    """OpenSSL with TLS 1.0 answers what we offer with the alert protocol_version (RFC 5246 section 7.2.2)."""

    async def too_old(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(bytes.fromhex("15 0301 0002 02 46"))
        await writer.drain()

    async with listening(too_old) as port:
        fault = await fault_of(provider_over_tls(port, None))

    assert isinstance(fault, Unavailable)
    assert "offers no TLS 1.2 or higher" in str(fault)


async def test_a_server_without_tls_is_named_as_such() -> None:
    async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with listening(http) as port:
        assert "does not speak TLS at this port" in str(await fault_of(provider_over_tls(port, None)))


async def test_a_plain_name_server_ends_the_handshake_or_lets_it_time_out() -> None:
    with BindServer(("fake.example",)) as plain:
        fault = await fault_of(provider_over_tls(plain.port, None))

    assert isinstance(fault, Unavailable)
    assert "check that DNS over TLS is served" in str(fault)


async def test_a_handshake_that_hangs_ends_within_the_time_out() -> None:
    async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(hang) as port, asyncio.timeout(4):
        fault = await fault_of(provider_over_tls(port, None))

    assert "completes no TLS handshake within 1 s" in str(fault)


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x03", b"\x15\x03\x01\x00\x02\x02\x28"])
async def test_a_handshake_that_breaks_off_is_unavailable(sent: bytes) -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(sent)
        await writer.drain()

    async with listening(break_off) as port:
        assert isinstance(await fault_of(provider_over_tls(port, None)), Unavailable)


async def test_an_ip_address_counts_when_the_certificate_has_it(tmp_path: Path) -> None:
    issued = issue_server_certificate(tmp_path, "127.0.0.1")
    key = TsigSecret()
    with BindServer(("fake.example",), keys=(key,), certificate=issued) as running:
        provider = Rfc2136Provider.from_settings(
            {
                "server": "127.0.0.1",
                "port": running.tls_port,
                "transport": "tls",
                "tsigKeyName": key.name,
            },
            {"ca.crt": issued.ca_file.read_bytes(), "tsig-secret": key.secret.encode()},
        )
        await provider.apply(ZONE, [CREATION])
        await provider.close()
        assert running.query(KEY.name, "TXT") is not None


async def test_knot_behind_a_proxy_that_ends_tls_is_read_and_written(tmp_path: Path) -> None:
    key = TsigSecret()
    with KnotServer({ZONE: ""}, keys=(key,)) as running:
        async with tls_in_front_of(running.address, running.port, serving(GOOD, tmp_path)) as port:
            provider = Rfc2136Provider.from_settings(
                {
                    "server": "127.0.0.1",
                    "port": port,
                    "transport": "tls",
                    "tlsServerName": NAME,
                    "tsigKeyName": key.name,
                },
                {"ca.crt": AUTHORITY.pem, "tsig-secret": key.secret.encode()},
            )
            await provider.apply(ZONE, [CREATION])
            names = [RRsetKey(DnsName(f"n{number}.fake.example"), RecordType.TXT) for number in range(100)]
            assert set(await provider.read(ZONE, [KEY, *names])) == {KEY}
            await provider.close()


async def test_all_questions_and_updates_share_one_connection(tmp_path: Path) -> None:
    async with fake_dns(absent, absent_or_done, tls=serving(GOOD, tmp_path)) as fake:
        provider = provider_over_tls(fake.port, AUTHORITY.pem)
        names = [RRsetKey(DnsName(f"n{number}.fake.example"), RecordType.TXT) for number in range(200)]
        assert await provider.read(ZONE, names) == {}
        await provider.apply(ZONE, [CREATION])
        assert await provider.read(ZONE, [KEY]) == {}
        await provider.close()

        assert fake.connections == 1
        assert len(fake.tcp_messages) == 202
        assert not fake.udp_messages


def absent_or_done(wire: bytes) -> list[bytes]:
    """Take every update, and hold no name."""
    is_update = dns.message.from_wire(wire, keyring=False).opcode() == dns.opcode.UPDATE
    return [reply_to(wire)] if is_update else absent(wire)


async def test_answers_may_come_in_any_order(tmp_path: Path) -> None:
    held: list[bytes] = []

    def answer(wire: bytes) -> list[bytes]:
        held.append(wire)
        if len(held) < 8:
            return []
        return [absent(each)[0] for each in reversed(held)]

    async with fake_dns(absent, answer, tls=serving(GOOD, tmp_path)) as fake:
        provider = provider_over_tls(fake.port, AUTHORITY.pem)
        names = [RRsetKey(DnsName(f"n{number}.fake.example"), RecordType.TXT) for number in range(8)]
        assert await provider.read(ZONE, names) == {}
        await provider.close()


async def test_questions_are_asked_again_where_the_server_closes_the_connection(tmp_path: Path) -> None:
    taken = 0

    def ten_each(wire: bytes) -> list[bytes] | None:
        nonlocal taken
        taken += 1
        return None if taken == 10 else absent(wire)

    async with fake_dns(absent, ten_each, tls=serving(GOOD, tmp_path)) as fake:
        provider = provider_over_tls(fake.port, AUTHORITY.pem)
        names = [RRsetKey(DnsName(f"n{number}.fake.example"), RecordType.TXT) for number in range(50)]
        assert await provider.read(ZONE, names) == {}
        await provider.close()

        assert fake.connections == 2


@pytest.mark.parametrize("answer", [lambda _: None, lambda _: []], ids=["hangs up", "stays silent"])
async def test_an_update_is_sent_once_and_its_lost_answer_leaves_the_outcome_unknown(
    tmp_path: Path, answer: Answer
) -> None:
    async with fake_dns(absent, answer, tls=serving(GOOD, tmp_path)) as fake:
        provider = provider_over_tls(fake.port, AUTHORITY.pem)
        with pytest.raises(OutcomeUnknown):
            await provider.apply(ZONE, [CREATION])
        await provider.close()

        assert len(fake.tcp_messages) == 1


async def test_an_update_after_the_server_closed_the_idle_connection_is_sent_on_a_new_one(
    tmp_path: Path,
) -> None:
    async with fake_dns(absent, absent_or_done, tls=serving(GOOD, tmp_path)) as fake:
        provider = provider_over_tls(fake.port, AUTHORITY.pem)
        await provider.read(ZONE, [KEY])
        fake.hang_up()
        async with asyncio.timeout(5):
            while fake.open_connections:
                await asyncio.sleep(0.01)
        await provider.apply(ZONE, [CREATION])
        await provider.close()

        assert fake.connections == 2


async def test_a_connection_that_swallowed_a_message_is_not_used_again(tmp_path: Path) -> None:
    def first_is_lost(wire: bytes) -> list[bytes]:
        return [] if len(fake.tcp_messages) == 1 else absent(wire)

    async with fake_dns(absent, first_is_lost, tls=serving(GOOD, tmp_path)) as fake:
        provider = provider_over_tls(fake.port, AUTHORITY.pem)
        with pytest.raises(Unavailable, match="does not answer over TLS within 1 s"):
            await provider.read(ZONE, [KEY])
        assert await provider.read(ZONE, [KEY]) == {}
        await provider.close()

        assert fake.connections == 2


async def test_a_read_that_is_given_up_leaves_the_connection_to_others(tmp_path: Path) -> None:
    """The late answer to the first question is dropped, and no answer to the second one."""
    held: list[bytes] = []

    def late(wire: bytes) -> list[bytes]:
        held.append(wire)
        return [absent(each)[0] for each in held] if len(held) == 2 else []

    async with fake_dns(absent, late, tls=serving(GOOD, tmp_path)) as fake:
        provider = provider_over_tls(fake.port, AUTHORITY.pem, timeoutSeconds=5)
        reading = asyncio.create_task(provider.read(ZONE, [KEY]))
        async with asyncio.timeout(5):
            while not held:
                await asyncio.sleep(0.01)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

        assert await provider.read(ZONE, [KEY]) == {}
        await provider.close()
        assert fake.connections == 1


async def test_closing_the_provider_ends_what_is_under_way(tmp_path: Path) -> None:
    async with fake_dns(absent, lambda _: [], tls=serving(GOOD, tmp_path)) as fake:
        provider = provider_over_tls(fake.port, AUTHORITY.pem, timeoutSeconds=30)
        writing = asyncio.create_task(provider.apply(ZONE, [CREATION]))
        async with asyncio.timeout(5):
            while not fake.tcp_messages:
                await asyncio.sleep(0.01)
            await provider.close()
            with pytest.raises(OutcomeUnknown):
                await writing
            while fake.open_connections:
                await asyncio.sleep(0.01)


@pytest.fixture
def short_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections are closed at once when nothing is under way."""
    monkeypatch.setattr(tlsclient, "IDLE_SECONDS", 0.0)


@pytest.mark.usefixtures("short_idle")
async def test_an_idle_connection_is_closed(tmp_path: Path) -> None:
    async with fake_dns(absent, tls=serving(GOOD, tmp_path)) as fake:
        provider = provider_over_tls(fake.port, AUTHORITY.pem)
        await provider.read(ZONE, [KEY])
        async with asyncio.timeout(5):
            while fake.open_connections:
                await asyncio.sleep(0.01)
        await provider.read(ZONE, [KEY])
        await provider.close()

        assert fake.connections == 2


@pytest.mark.parametrize(
    "nonsense",
    [b"", b"x", b"\x00" * 11, b"\xff" * 64],
    ids=["empty", "one octet", "half a header", "no message"],
)
async def test_nonsense_is_no_answer(tmp_path: Path, nonsense: bytes) -> None:
    def answer(wire: bytes) -> list[bytes]:
        return [wire[:2] + nonsense[2:] if len(nonsense) > 2 else nonsense]

    async with fake_dns(absent, answer, tls=serving(GOOD, tmp_path)) as fake:
        provider = provider_over_tls(fake.port, AUTHORITY.pem)
        with pytest.raises(Unavailable):
            await provider.read(ZONE, [KEY])
        with pytest.raises(OutcomeUnknown):
            await provider.apply(ZONE, [CREATION])
        await provider.close()


@pytest.mark.parametrize(
    ("settings", "credentials", "text"),
    [
        ({"transport": "tls"}, {"ca.crt": b""}, "'ca.crt' in the Secret: it is empty"),
        ({"transport": "tls"}, {"ca.crt": b"MIIB"}, "no certificates in PEM form"),
        ({"transport": "tls"}, {"ca.crt": b"\xff\xfe"}, "no certificates in PEM form"),
        ({"transport": "tls", "tlsServerName": "a..b"}, {}, "tlsServerName: "),
        ({"tlsServerName": NAME}, {}, "tlsServerName is for transport: tls only"),
        ({}, {"ca.crt": AUTHORITY.pem}, "'ca.crt' in the Secret is for transport: tls only"),
        ({"transport": "dot"}, {}, "transport must be one of auto, tcp, tls"),
    ],
)
def test_a_wrong_setting_is_named(
    settings: dict[str, object], credentials: dict[str, bytes], text: str
) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        Rfc2136Provider.from_settings({"server": "192.0.2.53", **settings}, credentials)

    assert text in str(caught.value)


def test_the_usual_port_is_853() -> None:
    provider = Rfc2136Provider.from_settings({"server": "192.0.2.53", "transport": "tls"}, {})

    assert repr(provider) == "Rfc2136Provider(192.0.2.53:853)"
