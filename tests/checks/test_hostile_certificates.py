"""Certificates and TLSA records that are made to cost time or memory."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import NameOID

from mailseal.checks.hosts.tlsa import Association, Match, match_chain
from mailseal.checks.smtp.certificates import (
    MAX_CERTIFICATE_BYTES,
    MAX_NAMES,
    Certificate,
    UnreadableCertificate,
    read_certificate,
)
from mailseal.records.names import DnsName
from support.mailcertificates import self_signed

NOW = datetime.now(UTC)
HOST = DnsName("mx.evil.example")
SIGNER = rsa.generate_private_key(65537, 2048)
NUMBERS = random.Random(1)
SLOW_BITS = 3072
"""The largest modulus with which OpenSSL lets the exponent be as long."""


def authority(key: CertificatePublicKeyTypes, serial: int) -> Certificate:
    """An authority that may have issued any other of these, by its name."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "evil")])
    made = (
        x509.CertificateBuilder(name, name, key, serial)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(SIGNER, hashes.SHA256())
    )
    return read_certificate(made.public_bytes(serialization.Encoding.DER))


def slow_key() -> rsa.RSAPublicKey:
    modulus, exponent = (
        NUMBERS.getrandbits(bits) | 1 | 1 << (bits - 1) for bits in (SLOW_BITS, SLOW_BITS - 2)
    )
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def test_keys_that_are_slow_to_verify_with_are_not_tried() -> None:
    """With 60 of them one chain took half a second, and a domain can have hundreds of chains."""
    leaf, *others = (authority(slow_key(), serial) for serial in range(1, 61))
    anchors = [Association(2, 0, 0, each.der) for each in others]
    before = time.process_time()
    assert match_chain(anchors, (leaf, *others[:9]), (HOST,), NOW) is Match.NOTHING_MATCHES
    assert time.process_time() - before < 0.1


def test_an_authority_with_a_usual_key_issues() -> None:
    issuer, issued = authority(SIGNER.public_key(), 1), authority(slow_key(), 2)
    assert issued.is_issued_by(issuer)
    assert not issuer.is_issued_by(issued)


def test_an_authority_with_a_dsa_key_does_not_issue() -> None:
    key = dsa.generate_private_key(1024).public_key()
    assert not authority(slow_key(), 1).is_issued_by(authority(key, 2))


def test_a_certificate_with_thousands_of_names_shows_the_first() -> None:
    names = [f"{number:x}.a" for number in range(MAX_NAMES + 1)]
    (der,) = self_signed(*names).chain_der
    assert read_certificate(der).names == tuple(names[:MAX_NAMES])


def test_a_certificate_of_a_hundred_kilobytes_is_not_read() -> None:
    (der,) = self_signed(*(f"{number:x}" for number in range(16_000))).chain_der
    assert len(der) > MAX_CERTIFICATE_BYTES
    with pytest.raises(UnreadableCertificate, match="more than"):
        read_certificate(der)


@pytest.mark.parametrize(
    ("text", "names"), [("MX.Kpn.example", ("mx.kpn.example",)), ("mx.\u212apn.example", ())]
)
def test_a_common_name_with_a_letter_that_only_looks_right_is_left_out(
    text: str, names: tuple[str, ...]
) -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    made = (
        x509.CertificateBuilder(name, name, SIGNER.public_key(), 1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .sign(SIGNER, hashes.SHA256())
    )
    assert read_certificate(made.public_bytes(serialization.Encoding.DER)).common_names == names
