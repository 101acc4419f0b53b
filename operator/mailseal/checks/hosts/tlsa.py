"""TLSA records for SMTP, matched against the chain that a server shows (RFC 6698, 7671, 7672). Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from itertools import islice
from typing import Final

from mailseal.checks.smtp.certificates import (
    Certificate,
    UnreadableCertificate,
    matches_name,
    read_certificate,
)
from mailseal.records.names import DnsName

_DIGEST_BYTES: Final = {1: 32, 2: 64}
_FULL: Final = 0
_WHOLE_CERTIFICATE: Final = 0
_MAX_DEPTH: Final = 10
_MAX_LINKS: Final = 8
"""Whole certificates in TLSA records that are tried as links of a chain."""


class Usage(IntEnum):
    """The certificate usages that SMTP knows; 0 and 1 are of no use there (RFC 7672 section 3.1.3)."""

    DANE_TA = 2
    DANE_EE = 3


@dataclass(frozen=True, slots=True)
class Association:
    """One TLSA record."""

    usage: int
    selector: int
    matching_type: int
    data: bytes

    @property
    def is_usable(self) -> bool:
        """True when SMTP clients know what to make of it (RFC 7672 section 3.1)."""
        if self.usage not in set(Usage) or self.selector not in {0, 1}:
            return False
        if self.matching_type == _FULL:
            return bool(self.data)
        return len(self.data) == _DIGEST_BYTES.get(self.matching_type, -1)

    def matches(self, certificate: Certificate) -> bool:
        """Is it about this certificate, or its key (RFC 6698 section 2.1)?"""
        selected = certificate.der if self.selector == _WHOLE_CERTIFICATE else certificate.public_key_info
        match self.matching_type:
            case 1:
                selected = hashlib.sha256(selected).digest()
            case 2:
                selected = hashlib.sha512(selected).digest()
        return selected == self.data

    def __str__(self) -> str:
        return f"{self.usage} {self.selector} {self.matching_type} {self.data.hex()}"


class Match(StrEnum):
    """What came of matching a chain."""

    MATCHES = "matches"
    NOTHING_MATCHES = "nothing matches"
    WRONG_NAME = "wrong name"
    """A trust anchor (usage 2) matches, and the server's certificate has another name."""
    OUT_OF_TIME = "out of time"
    """A trust anchor (usage 2) matches, and a certificate below it is not valid at this time."""


def effective(associations: Iterable[Association]) -> tuple[Association, ...]:
    """Those that clients use: of several digests for the same thing the strongest (RFC 7671 section 9)."""
    usable = [association for association in associations if association.is_usable]
    strongest: dict[tuple[int, int], int] = {}
    for each in usable:
        key = (each.usage, each.selector)
        strongest[key] = max(each.matching_type, strongest.get(key, _FULL))
    return tuple(
        each for each in usable if each.matching_type in {_FULL, strongest[each.usage, each.selector]}
    )


def match_chain(
    associations: Sequence[Association],
    chain: Sequence[Certificate],
    names: Sequence[DnsName],
    now: datetime,
) -> Match:
    """Does `chain`, the server's certificate first, match one of the effective `associations`?

    Usage 3 looks at neither names nor times (RFC 7672 section 3.1.1). Usage 2 wants the chain to lead to the
    trust anchor, all of it valid at `now`, and one of `names` in the server's certificate (section 3.1.2).
    """
    if not chain:
        return Match.NOTHING_MATCHES
    if any(each.usage == Usage.DANE_EE and each.matches(chain[0]) for each in associations):
        return Match.MATCHES
    path = path_to_anchor([each for each in associations if each.usage == Usage.DANE_TA], chain)
    if not path:
        return Match.NOTHING_MATCHES
    if not any(_names(path[0], name) for name in names):
        return Match.WRONG_NAME
    if not all(each.not_before <= now <= each.not_after for each in path):
        return Match.OUT_OF_TIME
    return Match.MATCHES


def path_to_anchor(anchors: Sequence[Association], chain: Sequence[Certificate]) -> tuple[Certificate, ...]:
    """The certificates from the server's own up to the first that an anchor matches; none: there is no way.

    An anchor that holds a whole certificate may itself be the missing link (RFC 7672 section 3.1.2).
    """
    pool = (*chain[1:], *islice(_whole_certificates(anchors), _MAX_LINKS))
    path = [chain[0]]
    if chain[0].is_self_issued and _is_anchor(chain[0], anchors):
        return tuple(path)
    while len(path) <= _MAX_DEPTH:
        issuers = [each for each in pool if each not in path and path[-1].is_issued_by(each)]
        if not issuers:
            return ()
        anchored = [each for each in issuers if _is_anchor(each, anchors)]
        if anchored:
            return (*path, anchored[0])
        path.append(issuers[0])
    return ()


def _is_anchor(certificate: Certificate, anchors: Sequence[Association]) -> bool:
    return any(anchor.matches(certificate) for anchor in anchors)


def _whole_certificates(anchors: Sequence[Association]) -> Iterable[Certificate]:
    for anchor in anchors:
        if anchor.selector == _WHOLE_CERTIFICATE and anchor.matching_type == _FULL:
            try:
                yield read_certificate(anchor.data)
            except UnreadableCertificate:
                continue


def _names(certificate: Certificate, name: DnsName) -> bool:
    """The common names count where there are no others (RFC 7672 section 3.2.3)."""
    return any(matches_name(each, name) for each in certificate.names or certificate.common_names)
