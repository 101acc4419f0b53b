"""What is read from certificates, good ones and bytes that are none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.smtp.certificates import UnreadableCertificate, matches_name, read_certificate
from mailseal.records.names import DnsName
from support.mailcertificates import Authority, self_signed

ROOT = Authority.root("root")
MIDDLE = ROOT.intermediate("middle")
ISSUED = MIDDLE.issue("mx.zorg.example", "*.mail.example", with_root=True)
CHAIN = tuple(read_certificate(der) for der in ISSUED.chain_der)
LEAF_DER = ISSUED.chain_der[0]


def test_what_a_certificate_says() -> None:
    leaf = CHAIN[0]
    assert leaf.names == ("mx.zorg.example", "*.mail.example")
    assert leaf.common_names == ("mx.zorg.example",)
    assert leaf.subject == "CN=mx.zorg.example"
    assert leaf.issuer == "CN=middle"
    assert leaf.not_after == ISSUED.certificate.not_valid_after_utc
    assert leaf.not_after - leaf.not_before > timedelta(days=364)
    assert [each.is_authority for each in CHAIN] == [False, True, True]
    assert [each.is_self_issued for each in CHAIN] == [False, False, True]


@pytest.mark.parametrize("index", range(3))
def test_the_key_is_as_it_stands_in_the_certificate(index: int) -> None:
    key = ISSUED.chain[index].public_key()
    assert CHAIN[index].public_key_info == key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_who_issued_whom() -> None:
    leaf, middle, root = CHAIN
    assert leaf.is_issued_by(middle)
    assert middle.is_issued_by(root)
    assert root.is_issued_by(root)
    assert not leaf.is_issued_by(root)
    assert not middle.is_issued_by(leaf)


def test_an_issuer_of_the_same_name_is_not_enough() -> None:
    impostor = Authority.root("middle")
    assert not CHAIN[0].is_issued_by(read_certificate(impostor.certificate.public_bytes(Encoding.DER)))


def test_a_self_signed_certificate_is_no_authority() -> None:
    own = read_certificate(self_signed("mx.example").chain_der[0])
    assert own.is_self_issued
    assert not own.is_issued_by(own)


@pytest.mark.parametrize(
    ("presented", "host", "matches"),
    [
        ("mx.zorg.example", "mx.zorg.example", True),
        ("MX.Zorg.Example.", "mx.zorg.example", True),
        ("*.zorg.example", "mx.zorg.example", True),
        ("*.zorg.example", "zorg.example", False),
        ("*.zorg.example", "a.mx.zorg.example", False),
        ("m*.zorg.example", "mx.zorg.example", False),
        ("*.*.example", "mx.zorg.example", False),
        ("mx.*.example", "mx.zorg.example", False),
        ("*", "localhost", False),
        ("*", "mx.zorg.example", False),
        ("*.example", "zorg.example", False),
        ("", "mx.zorg.example", False),
        ("", "", True),
        ("xmx.zorg.example", "mx.zorg.example", False),
        ("zorg.example", "mx.zorg.example", False),
    ],
)
def test_names(presented: str, host: str, matches: bool) -> None:
    """RFC 9525 section 6.3: a wildcard is a whole first label and stands for exactly one."""
    assert matches_name(presented, DnsName(host)) is matches


@given(st.binary(max_size=300))
def test_bytes_that_are_no_certificate(data: bytes) -> None:
    with pytest.raises(UnreadableCertificate):
        read_certificate(data)


@given(st.integers(0, len(LEAF_DER) - 1), st.integers(0, 255))
def test_a_changed_byte_makes_another_certificate_or_none(position: int, value: int) -> None:
    """Whatever the bytes say, reading them and asking who issued them does not raise anything else."""
    changed = LEAF_DER[:position] + bytes((value,)) + LEAF_DER[position + 1 :]
    try:
        certificate = read_certificate(changed)
    except UnreadableCertificate:
        return
    assert certificate.der == changed
    assert certificate.is_issued_by(CHAIN[1]) is (changed == LEAF_DER)


@given(st.integers(0, len(LEAF_DER) - 1))
def test_a_cut_certificate(length: int) -> None:
    with pytest.raises(UnreadableCertificate):
        read_certificate(LEAF_DER[:length])
