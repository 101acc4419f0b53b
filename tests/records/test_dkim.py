from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given

from mailseal.records.dkim import DkimRecord, KeyType, is_dkim, same_key
from mailseal.records.errors import InvalidRecord, RecordSyntaxError
from support.parsing import assert_stable_or_fault
from support.record_strategies import dkim_records, mutations, rsa_pkcs1, rsa_spki

SPKI = rsa_spki(2048)
P = base64.b64encode(SPKI).decode()
RFC8463_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def codes(record: DkimRecord) -> list[str]:
    return [oddity.code for oddity in record.oddities]


@given(dkim_records)
def test_a_printed_record_is_read_as_it_was(record: DkimRecord) -> None:
    assert DkimRecord.parse(record.to_text()) == record
    assert is_dkim(record.to_text().encode())


@given(mutations(dkim_records.map(DkimRecord.to_text)))
def test_any_text_is_a_stable_record_or_a_syntax_error_within_it(text: str) -> None:
    assert_stable_or_fault(DkimRecord.parse, text)


def test_an_rsa_key_is_published_in_the_common_form() -> None:
    public = generate_private_key(65537, 2048).public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    record = DkimRecord.for_rsa(spki)
    assert record.to_text() == f"v=DKIM1; k=rsa; p={base64.b64encode(spki).decode()}"
    assert (record.bits, record.oddities) == (2048, ())


def test_an_ed25519_key_is_published_as_its_32_raw_bytes() -> None:
    raw = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    record = DkimRecord.for_ed25519(raw)
    assert record.to_text() == f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}"
    assert (record.bits, record.oddities) == (256, ())


def test_the_ed25519_example_of_rfc_8463_is_read() -> None:
    record = DkimRecord.parse(f"v=DKIM1; k=ed25519; p={RFC8463_KEY}")
    assert record == DkimRecord.for_ed25519(base64.b64decode(RFC8463_KEY))


@pytest.mark.parametrize("text", ["v=DKIM1; k=rsa; p=", "p=", "v=DKIM1;p=;", " v = DKIM1 ; p = \r\n "])
def test_an_empty_key_is_a_revoked_one(text: str) -> None:
    record = DkimRecord.parse(text)
    assert record == DkimRecord()
    assert record.is_revoked
    assert record.bits == 0
    assert record.to_text() == "v=DKIM1; k=rsa; p="


def test_revoking_empties_the_key_and_keeps_the_rest() -> None:
    record = DkimRecord.parse(f"v=DKIM1; k=rsa; t=s; p={P}")
    assert record.revoked().to_text() == "v=DKIM1; k=rsa; t=s; p="


def test_every_tag_is_read() -> None:
    record = DkimRecord.parse(f"v=DKIM1; h=sha1 : sha256; k=rsa; n=a note; s=email:*; t=y:s; x=1; p={P}")
    assert record == DkimRecord(
        KeyType.RSA,
        SPKI,
        hash_algorithms=("sha1", "sha256"),
        services=("email", "*"),
        flags=("y", "s"),
        notes="a note",
        unknown=(("x", "1"),),
    )
    assert record.is_testing
    assert record.is_strict
    assert codes(record) == ["unknown-tag"]


def test_without_flags_a_record_is_neither_for_testing_nor_strict() -> None:
    record = DkimRecord.for_rsa(SPKI)
    assert not record.is_testing
    assert not record.is_strict


def test_white_space_within_the_key_means_nothing() -> None:
    assert DkimRecord.parse(f"v=DKIM1; p={P[:60]} {P[60:120]}\r\n\t{P[120:]}") == DkimRecord.for_rsa(SPKI)


@pytest.mark.parametrize(
    ("bits", "expected"), [(512, ["key-too-short"]), (1024, ["short-key"]), (2048, []), (4096, [])]
)
def test_short_keys_are_reported(bits: int, expected: list[str]) -> None:
    record = DkimRecord(KeyType.RSA, rsa_spki(bits))
    assert record.bits == bits
    assert codes(record) == expected


