"""Our record values as dnspython's and back, lossless for what DNS compares."""

from __future__ import annotations

from collections.abc import Callable

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.CNAME
import dns.rdtypes.ANY.MX
import dns.rdtypes.ANY.TXT

from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, Rdata, RRset, RRsetKey
from mailseal.records.txt import TxtData

_IN = dns.rdataclass.IN
_MX: Callable[..., dns.rdata.Rdata] = dns.rdtypes.ANY.MX.MX
_CNAME: Callable[..., dns.rdata.Rdata] = dns.rdtypes.ANY.CNAME.CNAME


def wire_name(name: DnsName) -> dns.name.Name:
    """The name as dnspython's absolute name."""
    return dns.name.from_text(name or ".")


def dns_name(name: dns.name.Name) -> DnsName:
    """An absolute name of a message or zone in our form; bytes that text cannot hold are `\\DDD`."""
    return DnsName("" if name == dns.name.root else name.to_text(omit_final_dot=True).lower())


def wire_type(key: RRsetKey) -> dns.rdatatype.RdataType:
    """The type of the key as dnspython's."""
    return dns.rdatatype.from_text(key.rtype)


def wire_rdata(value: Rdata) -> dns.rdata.Rdata:
    """The value as dnspython's; the boundaries of character-strings are kept."""
    if isinstance(value, TxtData):
        return dns.rdtypes.ANY.TXT.TXT(_IN, dns.rdatatype.TXT, value.strings)
    if isinstance(value, MxData):
        return _MX(_IN, dns.rdatatype.MX, value.preference, wire_name(value.exchange))
    return _CNAME(_IN, dns.rdatatype.CNAME, wire_name(value.target))


def record_value(rdata: dns.rdata.Rdata) -> Rdata:
    """The value that a TXT, MX or CNAME of dnspython holds. Raises `TypeError` for another type."""
    if isinstance(rdata, dns.rdtypes.ANY.TXT.TXT):
        return TxtData(tuple(rdata.strings))
    if isinstance(rdata, dns.rdtypes.ANY.MX.MX):
        return MxData(rdata.preference, dns_name(rdata.exchange))
    if isinstance(rdata, dns.rdtypes.ANY.CNAME.CNAME):
        return CnameData(dns_name(rdata.target))
    raise TypeError(f"mailseal does not handle records of type {dns.rdatatype.to_text(rdata.rdtype)}")


def record_set(key: RRsetKey, rdataset: dns.rdataset.Rdataset) -> RRset:
    """The RRset of a non-empty rdataset."""
    return RRset(key, rdataset.ttl, tuple(record_value(rdata) for rdata in rdataset))
