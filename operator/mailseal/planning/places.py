"""Where each kind of value stands, and which kind a value found there is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

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


class Singleton(StrEnum):
    """Values of which a name may hold one only; those in TXT are told apart by their `v=` tag."""

    SPF = "SPF"
    DMARC = "DMARC"
    DKIM = "DKIM"
    NTA7516 = "NTA7516"
    MTA_STS = "MTA-STS"
    TLS_RPT = "TLS-RPT"
    NULL_MX = "null MX"
    CNAME = "CNAME"


_BY_VERSION_TAG: Mapping[Singleton, Callable[[bytes], bool]] = {
    Singleton.SPF: is_spf,
    Singleton.DMARC: is_dmarc,
    Singleton.NTA7516: is_nta,
    Singleton.MTA_STS: is_mta_sts,
    Singleton.TLS_RPT: is_tls_rpt,
    Singleton.DKIM: is_dkim,
}
_PARSERS: Mapping[Singleton, Callable[[str], Spf | Dmarc | MtaSts | TlsRpt]] = {
    Singleton.SPF: Spf.parse,
    Singleton.DMARC: Dmarc.parse,
    Singleton.MTA_STS: MtaSts.parse,
    Singleton.TLS_RPT: TlsRpt.parse,
}
_PREFIXES = {
    Singleton.DMARC: "_dmarc.",
    Singleton.MTA_STS: "_mta-sts.",
    Singleton.TLS_RPT: "_smtp._tls.",
}
_RECORDABLE = re.compile(r"[a-z0-9_*.-]+")
_SHA256, _EMAIL, _EVERY_SERVICE = "sha256", "email", "*"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """The one seat that a name has for a kind of value."""

    key: RRsetKey
    singleton: Singleton


def meaning_of(value: Rdata, singleton: Singleton) -> bytes:
    """What two values of a kind share that say the same, such as `v=DMARC1;p=none` and `v=DMARC1; p=none`.

    Two DKIM records say the same that publish the same key for mail, and any two that revoke. For NTA 7516
    and for what does not parse it is the identity: whether its readers see through other forms is not known.
    """
    if singleton is Singleton.DKIM and (record := dkim_record(value)) is not None:
        return _key_in(record)
    parse = _PARSERS.get(singleton)
    if parse is None or not isinstance(value, TxtData):
        return value.identity
    try:
        return parse(value.text).to_text().encode()
    except InvalidRecord:
        return value.identity


def dkim_record(value: Rdata) -> DkimRecord | None:
    """The DKIM key record that `value` is; None for another type and for what no verifier can read."""
    if not isinstance(value, TxtData):
        return None
    try:
        return DkimRecord.parse(value.text)
    except InvalidRecord:
        return None


def revokes(value: Rdata) -> bool:
    """True for a DKIM key record with an empty `p=` (RFC 6376 section 3.6.1)."""
    record = dkim_record(value)
    return record is not None and record.is_revoked


def _key_in(record: DkimRecord) -> bytes:
    """The key that mail can be verified with; the whole record when its tags do not let it."""
    hashes, services = record.hash_algorithms, record.services
    is_for_mail = (not hashes or _SHA256 in hashes) and not {_EMAIL, _EVERY_SERVICE}.isdisjoint(services)
    if is_for_mail or record.is_revoked:
        return record.key_type.encode() + b" " + record.key_identity if record.key_identity else b"revoked"
    return record.to_text().encode()


def singleton_of(value: Rdata) -> Singleton | None:
    """The kind of `value` by its `v=` tag; None for one that mailseal does not know.

    Every MX value counts as null MX: a null MX must stand alone (RFC 7505 section 3).
    """
    if isinstance(value, MxData):
        return Singleton.NULL_MX
    if isinstance(value, CnameData):
        return Singleton.CNAME
    return next((kind for kind, is_kind in _BY_VERSION_TAG.items() if is_kind(value.joined)), None)


def place_of(singleton: Singleton, domain: DnsName) -> Place:
    """Where the value of a mail domain stands. For a selector's see `dkim_place` and `alias_place`."""
    rtype = RecordType.MX if singleton is Singleton.NULL_MX else RecordType.TXT
    name = DnsName(_PREFIXES.get(singleton, "") + domain)
    return Place(RRsetKey(name, rtype), singleton)


def dkim_place(selector: str, domain: DnsName) -> Place:
    """Where the key of `selector` stands (RFC 6376 section 3.6.2.1). Raises `InvalidName`."""
    return Place(RRsetKey(domain.child(f"{selector}._domainkey"), RecordType.TXT), Singleton.DKIM)


def alias_place(selector: str, domain: DnsName) -> Place:
    """Where the CNAME stands that leads from `selector` to a key elsewhere. Raises `InvalidName`."""
    return Place(RRsetKey(dkim_place(selector, domain).key.name, RecordType.CNAME), Singleton.CNAME)


def selector_at(name: DnsName, domain: DnsName) -> str | None:
    """The selector that has its key at `name`; None for another name."""
    suffix = f"._domainkey.{domain}"
    return name.removesuffix(suffix) if name.endswith(suffix) else None


def can_be_recorded(key: RRsetKey, domain: DnsName) -> bool:
    """True when the heritage record of `domain` can name `key`."""
    return key.name.is_within(domain) and _RECORDABLE.fullmatch(key.name) is not None