def test_the_bare_key_of_pkcs1_is_read_reported_and_the_same_key() -> None:
    bare = DkimRecord(KeyType.RSA, rsa_pkcs1(2048))
    assert (bare.bits, codes(bare)) == (2048, ["pkcs1-key"])
    assert same_key(bare, DkimRecord.for_rsa(SPKI))


def test_a_record_that_allows_sha1_only_is_reported() -> None:
    assert codes(DkimRecord(KeyType.RSA, SPKI, hash_algorithms=("sha1",))) == ["no-sha256"]


def test_keys_are_the_same_by_material_and_not_by_tags() -> None:
    rsa = DkimRecord.for_rsa(SPKI)
    ed25519 = DkimRecord.for_ed25519(bytes(32))
    assert same_key(rsa, DkimRecord(KeyType.RSA, SPKI, flags=("y",)))
    assert same_key(ed25519, DkimRecord.for_ed25519(bytes(32)))
    assert not same_key(rsa, DkimRecord.for_rsa(rsa_spki(2048, low_bits=1)))
    assert not same_key(ed25519, DkimRecord.for_ed25519(bytes(31) + b"\x01"))
    assert not same_key(rsa, ed25519)
    assert not same_key(rsa, rsa.revoked())
    assert not same_key(rsa.revoked(), rsa.revoked())


@pytest.mark.parametrize(
    ("text", "tag", "position"),
    [
        ("v=DKIM1; k=rsa", "p", 14),
        ("v=DKIM2; p=", "v", 2),
        ("v=dkim1; p=", "v", 2),
        ("k=rsa; v=DKIM1; p=", "v", 9),
        ("v=DKIM1; k=dsa; p=", "k", 11),
        ("v=DKIM1; p=&&&", "p", 11),
        ("v=DKIM1; p=abc", "p", 11),
        ("v=DKIM1; p=AAAA", "p", 11),
        ("v=DKIM1; k=ed25519; p=AAAA", "p", 22),
        ("v=DKIM1; h=; p=", "h", 11),
        ("v=DKIM1; t=y::s; p=", "t", 11),
        ("v=DKIM1; s=a b; p=", "s", 11),
    ],
)
def test_a_fault_is_named_with_its_place(text: str, tag: str, position: int) -> None:
    with pytest.raises(RecordSyntaxError) as caught:
        DkimRecord.parse(text)
    assert (caught.value.tag, caught.value.position) == (tag, position)


def _ec_spki() -> bytes:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    "make",
    [
        lambda: DkimRecord.for_rsa(rsa_spki(1023)),
        lambda: DkimRecord.for_rsa(rsa_pkcs1(2048)),
        lambda: DkimRecord.for_rsa(b""),
        lambda: DkimRecord.for_rsa(_ec_spki()),
        lambda: DkimRecord.for_ed25519(b""),
        lambda: DkimRecord.for_ed25519(bytes(31)),
        lambda: DkimRecord(KeyType.RSA, b"junk"),
        lambda: DkimRecord(services=()),
        lambda: DkimRecord(flags=("y:s",)),
        lambda: DkimRecord(notes="a;b"),
        lambda: DkimRecord(unknown=(("p", "x"),)),
    ],
)
def test_what_no_record_should_say_does_not_exist(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidRecord):
        make()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"v=DKIM1; k=rsa; p=", True),
        (b"v=DKIM1", True),
        (b" v = DKIM1 ; broken", True),
        (b"k=rsa; p=AAAA", True),
        (b"p=", True),
        (b"v=DKIM2; p=", False),
        (b"v=DMARC1; p=none", False),
        (b"k=rsa; v=DKIM1; p=", False),
        (b"k=rsa", False),
        (b"hello", False),
        (b"p=\xff", False),
    ],
)
def test_a_key_record_is_told_by_its_version_or_by_a_key_without_version(
    value: bytes, expected: bool
) -> None:
    assert is_dkim(value) is expected
