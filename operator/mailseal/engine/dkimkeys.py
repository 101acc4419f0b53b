"""Signing keys: generating them, and the PEM form in which a Secret holds them."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from mailseal.domain.dkimkey import DkimKeySpec, KeyAlgorithm, SigningKey
from mailseal.domain.selectors import RANDOM_CHARACTERS, RANDOM_LENGTH
from mailseal.planning.keylife.model import KeyLife, LifeKey
from mailseal.records.dkim import DkimRecord
from mailseal.records.errors import InvalidRecord

RSA_PUBLIC_EXPONENT = 65537
RESERVED_SELECTORS = frozenset(algorithm.tag for algorithm in KeyAlgorithm)
"""Selectors whose `<selector>.pem` is a name of the Secret's layout Stable."""
_SELECTOR_TRIES = 100
PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class SelectorsUsedUp(Exception):
    """The selector template gives no new selector. The message says what to do."""

    reason = "SelectorsUsedUp"


class UnusableKey(ValueError):
    """The text is not a private key that DKIM can sign with. The message never holds key material."""


@dataclass(frozen=True, slots=True)
class HeldKey:
    """One key pair of a DkimKey, without its private half: what may be shown and kept."""

    selector: str
    algorithm: KeyAlgorithm
    bits: int
    record: str
    """The TXT value to publish."""

    @property
    def life_key(self) -> LifeKey:
        """The key as its life knows it."""
        return LifeKey(self.selector, self.algorithm, self.bits, self.record)


@dataclass(frozen=True, slots=True)
class GeneratedKey:
    """A new key pair."""

    held: HeldKey
    pem: bytes = field(repr=False)
    """The private key, PKCS#8 in PEM (RFC 5958, RFC 7468), unencrypted. For the Secret only."""


def make_keys(spec: DkimKeySpec, life: KeyLife, made_on: date) -> tuple[GeneratedKey, ...]:
    """New key pairs as the spec wants them, with selectors that were never used.

    Takes seconds for large RSA keys: call it in a thread. Raises `SelectorsUsedUp`.
    """
    used = life.used_selectors | RESERVED_SELECTORS
    made = []
    for wanted in spec.keys:
        selector = _new_selector(spec, wanted, life.next_number, made_on, used)
        used |= {selector}
        made.append(generate_key(selector, wanted))
    return tuple(made)


def generate_key(selector: str, wanted: SigningKey) -> GeneratedKey:
    """A new key pair under that selector."""
    private = _generate(wanted)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return GeneratedKey(_held(selector, private), pem)


def load_private_key(pem: bytes, *, is_ours: bool = True) -> PrivateKey:
    """The private key in an unencrypted PEM of either format. Raises `UnusableKey`.

    `is_ours`: the parts of an RSA key are believed to be of one key, which saves a long check.
    """
    try:
        private = serialization.load_pem_private_key(
            pem, password=None, unsafe_skip_rsa_key_validation=is_ours
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnusableKey("it is not an unencrypted private key in PEM") from None
    if not isinstance(private, PrivateKey):
        raise UnusableKey("it is neither an RSA nor an Ed25519 key")
    return private


def read_key(selector: str, pem: bytes) -> HeldKey:
    """The public side of a private key in PEM, of either format. Raises `UnusableKey`."""
    return _read(selector, load_private_key(pem))


def import_key(selector: str, pem: bytes) -> GeneratedKey:
    """A private key that somebody else made, to be taken over at its selector.

    Takes long for large RSA keys, whose parts are checked against each other: call it in a thread. Raises
    `UnusableKey`.
    """
    return GeneratedKey(_read(selector, load_private_key(pem, is_ours=False)), pem)


def _new_selector(
    spec: DkimKeySpec, wanted: SigningKey, number: int, made_on: date, used: Collection[str]
) -> str:
    for _ in range(_SELECTOR_TRIES):
        random = "".join(secrets.choice(RANDOM_CHARACTERS) for _ in range(RANDOM_LENGTH))
        selector = spec.selector(wanted.algorithm, made_on, random, number)
        if selector not in used:
            return selector
    raise SelectorsUsedUp(
        f"spec.selectorTemplate {spec.selector_template!r} gives no selector that was not used before, and a "
        "selector is never used for a second key: put {random} or {number} in it"
    )


def _read(selector: str, private: PrivateKey) -> HeldKey:
    try:
        return _held(selector, private)
    except InvalidRecord as error:
        raise UnusableKey(str(error)) from None


def _generate(wanted: SigningKey) -> PrivateKey:
    if wanted.algorithm is KeyAlgorithm.ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(RSA_PUBLIC_EXPONENT, wanted.bits)


def _held(selector: str, private: PrivateKey) -> HeldKey:
    """RFC 6376 section 3.6.1 publishes an RSA key as SPKI in DER, RFC 8463 section 4 an Ed25519 key raw."""
    if isinstance(private, ed25519.Ed25519PrivateKey):
        raw = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return HeldKey(selector, KeyAlgorithm.ED25519, 256, DkimRecord.for_ed25519(raw).to_text())
    spki = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return HeldKey(selector, KeyAlgorithm.RSA, private.key_size, DkimRecord.for_rsa(spki).to_text())
