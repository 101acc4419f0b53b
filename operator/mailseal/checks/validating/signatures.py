"""Signatures of RRsets, with a bound on the work that a malicious zone can cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

import dns.dnssec
import dns.exception
import dns.message
import dns.name
import dns.node
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.DNSKEY
import dns.rdtypes.ANY.RRSIG
import dns.rrset

from mailseal.checks.answers import Validity
from mailseal.checks.validating.algorithms import RSA_ALGORITHMS, SUPPORTED_ALGORITHMS
from mailseal.checks.wording import told

DNSKEY = dns.rdtypes.ANY.DNSKEY.DNSKEY
RRSIG = dns.rdtypes.ANY.RRSIG.RRSIG
Section: TypeAlias = Sequence[dns.rrset.RRset]

MAX_SIGNATURES: Final = 8
"""Signatures of one RRset that are looked at (KeyTrap, CVE-2023-50387; Unbound has the same limit)."""
MAX_VERIFICATIONS: Final = 4
"""Verifications of one RRset: keys with colliding tags multiply signatures."""
MAX_MODULUS_BYTES: Final = 512
"""RFC 3110 section 2 ends at 4096 bits."""
MAX_EXPONENT_BYTES: Final = 8
"""No signer makes larger ones; with one of full length each verification would take milliseconds."""
_ZONE_KEY: Final = 0x0100
_DNSSEC_PROTOCOL: Final = 3


@dataclass(frozen=True, slots=True)
class Verified:
    """An RRset that a key of its zone has signed."""

    validity: Validity
    encloser: dns.name.Name | None = None
    """For an RRset that a wildcard made: the name above the `*`."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why no signature of an RRset is worth anything."""

    reason: str
    weight: int = 0
    """Of several flaws the heaviest one tells most."""


def signatures_of(
    response: dns.message.Message, section: list[dns.rrset.RRset], rrset: dns.rrset.RRset
) -> tuple[RRSIG, ...]:
    """The signatures in `section` over `rrset`."""
    found = response.get_rrset(
        section, rrset.name, dns.rdataclass.IN, dns.rdatatype.RRSIG, covers=rrset.rdtype
    )
    return tuple(rdata for rdata in found or () if isinstance(rdata, RRSIG))


def zone_keys(rrset: dns.rrset.RRset) -> tuple[DNSKEY, ...]:
    """The DNSKEYs that may sign a zone (RFC 4034 section 2.1) by an algorithm that is known here."""
    return tuple(
        key
        for key in rrset
        if isinstance(key, DNSKEY)
        and key.flags & _ZONE_KEY
        and key.protocol == _DNSSEC_PROTOCOL
        and key.algorithm in SUPPORTED_ALGORITHMS
        and not (key.algorithm in RSA_ALGORITHMS and _is_costly(key.key))
    )


def verify(
    rrset: dns.rrset.RRset,
    signatures: Sequence[RRSIG],
    zone: dns.name.Name,
    keys: Iterable[DNSKEY],
    now: datetime,
) -> Verified | Flaw:
    """Whether one of `signatures` is by one of `keys` of `zone` and valid `now` (RFC 4035 section 5.3)."""
    by_tag: dict[tuple[int, int], list[DNSKEY]] = {}
    for key in keys:
        by_tag.setdefault((key.algorithm, dns.dnssec.key_id(key)), []).append(key)
    flaws = [Flaw("it is not signed", -1)]
    tries = MAX_VERIFICATIONS
    for signature in signatures[:MAX_SIGNATURES]:
        candidates = by_tag.get((signature.algorithm, signature.key_tag), ())[:tries]
        flaw = _flaw_before_trying(rrset, signature, zone, now)
        if flaw is None and not candidates:
            flaw = Flaw(f"it is signed by key {signature.key_tag}, which the zone does not have", 1)
        if flaw is not None:
            flaws.append(flaw)
            continue
        tries -= len(candidates)
        if any(_matches(rrset, signature, key) for key in candidates):
            return Verified(_validity(signature), _encloser(rrset.name, signature))
        flaws.append(Flaw("its signature does not fit the data", 2))
    return max(flaws, key=lambda flaw: flaw.weight)


def _is_costly(key: bytes) -> bool:
    """True for an RSA key that takes long to verify with, in the form of RFC 3110 section 2."""
    start, exponent_bytes = 1, int.from_bytes(key[:1], "big")
    if exponent_bytes == 0:
        start, exponent_bytes = 3, int.from_bytes(key[1:3], "big")
    return exponent_bytes > MAX_EXPONENT_BYTES or len(key) - start - exponent_bytes > MAX_MODULUS_BYTES


def _flaw_before_trying(
    rrset: dns.rrset.RRset, signature: RRSIG, zone: dns.name.Name, now: datetime
) -> Flaw | None:
    if signature.signer != zone:
        return Flaw(f"it is signed by {told(signature.signer)} instead of {told(zone)}", 0)
    if signature.labels > _labels(rrset.name):
        return Flaw("its signature is for a longer name", 1)
    validity = _validity(signature)
    if validity.until < now:
        return Flaw(f"its signature expired on {_day(validity.until)}", 4)
    if validity.since > now:
        return Flaw(f"its signature is not valid before {_day(validity.since)}", 3)
    return None


def _matches(rrset: dns.rrset.RRset, signature: RRSIG, key: DNSKEY) -> bool:
    keys: dict[dns.name.Name, dns.node.Node | dns.rdataset.Rdataset] = {
        signature.signer: dns.rdataset.from_rdata_list(0, [key])
    }
    try:
        # The time has been looked at already.
        dns.dnssec.validate_rrsig(rrset, signature, keys, now=signature.inception)
    except (dns.exception.DNSException, ValueError):
        return False
    return True


def _encloser(owner: dns.name.Name, signature: RRSIG) -> dns.name.Name | None:
    """RFC 4035 section 5.3.4: fewer labels in the signature than in the owner mean a wildcard."""
    if signature.labels >= _labels(owner):
        return None
    return owner.split(signature.labels + 1)[1]


def _labels(owner: dns.name.Name) -> int:
    """As the field of an RRSIG counts them: without the root and a leading `*` (RFC 4034 section 3.1.3)."""
    return len(owner) - 1 - owner.is_wild()


def _validity(signature: RRSIG) -> Validity:
    since, until = (datetime.fromtimestamp(time, UTC) for time in (signature.inception, signature.expiration))
    return Validity(since, until)


def _day(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
