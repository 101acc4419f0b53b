"""Which algorithms are validated here, and what RFC 9904 and RFC 9905 say of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import dns.rdtypes.ANY.DS
from dns.dnssectypes import Algorithm, DSDigest

RSA_ALGORITHMS: Final = frozenset(
    {Algorithm.RSASHA1, Algorithm.RSASHA1NSEC3SHA1, Algorithm.RSASHA256, Algorithm.RSASHA512}
)
SUPPORTED_ALGORITHMS: Final = RSA_ALGORITHMS | {
    Algorithm.ECDSAP256SHA256,
    Algorithm.ECDSAP384SHA384,
    Algorithm.ED25519,
    Algorithm.ED448,
}
"""A zone whose DS records name no other is treated as unsigned (RFC 4035 section 5.2)."""
SUPPORTED_DIGESTS: Final = frozenset({DSDigest.SHA1, DSDigest.SHA256, DSDigest.SHA384})

DS = dns.rdtypes.ANY.DS.DS


def usable(records: Iterable[DS]) -> tuple[DS, ...]:
    """The DS records that can be followed; those with SHA-1 only where there is nothing better.

    RFC 4509 section 3: a SHA-1 digest is ignored beside a SHA-256 digest.
    """
    supported = tuple(
        record
        for record in records
        if record.algorithm in SUPPORTED_ALGORITHMS and record.digest_type in SUPPORTED_DIGESTS
    )
    better = tuple(record for record in supported if record.digest_type != DSDigest.SHA1)
    return better or supported


def algorithm_name(number: int) -> str:
    """The algorithm as people know it, such as `RSASHA256 (8)`."""
    name = Algorithm.to_text(number)
    return f"algorithm {number}" if name == str(number) else f"{name} ({number})"


def digest_name(number: int) -> str:
    """The digest type as people know it, such as `SHA256 (2)`."""
    name = DSDigest.to_text(number)
    return f"digest type {number}" if name == str(number) else f"{name} ({number})"
