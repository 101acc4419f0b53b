"""Trust anchors: the keys that a chain of trust starts from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import dns.dnssec
import dns.exception
import dns.name
import dns.rdata
import dns.rdatatype
import dns.rdtypes.ANY.DNSKEY
import dns.rdtypes.ANY.DS
import dns.rrset
import dns.zonefile
from dns.dnssectypes import DSDigest

from mailseal.checks.validating.algorithms import DS

TrustAnchors: TypeAlias = Mapping[dns.name.Name, tuple[DS, ...]]
"""DS records by the name of their zone."""

IANA_ROOT: Final = (
    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
)
"""The key signing keys KSK-2017 and KSK-2024 of the root zone, as IANA publishes them in root-anchors.xml.

They are the ones of the Debian package dns-root-data (`root.ds`), too.
"""


def trust_anchors(texts: Sequence[str] = ()) -> TrustAnchors:
    """The anchors in `texts`, DS or DNSKEY records in presentation form; IANA's where there are none.

    Raises `ValueError` for anything else.
    """
    anchors: dict[dns.name.Name, list[DS]] = defaultdict(list)
    for text in texts or IANA_ROOT:
        for rrset in _parsed(text):
            anchors[rrset.name] += (_as_ds(rrset.name, rdata, text) for rdata in rrset)
    return {name: tuple(records) for name, records in anchors.items()}


def _parsed(text: str) -> Sequence[dns.rrset.RRset]:
    try:
        rrsets = dns.zonefile.read_rrsets(text, default_ttl=0, rdclass=None)
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(f"{text!r} is not a DS or DNSKEY record: {error}") from error
    if not rrsets:
        raise ValueError(f"{text!r} is not a DS or DNSKEY record")
    return rrsets


def _as_ds(name: dns.name.Name, rdata: dns.rdata.Rdata, text: str) -> DS:
    if isinstance(rdata, dns.rdtypes.ANY.DNSKEY.DNSKEY):
        return dns.dnssec.make_ds(name, rdata, DSDigest.SHA256)
    if isinstance(rdata, DS):
        return rdata
    raise ValueError(f"{text!r} is not a DS or DNSKEY record")
