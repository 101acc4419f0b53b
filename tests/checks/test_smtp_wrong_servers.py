"""Servers that are no mail servers, or bad ones: each ends in an observation, in time."""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mailseal.checks.settings import CheckSettings
from mailseal.checks.smtp import AddressObservation, Contact, StartTls, TlsVersion, probing
from mailseal.checks.smtp.prober import MAX_ADDRESSES, MailServerProber, open_prober
from mailseal.checks.smtp.session import Limits, Session
from mailseal.records.names import DnsName
from support.answers import ZoneResolver
from support.mailcertificates import self_signed

HOST = DnsName("mx.zorg.example")
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
STEP_SECONDS = 0.5
"""What the settings allow for one step."""
MARGIN_SECONDS = 5.0


@asynccontextmanager
async def serving(handler: Handler, address: str = "127.0.0.1") -> AsyncIterator[int]:
    """Run a server on loopback; its port."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            tasks.discard(task)

    server = await asyncio.start_server(handle, address, 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def prober_of(port: int, records: str = "", **changes: Any) -> AsyncIterator[MailServerProber]:
    defaults: dict[str, Any] = {
        "smtp_port": port,
        "allow_private": True,
        "connect_within": timedelta(seconds=STEP_SECONDS),
    }
    resolver = ZoneResolver(records or f"{HOST}. A 127.0.0.1")
    async with open_prober(CheckSettings(**(defaults | changes)), resolver) as prober:
        yield prober


async def look(port: int, records: str = "", **changes: Any) -> AddressObservation:
    """What the only address of the host shows, which must not take long."""
    async with prober_of(port, records, **changes) as prober:
        begun = time.monotonic()
        (seen,) = (await prober.observe(HOST)).addresses
        assert time.monotonic() - begun < 8 * STEP_SECONDS + MARGIN_SECONDS
        return seen


def says(*parts: bytes, then: bytes = b"", pause_seconds: float = 0) -> Handler:
    """Says `parts`, one after another, then `then` until the other side goes."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_seconds)
        while then:
            writer.write(then)
            await writer.drain()
            await asyncio.sleep(pause_seconds)
        await reader.read()

    return handler


def answers(*replies: bytes) -> Handler:
    """Greets, then answers each line with the next reply; after the last one the connection is closed."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in replies:
            writer.write(reply)
            await writer.drain()
            if reply is not replies[-1]:
                await reader.readuntil(b"\n")

    return handler


async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes at once."""


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Resets the connection."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


GREETING = b"220 mx ESMTP\r\n"
EHLO = b"250-mx\r\n250-SIZE 1000\r\n250 STARTTLS\r\n"
READY = b"220 go ahead\r\n"


@pytest.mark.parametrize(
    ("handler", "contact", "fault"),
    [
        pytest.param(closes, Contact.NO_SMTP, "it closed", id="closes"),
        pytest.param(resets, Contact.NO_SMTP, "the connection broke", id="resets"),
        pytest.param(says(), Contact.SILENT, "no whole answer came in time", id="silent"),
        pytest.param(
            says(*(b"220-mx"[i : i + 1] for i in range(6)), then=b"x", pause_seconds=0.05),
            Contact.SILENT,
            "no whole answer came in time",
            id="drips",
        ),
        pytest.param(
            says(then=b"220-more\r\n", pause_seconds=0.05), Contact.SILENT, "in time", id="drips lines"
        ),
        pytest.param(says(then=b"220-more\r\n"), Contact.NO_SMTP, "more than 128 lines", id="endless reply"),
        pytest.param(says(then=b"x" * 1000), Contact.NO_SMTP, "more than 4096 bytes", id="endless line"),
        pytest.param(says(b"HTTP/1.1 400 Bad\r\n"), Contact.NO_SMTP, "no SMTP", id="HTTP"),
        pytest.param(says(b"\x16\x03\x01\x00\n"), Contact.NO_SMTP, "no SMTP", id="TLS at once"),
        pytest.param(says(b"220"), Contact.SILENT, "in time", id="no end of line"),
        pytest.param(answers(b"220"), Contact.NO_SMTP, "within a line", id="closes within a line"),
        pytest.param(
            says(b"554 blocked using example.org\r\n"), Contact.TURNED_AWAY, "554 blocked", id="554"
        ),
        pytest.param(says(b"421 too busy\r\n"), Contact.TURNED_AWAY, "421 too busy", id="421"),
        pytest.param(
            answers(GREETING, b"421 go\r\n", b""), Contact.TURNED_AWAY, "421 go to EHLO", id="421 to EHLO"
        ),
        pytest.param(
            answers(GREETING, b"550 no\r\n", b"550 never\r\n", b""),
            Contact.TURNED_AWAY,
            "550 never",
            id="550 to EHLO and HELO",
        ),
        pytest.param(answers(GREETING, b""), Contact.NO_SMTP, "it closed", id="closes after EHLO"),
        pytest.param(answers(GREETING, b"hello\r\n"), Contact.NO_SMTP, "no SMTP", id="nonsense to EHLO"),
    ],
)
async def test_no_session(handler: Handler, contact: Contact, fault: str) -> None:
    async with serving(handler) as port:
        seen = await look(port)
    assert seen.contact is contact
    assert fault in seen.fault
    assert seen.starttls is StartTls.UNKNOWN


