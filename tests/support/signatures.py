"""Signing with a private key in PEM, and verifying with what a DKIM record publishes (RFC 6376, RFC 8463).

Only the keys are DKIM's here: what is signed is any text, and nothing of the operator's code is used.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256


class NotVerified(Exception):
    """A receiver would not accept the signature. The message says why."""


def sign(pem: str, message: bytes) -> bytes:
    """The signature of `message`: rsa-sha256, or ed25519-sha256."""
    private = serialization.load_pem_private_key(pem.encode(), password=None)
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(message, padding.PKCS1v15(), SHA256())
    assert isinstance(private, ed25519.Ed25519PrivateKey)
    return private.sign(hashlib.sha256(message).digest())


def verify(record: str | None, message: bytes, signature: bytes) -> None:
    """Verify with the TXT value at the selector; None: there is none. Raises `NotVerified`."""
    if record is None:
        raise NotVerified("there is no key record at the selector")
    tags = tags_of(record)
    if not tags.get("p"):
        raise NotVerified("the key at the selector is revoked")
    try:
        public = base64.b64decode(tags["p"], validate=True)
        if tags["k"] == "rsa":
            key = serialization.load_der_public_key(public)
            assert isinstance(key, rsa.RSAPublicKey)
            key.verify(signature, message, padding.PKCS1v15(), SHA256())
        else:
            digest = hashlib.sha256(message).digest()
            ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, digest)
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise NotVerified(f"the key at the selector is another one ({type(error).__name__})") from None


def tags_of(record: str) -> dict[str, str]:
    """The tags of a DKIM record by name."""
    return {
        name.strip(): value.strip()
        for tag in record.split(";")
        if tag.strip()
        for name, _, value in (tag.partition("="),)
    }


def public_value(pem: str) -> str:
    """What `p=` of the record of a private key must be."""
    private = serialization.load_pem_private_key(pem.encode(), password=None)
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return base64.b64encode(private.public_key().public_bytes_raw()).decode()
    assert isinstance(private, rsa.RSAPrivateKey)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(private.public_key().public_bytes(serialization.Encoding.DER, form)).decode()


def new_key(bits: int = 0) -> str:
    """A private key made outside of mailseal, PKCS#8 in PEM: RSA of that size, or Ed25519 for 0."""
    made = rsa.generate_private_key(65537, bits) if bits else ed25519.Ed25519PrivateKey.generate()
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return made.private_bytes(serialization.Encoding.PEM, form, plain).decode()


def record_of(pem: str) -> str:
    """The DKIM record that publishes the public half of a private key."""
    private = serialization.load_pem_private_key(pem.encode(), password=None)
    kind = "rsa" if isinstance(private, rsa.RSAPrivateKey) else "ed25519"
    return f"v=DKIM1; k={kind}; p={public_value(pem)}"
