"""Private keys in the forms that mail software reads. No message and no repr holds key material."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from mailseal.domain.keysecret import KeyFormat
from mailseal.engine.dkimkeys import PrivateKey

SEED_SUFFIX = ".key"
"""An Ed25519 key stands under `<selector>.key` as well, for software that does not read it in PEM."""


def to_pem(private: PrivateKey, key_format: KeyFormat) -> bytes:
    """The key in PEM: PKCS#8 (RFC 5958), or for RSA also PKCS#1 (RFC 8017 appendix A.1.2).

    There is no traditional form of an Ed25519 key: it is PKCS#8 always (RFC 8410 section 7).
    """
    traditional = key_format is KeyFormat.TRADITIONAL and not isinstance(private, ed25519.Ed25519PrivateKey)
    form = (
        serialization.PrivateFormat.TraditionalOpenSSL if traditional else serialization.PrivateFormat.PKCS8
    )
    return private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def to_seed(private: ed25519.Ed25519PrivateKey) -> bytes:
    """The 32 bytes of an Ed25519 private key (RFC 8032 section 5.1.5) in base64."""
    return base64.b64encode(private.private_bytes_raw()) + b"\n"
