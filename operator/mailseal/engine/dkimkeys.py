"""Signing keys: generating them, and the PEM form in which a Secret holds them."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from mailseal.domain.dkimkey import RANDOM_CHARACTERS, RANDOM_LENGTH, DkimKeySpec, KeyAlgorithm, SigningKey
from mailseal.planning.model import DkimPublicKey
from mailseal.records.dkim import DkimRecord

RSA_PUBLIC_EXPONENT = 65537
PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


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
    def public(self) -> DkimPublicKey:
        """The key as planning wants it."""
        return DkimPublicKey(self.selector, self.record)

    def serves(self, wanted: SigningKey) -> bool:
        """True when this is a key as `wanted` describes it."""
        return self.algorithm is wanted.algorithm and self.bits == wanted.bits


@dataclass(frozen=True, slots=True)
class GeneratedKey:
    """A new key pair."""

    held: HeldKey
    pem: bytes = field(repr=False)
    """The private key, PKCS#8 in PEM (RFC 5958, RFC 7468), unencrypted. For the Secret only."""


def missing_keys(spec: DkimKeySpec, held: Collection[HeldKey]) -> tuple[SigningKey, ...]:
    """The keys of the spec that no held key serves, each held key serving one."""
    free = list(held)
    missing = []
    for wanted in spec.keys:
        match = next((key for key in free if key.serves(wanted)), None)
        if match is None:
            missing.append(wanted)
        else:
            free.remove(match)
    return tuple(missing)


def generate_key(spec: DkimKeySpec, wanted: SigningKey, made_on: date) -> GeneratedKey:
    """A new key pair with a new selector. Takes seconds for large RSA keys: call it in a thread."""
    private = _generate(wanted)
    random = "".join(secrets.choice(RANDOM_CHARACTERS) for _ in range(RANDOM_LENGTH))
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return GeneratedKey(_held(spec.selector(wanted.algorithm, made_on, random), private), pem)


def read_key(selector: str, pem: bytes) -> HeldKey:
    """The public side of a private key in PEM. Raises `UnusableKey`."""
    try:
        private = serialization.load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnusableKey("it is not an unencrypted private key in PEM") from None
    if not isinstance(private, PrivateKey):
        raise UnusableKey("it is neither an RSA nor an Ed25519 key")
    return _held(selector, private)


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
