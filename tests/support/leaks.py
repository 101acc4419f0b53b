"""Telling whether a secret is in what a program has said."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

_KEY_MATERIAL = re.compile(r"PRIVATE KEY|LS0tLS1CRUdJTi|MIIEv[A-Za-z0-9+/]{20}|MC4CAQAwBQYDK2Vw")
"""The armour of a PEM key, as it is and in base64, and how PKCS#8 begins for RSA and Ed25519 keys."""
_PIECE = 32
"""Characters of a private key that must not be seen together."""


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
        """Remember the private keys in the decoded data of a DkimKey's Secret."""
        for key, value in data.items():
            if key.endswith(".pem"):
                self._texts |= _pieces(value)

    def check(self, said: str) -> None:
        """Fail when a secret is in `said`, as it is or in base64; the message does not repeat it."""
        assert _KEY_MATERIAL.search(said) is None, "key material is shown"
        for text in self._texts:
            shown = text in said or base64.b64encode(text.encode()).decode() in said
            assert not shown, f"a secret of {len(text)} characters is shown"


def _pieces(pem: str) -> set[str]:
    """The second half of a private key in pieces: its first half holds the public key, which is shown."""
    body = "".join(pem.splitlines()[1:-1])
    starts = range(len(body) // 2, len(body) - _PIECE + 1, _PIECE)
    return {body[start : start + _PIECE] for start in starts}
