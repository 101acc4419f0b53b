"""The public keys inside DKIM records: reading them and telling their size and form."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from mailseal.records.errors import InvalidRecord

ED25519_BYTES = 32
"""The length of a raw Ed25519 public key (RFC 8463 section 4.2)."""


@dataclass(frozen=True, slots=True)
class RsaKey:
    """An RSA public key as a record holds it."""

    bits: int
    """The length of the modulus."""
    spki: bytes
    """The key as DER SubjectPublicKeyInfo, the form that RFC 6376 section 3.6.1 means."""
    is_pkcs1: bool
    """The record holds the bare RSAPublicKey of PKCS #1 instead, which many verifiers read too."""


def read_rsa_key(der: bytes) -> RsaKey:
    """The RSA key that `der` encodes. Raises `InvalidRecord` for anything else."""
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidRecord("the public key is not a DER-encoded RSA key") from error
    if not isinstance(key, RSAPublicKey):
        raise InvalidRecord("the public key is not an RSA key")
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pkcs1 = key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return RsaKey(key.key_size, spki, is_pkcs1=der == pkcs1)
