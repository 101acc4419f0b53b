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
    RESERVED_SELECTORS,
    GeneratedKey,
    SelectorsUsedUp,
    UnusableKey,
    generate_key,
    import_key,
    make_keys,
    read_key,
)
from mailseal.planning.keylife.model import Cause, KeyLife, KeySet
from mailseal.records.dkim import DkimRecord
from support.planning_world import NOW

RSA, ED25519 = KeyAlgorithm.RSA, KeyAlgorithm.ED25519
MADE_ON = date(2026, 3, 15)


def spec(*keys: dict[str, object], **fields: object) -> DkimKeySpec:
    body = {"domain": "example.nl", "providerRef": {"name": "dns"}, **fields}
    return DkimKeySpec.model_validate({**body, "keys": list(keys)} if keys else body)


def make(
    *algorithms: KeyAlgorithm, life: KeyLife | None = None, **fields: object
) -> tuple[GeneratedKey, ...]:
    keys = [{"algorithm": algorithm} for algorithm in algorithms]
    return make_keys(spec(*keys, **fields), life or KeyLife(), MADE_ON)


def life_with(*made: GeneratedKey) -> KeyLife:
    keys = tuple(key.held.life_key for key in made)
    return KeyLife().with_set(KeySet(1, Cause.FIRST, keys, made_for="", prepared_at=NOW))


@pytest.fixture(scope="module", params=[RSA, ED25519])
def made(request: pytest.FixtureRequest) -> GeneratedKey:
    return generate_key("s1", SigningKey(algorithm=request.param))


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


def test_the_keys_of_a_set_are_those_of_the_spec_in_its_order() -> None:
    made = make(ED25519, RSA, ED25519)
    assert [key.held.algorithm for key in made] == [ED25519, RSA, ED25519]
    assert len({key.held.selector for key in made}) == len({key.held.record for key in made}) == 3


def test_the_selector_follows_the_template() -> None:
    (made,) = make(ED25519, selectorTemplate="k{date}-{algorithm}-{number}-{random}")
    assert re.fullmatch(r"k20260315-ed25519-1-[a-z2-7]{5}", made.held.selector)


def test_a_selector_is_never_used_again_even_when_its_key_is_gone() -> None:
    template = {"selectorTemplate": "s{date}"}
    (first,) = make(ED25519, **template)
    used = life_with(first)
    for life in (used, used.without_set(used.sets[0])):
        with pytest.raises(SelectorsUsedUp, match=re.escape("put {random} or {number} in it")):
            make(ED25519, life=life, **template)
        assert make(ED25519, life=life)


def test_each_set_has_its_number_in_the_selector() -> None:
    (first,) = make(ED25519, selectorTemplate="s{number}")
    (second,) = make(ED25519, life=life_with(first), selectorTemplate="s{number}")
    assert (first.held.selector, second.held.selector) == ("s1", "s2")


def test_two_keys_of_one_set_never_share_a_selector() -> None:
    with pytest.raises(SelectorsUsedUp):
        make(
            ED25519,
            RSA,
            life=life_with(generate_key("krsa", SigningKey(algorithm=RSA))),
            selectorTemplate="k{algorithm}",
        )
    made = make(ED25519, RSA, selectorTemplate="k{algorithm}")
    assert [key.held.selector for key in made] == ["ked25519", "krsa"]


@pytest.mark.parametrize("selector", sorted(RESERVED_SELECTORS))
def test_a_selector_that_names_a_file_of_the_layout_stable_is_not_used(selector) -> None:
    with pytest.raises(SelectorsUsedUp):
        make(ED25519, selectorTemplate=selector)


def test_nothing_that_is_printed_shows_the_private_key(made) -> None:
    secret = made.pem.decode().splitlines()[1]
    for text in (repr(made), str(made), repr(made.held), str(made.held), repr(made.held.life_key)):
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


def test_an_rsa_key_that_no_receiver_accepts_is_not_usable() -> None:
    """RFC 8301 section 3.2: verifiers must not accept keys under 1024 bits."""
    short = pem_of(rsa.generate_private_key(65537, 1024))
    assert read_key("s1", short).bits == 1024
    with pytest.raises(UnusableKey, match="has 511 bits; DKIM needs at least 1024"):
        read_key("s1", rsa_pem(2**255 - 19, 2**256 - 189))


def rsa_pem(p: int, q: int, *, wrong: int = 0) -> bytes:
    """The PEM of an RSA key of these primes; `wrong` is added to its private exponent."""
    n, e = p * q, 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    dmp1, dmq1, iqmp = d % (p - 1), d % (q - 1), pow(q, -1, p)
    numbers = rsa.RSAPrivateNumbers(p, q, d + wrong, dmp1, dmq1, iqmp, rsa.RSAPublicNumbers(e, n))
    return pem_of(numbers.private_key(unsafe_skip_rsa_key_validation=True))


def test_an_imported_key_is_taken_over_as_it_is() -> None:
    pem = pem_of(rsa.generate_private_key(65537, 2048))
    imported = import_key("mail2024", pem)
    assert imported.held == read_key("mail2024", pem)
    assert imported.pem == pem
    assert pem.decode().splitlines()[1] not in repr(imported)


def test_a_key_whose_parts_do_not_belong_together_is_not_imported() -> None:
    """Mail signed with it would fail everywhere."""
    numbers = rsa.generate_private_key(65537, 1024).private_numbers()
    assert import_key("s1", rsa_pem(numbers.p, numbers.q))
    with pytest.raises(UnusableKey):
        import_key("s1", rsa_pem(numbers.p, numbers.q, wrong=2))
