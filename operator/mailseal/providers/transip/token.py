"""Signing in: a request with a signature of the account's key, answered by a token for an hour.

Source: TransIP API, https://api.transip.nl/rest/docs.html, "Authentication" (POST /auth), and RFC 7519.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA512

from mailseal.providers.base import Unavailable
from mailseal.providers.transip.settings import TransIpSettings

LIFETIME_SECONDS: Final = 3600
RENEWED_BEFORE_SECONDS: Final = 60
"""A token is not used in its last minute, since the clocks may differ."""


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """What a request is authorised with."""

    text: str
    expires_at: float
    """Unix time."""

    @classmethod
    def parse(cls, body: bytes, now: float) -> Token:
        """The token in the answer to `POST /auth`. Raises `Unavailable`."""
        try:
            text = json.loads(body)["token"]
        except (ValueError, KeyError, TypeError, RecursionError):
            text = None
        if not isinstance(text, str) or not text.isascii() or not text.isprintable():
            raise Unavailable("TransIP's answer to signing in has no token")
        return cls(text, _expiry(text) or now + LIFETIME_SECONDS)

    def works_at(self, now: float) -> bool:
        """True while it can be used."""
        return now < self.expires_at - RENEWED_BEFORE_SECONDS


def sign_in_body(settings: TransIpSettings, nonce: str) -> bytes:
    """The body of `POST /auth`. `nonce` is used once, of 6 to 32 characters; it makes the label unique."""
    return json.dumps(
        {
            "login": settings.login,
            "nonce": nonce,
            "read_only": False,
            "expiration_time": f"{LIFETIME_SECONDS} seconds",
            "label": f"mailseal {nonce}",
            "global_key": not settings.whitelisted_only,
        }
    ).encode()


def signature(key: RSAPrivateKey, body: bytes) -> str:
    """The header Signature of a body: RSA (PKCS #1 v1.5) with SHA-512, in base64."""
    return base64.b64encode(key.sign(body, PKCS1v15(), SHA512())).decode()


def _expiry(text: str) -> float | None:
    """The claim `exp` of a JSON Web Token (RFC 7519 section 4.1.4); None where it cannot be read."""
    claims = text.split(".")[1:2]
    try:
        payload: Any = json.loads(base64.urlsafe_b64decode(claims[0] + "=="))
        expires = payload["exp"]
    except (ValueError, IndexError, KeyError, TypeError, binascii.Error, RecursionError):
        return None
    return float(expires) if isinstance(expires, int | float) else None
