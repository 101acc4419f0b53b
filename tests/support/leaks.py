"""Telling whether a secret is in what a program has said."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

_KEY_MATERIAL = re.compile(r"PRIVATE KEY|LS0tLS1CRUdJTi|MIIEv[A-Za-z0-9+/]{20}|MC4CAQAwBQYDK2Vw")
"""The armour of a PEM key, as it is and in base64, and how PKCS#8 begins for RSA and Ed25519 keys."""
_PIECE = 32
"""Characters of a private key that must not be seen together."""
_STRIDE = 16


class KnownSecrets:
    """Texts that must never be shown."""

    def __init__(self, *texts: str) -> None:
        self._texts = set(texts)

    def add(self, text: str) -> None:
        """Remember one more secret."""
        self._texts.add(text)

    def discard(self, text: str) -> None:
        """Forget a secret."""
        self._texts.discard(text)

    def remember(self, data: Mapping[str, str]) -> None:
        """Remember the private keys in the decoded data of a DkimKey's Secret, in all their forms."""
        for key, value in data.items():
            if key.endswith((".pem", ".key", ".private")):
                self._texts |= _pieces(value)

    def check(self, said: str) -> None:
        """Fail when a secret is in `said`, as it is or in base64; the message does not repeat it."""
        assert _KEY_MATERIAL.search(said) is None, "key material is shown"
        joined = re.sub(r"\\n|\s", "", said)
        for text in self._texts:
            shown = text in said or text in joined or base64.b64encode(text.encode()).decode() in said
            assert not shown, f"a secret of {len(text)} characters is shown"


def _pieces(pem: str) -> set[str]:
    """What must not be seen of a private key: pieces of its second half, and of its secret numbers.

    The first half of the PEM holds the public key, which is shown.
    """
    body = "".join(line for line in pem.splitlines() if line and not line.startswith("-----"))
    starts = range(len(body) // 2, len(body) - _PIECE + 1, _PIECE)
    return {body[start : start + _PIECE] for start in starts} | set(_numbers(pem))


def _numbers(pem: str) -> Iterator[str]:
    """The secret numbers of a key in hexadecimal and decimal, and in base64 at any alignment."""
    try:
        private = serialization.load_pem_private_key(pem.encode(), password=None)
    except ValueError:
        return
    if isinstance(private, ed25519.Ed25519PrivateKey):
        secrets = [private.private_bytes_raw()]
    else:
        assert isinstance(private, rsa.RSAPrivateKey)
        numbers = private.private_numbers()
        secrets = [
            value.to_bytes((value.bit_length() + 7) // 8) for value in (numbers.d, numbers.p, numbers.q)
        ]
        yield from (str(value)[:_PIECE] for value in (numbers.d, numbers.p, numbers.q))
    for secret in secrets:
        yield secret[:_STRIDE].hex()
        yield repr(secret[:_STRIDE])[2:-1]
        yield from (base64.b64encode(secret[shift : shift + 24]).decode() for shift in range(3))
