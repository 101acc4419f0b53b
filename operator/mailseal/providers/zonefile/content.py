"""The text of a zone file as RRsets and back. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Final

import dns.exception
import dns.name
import dns.node
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.SOA
import dns.zone

from mailseal.dnsio.messages import negative_caching_of
from mailseal.dnsio.rdata import dns_name, record_set, wire_name, wire_rdata, wire_type
from mailseal.providers.base import InvalidConfiguration
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey

_BESIDE_CNAME: Final = frozenset({dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.KEY})
"""What may stand beside a CNAME (RFC 4034 section 3, RFC 4035 section 2.5)."""
_OURS: Final = frozenset(dns.rdatatype.from_text(rtype) for rtype in RecordType)


class ZoneContent:
    """One parsed zone. Records of all types are kept; comments and layout are not."""

    def __init__(self, zone: dns.zone.Zone) -> None:
        self._zone = zone

    @classmethod
    def parse(cls, name: DnsName, text: str) -> ZoneContent:
        """Read master file text. Raises `InvalidConfiguration` with what is wrong and in which line."""
        try:
            zone = dns.zone.from_text(text, origin=wire_name(name), relativize=False, allow_include=False)
        except (dns.exception.DNSException, ValueError) as error:
            problem = str(error) or type(error).__name__
            raise InvalidConfiguration(f"the zone file of {name} cannot be read: {problem}") from error
        return cls(zone)

    def rrsets(self) -> dict[RRsetKey, RRset]:
        """All sets of the types that mailseal handles."""
        return {
            key: record_set(key, rdataset)
            for name, node in self._zone.nodes.items()
            for rdataset in node
            if rdataset.rdtype in _OURS
            for key in (RRsetKey(dns_name(_absolute(name)), RecordType(rdataset.rdtype.name)),)
        }

    def holds_other_types(self, name: DnsName) -> bool:
        """True when the name has records of other types, which exclude a CNAME."""
        node: dns.node.Node | None = self._zone.get_node(wire_name(name))
        return any(rdataset.rdtype not in _OURS | _BESIDE_CNAME for rdataset in node or ())

    def cut_above(self, name: DnsName, zone: DnsName) -> DnsName | None:
        """The delegation point at or above `name` within the zone, if there is one."""
        for candidate in name.ancestors():
            if candidate != zone and candidate.is_within(zone):
                node = self._zone.get_node(wire_name(candidate))
                if node and any(rdataset.rdtype == dns.rdatatype.NS for rdataset in node):
                    return candidate
        return None

    @property
    def negative_caching_time(self) -> timedelta:
        """How long absence in the zone may be cached (RFC 2308 section 5)."""
        apex = self._zone.origin or dns.name.root
        return negative_caching_of(self._zone.find_rdataset(apex, dns.rdatatype.SOA))

    def replace(self, held: Mapping[RRsetKey, RRset], touched: Collection[RRsetKey]) -> None:
        """Make the `touched` sets those of `held`, and raise the serial (RFC 1982)."""
        for key in touched:
            self._zone.delete_rdataset(wire_name(key.name), wire_type(key))
        for key in touched:
            if key in held:
                self._zone.replace_rdataset(wire_name(key.name), _rdataset(held[key]))
        self._raise_serial()

    def to_text(self) -> str:
        """The zone as master file text, SOA first."""
        text = self._zone.to_text(sorted=True, relativize=False, want_origin=True)
        return text if isinstance(text, str) else text.decode()

    def _raise_serial(self) -> None:
        apex = self._zone.origin
        if apex is None:
            return
        rdataset = self._zone.find_rdataset(apex, dns.rdatatype.SOA)
        soa = rdataset[0]
        if isinstance(soa, dns.rdtypes.ANY.SOA.SOA):
            raised = soa.replace(serial=(soa.serial + 1) % (1 << 32) or 1)
            self._zone.replace_rdataset(apex, dns.rdataset.from_rdata(rdataset.ttl, raised))


def _rdataset(rrset: RRset) -> dns.rdataset.Rdataset:
    return dns.rdataset.from_rdata_list(rrset.ttl_seconds, [wire_rdata(value) for value in rrset.values])


def _absolute(name: dns.name.Name | str) -> dns.name.Name:
    return dns.name.from_text(name) if isinstance(name, str) else name