@pytest.mark.parametrize(
    ("handler", "starttls", "fault"),
    [
        pytest.param(
            answers(GREETING, b"502 what\r\n", b"250 mx\r\n", b""), StartTls.NOT_OFFERED, "", id="HELO only"
        ),
        pytest.param(
            answers(GREETING, b"250-STARTTLS\r\n250 SIZE\r\n", b""), StartTls.NOT_OFFERED, "", id="name only"
        ),
        pytest.param(
            answers(GREETING, EHLO, b"454 not now\r\n", b""), StartTls.TURNED_DOWN, "454 not now", id="454"
        ),
        pytest.param(
            answers(GREETING, EHLO, b""), StartTls.TURNED_DOWN, "after STARTTLS: it closed", id="closes at it"
        ),
        pytest.param(answers(GREETING, EHLO, READY), StartTls.FAILED, "it closed", id="closes after it"),
        pytest.param(
            answers(GREETING, EHLO, READY + b"250 injected\r\n"),
            StartTls.FAILED,
            "the handshake failed: wrong version number",
            id="plain text",
        ),
        pytest.param(
            answers(GREETING, EHLO, READY + b"\x15\x03\x03\x00\x02\x02\x28"),
            StartTls.FAILED,
            "handshake failure",
            id="alert",
        ),
        pytest.param(
            answers(GREETING, EHLO, READY + b"\x16\x03\x03\x00\x05\xff\xff\xff\xff\xff"),
            StartTls.FAILED,
            "the handshake failed",
            id="garbage in a TLS record",
        ),
    ],
)
async def test_no_encryption(handler: Handler, starttls: StartTls, fault: str) -> None:
    async with serving(handler) as port:
        seen = await look(port)
    assert seen.contact is Contact.ANSWERED
    assert seen.starttls is starttls
    assert fault in seen.fault
    assert not seen.chain


