"""Mail servers that are made to cost time or memory in TLS."""

from __future__ import annotations

import asyncio
import base64
import random
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from mailseal.checks.https.fetcher import open_fetcher
from mailseal.checks.settings import CheckSettings
from mailseal.checks.smtp.contexts import make_contexts
from mailseal.checks.smtp.session import Limits, open_session
from support.answers import ZoneResolver

BITS = 10_000
"""The largest group that OpenSSL takes; it does not look whether the modulus is a prime."""


@pytest.fixture(scope="module")
def costly(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's context that makes clients calculate with a modulus of `BITS` bits."""
    directory = tmp_path_factory.mktemp("costly")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("DHE:@SECLEVEL=0")
    context.load_cert_chain(_certificate(directory / "server.pem"))
    modulus = random.Random(1).getrandbits(BITS) | 1 | 1 << (BITS - 1)
    body = _integer(modulus) + _integer(2)
    text = base64.encodebytes(_element(0x30, body)).decode()
    parameters = directory / "dh.pem"
    parameters.write_text(f"-----BEGIN DH PARAMETERS-----\n{text}-----END DH PARAMETERS-----\n")
    context.load_dh_params(str(parameters))
    return context


def _certificate(path: Path) -> Path:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.evil.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(
        made.public_bytes(encoding) + key.private_bytes(encoding, form, serialization.NoEncryption())
    )
    return path


def _element(tag: int, content: bytes) -> bytes:
    length = len(content).to_bytes(2, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _integer(number: int) -> bytes:
    return _element(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


@contextmanager
def mail_server(context: ssl.SSLContext) -> Iterator[int]:
    """Serves one session up to the handshake, in a thread; the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(30)
                for reply in (b"220 mx\r\n", b"250-mx\r\n250 STARTTLS\r\n", b"220 go\r\n"):
                    connection.sendall(reply)
                    if not reply.endswith(b"go\r\n"):
                        connection.recv(1000)
                with context.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(1000)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            thread.join(60)


async def test_others_go_on_while_a_handshake_takes_long(costly: ssl.SSLContext) -> None:
    """OpenSSL calculates for most of a second with the group that the server chose."""
    context = make_contexts(()).open
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.005)
            longest = max(longest, time.monotonic() - before)

    with mail_server(costly) as port:
        limits = Limits(30, asyncio.get_running_loop().time() + 60)
        session = await open_session("127.0.0.1", port, limits)
        await session.greeting()
        assert "STARTTLS" in await session.extensions("client.example")
        watching = asyncio.create_task(watch())
        begun = time.monotonic()
        tls = await session.start_tls(context, "mx.evil.example")
        took = time.monotonic() - begun
        watching.cancel()
        await session.close()
    cipher = tls.cipher()
    assert cipher is not None
    assert cipher[0].startswith("DHE-")
    assert longest < took / 4


async def test_policies_are_fetched_without_groups_that_the_server_chooses() -> None:
    async with open_fetcher(CheckSettings(), ZoneResolver("")) as fetcher:
        connector = fetcher._session.connector
        context = getattr(connector, "_ssl", None)
        assert isinstance(context, ssl.SSLContext)
        names = [str(cipher["name"]) for cipher in context.get_ciphers()]
    assert any(name.startswith("ECDHE-") for name in names)
    assert not any(name.startswith("DHE-") for name in names)
