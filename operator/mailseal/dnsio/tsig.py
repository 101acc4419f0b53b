"""TSIG keys (RFC 8945): made from settings and a Secret, and never shown."""

from __future__ import annotations

import base64
import binascii
from typing import Final

import dns.exception
import dns.name
import dns.tsig

ALGORITHMS: Final = {
    "hmac-sha1": dns.tsig.HMAC_SHA1,
    "hmac-sha224": dns.tsig.HMAC_SHA224,
    "hmac-sha256": dns.tsig.HMAC_SHA256,
    "hmac-sha384": dns.tsig.HMAC_SHA384,
    "hmac-sha512": dns.tsig.HMAC_SHA512,
}
"""The algorithms of RFC 8945 section 6 that name servers share.

The truncated ones (such as hmac-sha256-128) are missing on purpose: BIND, Knot and PowerDNS take truncation
for a shorter MAC under the full algorithm's name and answer BADKEY to the names of RFC 4868.
"""


class InvalidKey(ValueError):
    """The TSIG key cannot be used. The message never holds the secret."""


class TsigKey(dns.tsig.Key):
    """A key of dnspython whose representation keeps the secret to itself."""

    def __repr__(self) -> str:
        return f"<TSIG key {self.name} {self.algorithm}>"


def algorithm_of(text: str) -> dns.name.Name:
    """The algorithm that a setting names. Raises `InvalidKey` and says which there are."""
    name = text.strip().lower().rstrip(".")
    if name in ALGORITHMS:
        return ALGORITHMS[name]
    choice = ", ".join(ALGORITHMS)
    if name.startswith("hmac-md5"):
        raise InvalidKey(
            f"{text} is refused: MD5 must not be used for TSIG (RFC 8945 section 6); use one of {choice}"
        )
    raise InvalidKey(f"{text!r} is not a TSIG algorithm that name servers share; use one of {choice}")


def make_key(name: str, secret_base64: bytes, algorithm: str) -> TsigKey:
    """The key called `name` with a secret as `tsig-keygen` prints it. Raises `InvalidKey`."""
    chosen = algorithm_of(algorithm)
    try:
        key_name = dns.name.from_text(name.strip().lower())
    except (dns.exception.DNSException, UnicodeError) as error:
        raise InvalidKey(f"{name!r} is not a domain name and cannot name a TSIG key") from error
    return TsigKey(key_name, _decoded(secret_base64), chosen)


def _decoded(secret_base64: bytes) -> bytes:
    try:
        secret = base64.b64decode(b"".join(secret_base64.split()), validate=True)
    except binascii.Error:
        raise InvalidKey(
            "the secret is not base64; put the text that tsig-keygen prints after `secret`"
        ) from None
    if not secret:
        raise InvalidKey("the secret is empty")
    return secret