@pytest.mark.parametrize("seed", range(12))
async def test_noise_instead_of_a_handshake(seed: int) -> None:
    """Anything may follow, also what begins like TLS."""
    noise = random.Random(seed)
    start = noise.choice(
        [b"", b"\x16\x03\x01", b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03", b"\x15\x03\x03"]
    )
    async with serving(
        answers(GREETING, EHLO, READY + start + noise.randbytes(noise.randrange(1, 9000)))
    ) as port:
        seen = await look(port)
    assert seen.contact is Contact.ANSWERED
    assert seen.starttls is StartTls.FAILED
    assert seen.fault


@pytest.mark.parametrize(
    "host",
    [
        *("_mx.example", "a\\032b.example", "a\\000b.example", "127.0.0.1", "-mx.example", "xn--a.example"),
        *("xn--.example", "1", "\\255.example", f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 61}"),
    ],
)
async def test_names_that_are_no_host_names(host: str) -> None:
    """They are looked at like others; the name that TLS cannot carry is left out."""
    handler = answers(GREETING, EHLO, READY + b"no TLS\r\n")
    async with serving(handler) as port, prober_of(port, f"{host}. A 127.0.0.1") as prober:
        (seen,) = (await prober.observe(DnsName(host))).addresses
    assert seen.starttls is StartTls.FAILED
    assert "wrong version number" in seen.fault


async def test_a_handshake_that_stalls() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in (GREETING, EHLO, READY):
            writer.write(reply)
            await reader.readuntil(b"\n")
        await reader.read()

    async with serving(handler) as port:
        seen = await look(port)
    assert seen.starttls is StartTls.STALLED


async def test_control_characters_are_not_shown() -> None:
    async with serving(answers(b"220 mx\x1b[31m \xff red\r\n", b"250 mx\r\n", b"")) as port:
        seen = await look(port)
    assert seen.greeting == "220 mx?[31m ? red"


async def test_a_server_that_does_not_read() -> None:
    """It greets and answers before it was asked, and never reads."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(GREETING + b"250 mx\r\n")
        await asyncio.sleep(60)

    async with serving(handler) as port:
        seen = await look(port)
    assert seen.contact is Contact.ANSWERED


@contextmanager
def _full_backlog() -> Iterator[int]:
    """A port that answers no more connections, as if a firewall dropped them."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        try:
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(("127.0.0.1", port))
            yield port
        finally:
            for each in waiting:
                each.close()


async def test_no_answer_to_the_connection() -> None:
    with _full_backlog() as port:
        seen = await look(port)
    assert seen.contact is Contact.TIMED_OUT


async def test_no_way_to_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unreachable(*args: object, **kwargs: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(asyncio, "open_connection", unreachable)
    seen = await look(1)
    assert seen.contact is Contact.UNROUTABLE
    assert "Network is unreachable" in seen.fault


async def test_ipv6_and_our_name() -> None:
    """Without a name EHLO carries our address as a literal (RFC 5321 section 4.1.3)."""
    heard: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        heard.append(await reader.readuntil(b"\n"))
        writer.write(b"250 mx\r\n")
        heard.append(await reader.readuntil(b"\n"))

    async with serving(handler, "::1") as port:
        seen = await look(port, f"{HOST}. AAAA ::1", helo_name="")
        await look(port, f"{HOST}. AAAA ::1", helo_name="checks.example.nl")
    assert seen.contact is Contact.ANSWERED
    assert seen.address == "::1"
    assert heard[0] == b"EHLO [IPv6:::1]\r\n" or b"." in heard[0]
    assert heard[1] == b"QUIT\r\n"
    assert heard[2] == b"EHLO checks.example.nl\r\n"


async def test_a_server_that_has_enough_of_us(tmp_path: Path) -> None:
    """What was seen before stays; the versions that could not be tried are undecided."""
    numbers = count()
    issued = self_signed(HOST)
    path = tmp_path / "server.pem"
    path.write_bytes(issued.chain_pem + issued.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if next(numbers) > 1:
            writer.write(b"421 enough\r\n")
            return
        for reply in (GREETING, EHLO):
            writer.write(reply)
            await reader.readuntil(b"\n")
        writer.write(READY)
        await writer.drain()
        try:
            await writer.start_tls(context)
        except ssl.SSLError:
            return
        await reader.read()

    async with serving(handler) as port:
        seen = await look(port)
    assert seen.contact is Contact.ANSWERED
    assert seen.distrust == "self-signed certificate"
    assert seen.negotiated is TlsVersion.TLS_1_3
    assert seen.offered == {TlsVersion.TLS_1_3}
    assert seen.undecided == set(TlsVersion) - {TlsVersion.TLS_1_3}
    assert [each.der for each in seen.chain] == [*issued.chain_der]


async def test_a_host_does_not_take_longer_than_half_of_the_time_for_a_domain() -> None:
    """A host with many dead addresses is left when the time is over; the rest is said to be unknown."""
    records = "\n".join(f"{HOST}. A 127.0.0.{number}" for number in range(1, 30))
    domain_within = timedelta(seconds=2)
    async with (
        serving(says(), "0.0.0.0") as port,
        prober_of(port, records, domain_within=domain_within) as prober,
    ):
        begun = time.monotonic()
        host = await prober.observe(HOST)
        assert time.monotonic() - begun < 1 + MARGIN_SECONDS
    assert len(host.addresses) == MAX_ADDRESSES
    assert host.addresses[0].contact is Contact.SILENT
    assert host.addresses[-1].fault == "there was no time left to look"


class _Counted:
    """Counts the sessions that are open at the same time, per address and in all."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: list[str] = []
        self.now: list[str] = []
        self.most = 0
        self.most_per_address = 0
        real = probing.open_session

        async def opening(address: str, port: int, limits: Limits) -> Session:
            self.opened.append(address)
            self.now.append(address)
            self.most = max(self.most, len(self.now))
            self.most_per_address = max(self.most_per_address, self.now.count(address))
            session = await real(address, port, limits)
            closing = session.close

            async def close() -> None:
                await closing()
                self.now.remove(address)

            monkeypatch.setattr(session, "close", close)
            return session

        monkeypatch.setattr(probing, "open_session", opening)


async def test_hosts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never more hosts at the same time than the settings say, one connection each, each host once."""
    counted = _Counted(monkeypatch)
    hosts = [DnsName(f"mx{number}.zorg.example") for number in range(20)]
    records = "\n".join(f"{host}. A 127.0.2.{number}" for number, host in enumerate(hosts, 1))
    handler = answers(GREETING, EHLO, READY + b"no TLS\r\n")
    async with serving(handler, "0.0.0.0") as port, prober_of(port, records, hosts_at_once=3) as prober:
        await asyncio.gather(*(prober.observe(host) for host in hosts * 50))
    assert counted.most == 3
    assert counted.most_per_address == 1
    assert len(counted.opened) == len(set(counted.opened)) == len(hosts)


async def test_one_who_stops_waiting_ends_nothing_for_the_others() -> None:
    begun = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.set()
        await asyncio.sleep(0.1)
        await answers(GREETING, b"250 mx\r\n", b"")(reader, writer)

    async with serving(handler) as port, prober_of(port) as prober:
        impatient = asyncio.create_task(prober.observe(HOST))
        patient = asyncio.create_task(prober.observe(HOST))
        await begun.wait()
        impatient.cancel()
        host = await patient
    assert impatient.cancelled()
    assert [seen.contact for seen in host.addresses] == [Contact.ANSWERED]
