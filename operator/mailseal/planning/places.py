"""Where each kind of value stands, and which kind a value found there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mailseal.planning.model import Singleton
from mailseal.records.dkim import DkimRecord, is_dkim
from mailseal.records.dmarc import Dmarc, is_dmarc
from mailseal.records.errors import InvalidRecord
from mailseal.records.mta_sts import MtaSts, is_mta_sts
from mailseal.records.names import DnsName
from mailseal.records.nta7516 import is_nta
from mailseal.records.rrset import CnameData, MxData, Rdata, RecordType, RRsetKey
from mailseal.records.spf import Spf, is_spf
from mailseal.records.tls_rpt import TlsRpt, is_tls_rpt
from mailseal.records.txt import TxtData

_BY_VERSION_TAG: Mapping[Singleton, Callable[[bytes], bool]] = {
    Singleton.SPF: is_spf,
    Singleton.DMARC: is_dmarc,
    Singleton.NTA7516: is_nta,
    Singleton.MTA_STS: is_mta_sts,
    Singleton.TLS_RPT: is_tls_rpt,
    Singleton.DKIM: is_dkim,
}
_PARSERS: Mapping[Singleton, Callable[[str], Spf | Dmarc | MtaSts | TlsRpt | DkimRecord]] = {
    Singleton.SPF: Spf.parse,
    Singleton.DMARC: Dmarc.parse,
    Singleton.MTA_STS: MtaSts.parse,
    Singleton.TLS_RPT: TlsRpt.parse,
    Singleton.DKIM: DkimRecord.parse,
}
_PREFIXES = {
    Singleton.DMARC: "_dmarc.",
    Singleton.MTA_STS: "_mta-sts.",
    Singleton.TLS_RPT: "_smtp._tls.",
}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """The one seat that a name has for a kind of value."""

    key: RRsetKey
    singleton: Singleton


def meaning_of(value: Rdata, singleton: Singleton) -> bytes:
    """What two values of a kind share that say the same, such as `v=DMARC1;p=none` and `v=DMARC1; p=none`.

    For NTA 7516 and for what does not parse it is the identity: whether its readers see through other forms
    is not known.
    """
    parse = _PARSERS.get(singleton)
    if parse is None or not isinstance(value, TxtData):
        return value.identity
    try:
        return parse(value.text).to_text().encode()
    except InvalidRecord:
        return value.identity


def singleton_of(value: Rdata) -> Singleton | None:
    """The kind of `value` by its `v=` tag; None for one that mailseal does not know.

    Every MX value counts as null MX: a null MX must stand alone (RFC 7505 section 3).
    """
    if isinstance(value, MxData):
        return Singleton.NULL_MX
    if isinstance(value, CnameData):
        return None
    return next((kind for kind, is_kind in _BY_VERSION_TAG.items() if is_kind(value.joined)), None)


def place_of(singleton: Singleton, domain: DnsName) -> Place:
    """Where the value of a mail domain stands. For DKIM use `dkim_place`, since the selector decides."""
    rtype = RecordType.MX if singleton is Singleton.NULL_MX else RecordType.TXT
    name = DnsName(_PREFIXES.get(singleton, "") + domain)
    return Place(RRsetKey(name, rtype), singleton)


def dkim_place(selector: str, domain: DnsName) -> Place:
    """Where the key of `selector` stands (RFC 6376 section 3.6.2.1). Raises `InvalidName`."""
    return Place(RRsetKey(domain.child(f"{selector}._domainkey"), RecordType.TXT), Singleton.DKIM)
