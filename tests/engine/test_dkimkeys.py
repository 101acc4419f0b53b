"""Signing keys: made as the spec says, read back as they were made, never shown."""

from __future__ import annotations

import re
import traceback
from datetime import date

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from mailseal.domain.dkimkey import DkimKeySpec, KeyAlgorithm, SigningKey
from mailseal.engine.dkimkeys import (
    GeneratedKey,
    HeldKey,
    UnusableKey,
    generate_key,
    missing_keys,
    read_key,
)
from mailseal.records.dkim import DkimRecord

RSA, ED25519 = KeyAlgorithm.RSA, KeyAlgorithm.ED25519
MADE_ON = date(2026, 3, 15)


def spec(*keys: dict[str, object], **fields: object) -> DkimKeySpec:
    body = {"domain": "example.nl", "providerRef": {"name": "dns"}, **fields}
    return DkimKeySpec.model_validate({**body, "keys": list(keys)} if keys else body)


def generate(algorithm: KeyAlgorithm, **fields: object) -> GeneratedKey:
    return generate_key(spec({"algorithm": algorithm}, **fields), SigningKey(algorithm=algorithm), MADE_ON)


@pytest.fixture(scope="module", params=[RSA, ED25519])
def made(request: pytest.FixtureRequest) -> GeneratedKey:
    return generate(request.param)


def pem_of(private) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def test_a_key_is_read_back_as_it_was_made(made) -> None:
    assert read_key(made.held.selector, made.pem) == made.held


def test_the_record_publishes_the_public_half_of_the_private_key(made) -> None:
    private = serialization.load_pem_private_key(made.pem, password=None)
    record = DkimRecord.parse(made.held.record)
    if isinstance(private, rsa.RSAPrivateKey):
        public = serialization.load_der_public_key(record.public_key)
        assert isinstance(public, rsa.RSAPublicKey)
        assert public.public_numbers() == private.public_key().public_numbers()
        assert private.key_size == made.held.bits == 2048
    else:
        assert isinstance(private, ed25519.Ed25519PrivateKey)
        raw = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        assert record.public_key == raw


def test_a_key_in_the_older_pem_forms_is_read_too() -> None:
    private = rsa.generate_private_key(65537, 2048)
    pkcs1 = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    assert read_key("s", pkcs1) == read_key("s", pem_of(private))


def test_two_keys_never_share_a_selector_or_a_key() -> None:
    one, other = generate(ED25519), generate(ED25519)
    assert one.held.selector != other.held.selector
    assert one.held.record != other.held.record


def test_the_selector_follows_the_template() -> None:
    made = generate(ED25519, selectorTemplate="k{date}-{algorithm}-{random}")
    assert re.fullmatch(r"k20260315-ed25519-[a-z2-7]{5}", made.held.selector)


def test_nothing_that_is_printed_shows_the_private_key(made) -> None:
    secret = made.pem.decode().splitlines()[1]
    for text in (repr(made), str(made), repr(made.held), str(made.held), repr(made.held.public)):
        assert secret not in text
        assert "PRIVATE" not in text


ENCRYPTED = ed25519.Ed25519PrivateKey.generate().private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.BestAvailableEncryption(b"passphrase"),
)
PUBLIC = (
    ed25519.Ed25519PrivateKey.generate()
    .public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
)
TRUNCATED = pem_of(ed25519.Ed25519PrivateKey.generate())[:70] + b"\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"secret-looking rubbish",
        b"\xff\xfe\x00",
        ENCRYPTED,
        PUBLIC,
        TRUNCATED,
        pem_of(ec.generate_private_key(ec.SECP256R1())),
    ],
    ids=["empty", "text", "bytes", "encrypted", "public", "truncated", "elliptic"],
)
def test_what_is_no_usable_private_key_is_told_without_quoting_it(pem) -> None:
    with pytest.raises(UnusableKey) as caught:
        read_key("s1", pem)
    shown = "".join(traceback.format_exception(caught.value))
    assert re.search("PEM|RSA", str(caught.value))
    for line in pem.decode("latin-1").splitlines():
        assert not line or line.startswith("-----") or line not in shown


@given(st.binary(max_size=200))
def test_no_bytes_at_all_make_another_error_than_an_unusable_key(pem) -> None:
    with pytest.raises(UnusableKey):
        read_key("s1", b"-----BEGIN PRIVATE KEY-----\n" + pem + b"\n-----END PRIVATE KEY-----\n")


def held(selector: str, algorithm: KeyAlgorithm, bits: int) -> HeldKey:
    return HeldKey(selector, algorithm, bits, "v=DKIM1; p=AAAA")


@pytest.mark.parametrize(
    ("wanted", "present", "missing"),
    [
        ([("RSA", 2048)], [], [(RSA, 2048)]),
        ([("RSA", 2048)], [(RSA, 2048)], []),
        ([("RSA", 4096)], [(RSA, 2048)], [(RSA, 4096)]),
        ([("RSA", 2048), ("RSA", 2048)], [(RSA, 2048)], [(RSA, 2048)]),
        ([("RSA", 2048), ("Ed25519", None)], [(ED25519, 256)], [(RSA, 2048)]),
        ([("Ed25519", None)], [(RSA, 2048), (ED25519, 256)], []),
    ],
)
def test_a_held_key_serves_one_wanted_key_of_its_kind(wanted, present, missing) -> None:
    keys = [{"algorithm": name} | ({"size": bits} if bits else {}) for name, bits in wanted]
    holding = [held(f"s{number}", *key) for number, key in enumerate(present)]
    assert [(key.algorithm, key.bits) for key in missing_keys(spec(*keys), holding)] == missing
