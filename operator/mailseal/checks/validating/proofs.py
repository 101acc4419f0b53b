"""The verified denials in the authority section of a response."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import dns.message
import dns.name
import dns.rdatatype
import dns.rrset

from mailseal.checks.answers import Validity
from mailseal.checks.validating.denial import Denial
from mailseal.checks.validating.nsec import NsecDenial
from mailseal.checks.validating.nsec3 import Nsec3Denial
from mailseal.checks.validating.signatures import DNSKEY, Flaw, Verified, signatures_of, verify
from mailseal.checks.wording import told, told_type

MAX_DENIALS: Final = 12
"""NSEC and NSEC3 RRsets of one response that are verified; no proof needs more than four."""
MAX_FLAWS: Final = 2
"""So many are wrong at most; a response that is meant to cost time is not read to its end."""
_DENYING: Final = (dns.rdatatype.NSEC, dns.rdatatype.NSEC3)


@dataclass(frozen=True, slots=True)
class Proofs:
    """What a zone proves in one response."""

    denials: tuple[Denial, ...]
    validities: tuple[Validity, ...]
    """Of the signatures that it rests on."""
    flaw: str
    """The first thing that was wrong with them."""


def denying(response: dns.message.Message) -> list[dns.rrset.RRset]:
    """The NSEC and NSEC3 RRsets of the response."""
    return [rrset for rrset in response.authority if rrset.rdtype in _DENYING]


def read_proofs(
    response: dns.message.Message, zone: dns.name.Name, keys: Sequence[DNSKEY], now: datetime
) -> Proofs:
    """Keep what the zone has signed. One that a wildcard made would speak for another name than its own."""
    sound: list[dns.rrset.RRset] = []
    validities: list[Validity] = []
    flaws: list[str] = []
    for rrset in denying(response):
        signatures = signatures_of(response, response.authority, rrset)
        if signatures and all(signature.signer != zone for signature in signatures):
            continue  # of another zone, which an alias leads through
        if len(flaws) == MAX_FLAWS or len(sound) == MAX_DENIALS:
            break
        verified = verify(rrset, signatures, zone, keys, now)
        if isinstance(verified, Verified) and verified.encloser is None:
            sound.append(rrset)
            validities.append(verified.validity)
        elif isinstance(verified, Flaw):
            flaws.append(f"the {told_type(rrset.rdtype)} record {told(rrset.name)}: {verified.reason}")
    none = "the NSEC or NSEC3 records do not cover it" if sound else "there is no NSEC or NSEC3 record"
    denials = (NsecDenial(sound, zone), Nsec3Denial(sound, zone))
    return Proofs(denials, tuple(validities), flaws[0] if flaws else none)
