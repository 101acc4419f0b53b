"""A name server that answers what a backend really holds, as a vendor's own name servers do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset

from mailseal.dnsio.rdata import wire_rdata
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from support.backends.base import Harness
from support.servers.fake import FakeDns, fake_dns

_NEGATIVE_SECONDS = 1
_TYPES = {dns.rdatatype.from_text(str(rtype)): rtype for rtype in RecordType}


@dataclass(frozen=True)
class ZoneAnswers:
    """Answers for one zone of a harness with authority; for absence with an SOA."""

    harness: Harness
    zone: DnsName

    def udp(self, wire: bytes) -> list[bytes]:
        """The answer to a datagram, truncated where the asker says that it takes no more."""
        query = dns.message.from_wire(wire)
        response = self._response(query)
        most = max(query.payload, 512)
        try:
            return [response.to_wire(max_size=most)]
        except dns.exception.TooBig:
            response.answer.clear()
            response.flags |= dns.flags.TC
            return [response.to_wire()]

    def tcp(self, wire: bytes) -> list[bytes]:
        """The whole answer."""
        return [self._response(dns.message.from_wire(wire)).to_wire()]

    def _response(self, query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        question = query.question[0]
        name = DnsName.parse(question.name.to_text())
        if name == self.zone and question.rdtype in (dns.rdatatype.SOA, dns.rdatatype.NS):
            response.answer.append(self._own(question.rdtype))
            return response
        for rtype in (RecordType.CNAME, _TYPES.get(question.rdtype)):
            held = self.harness.peek(self.zone, RRsetKey(name, rtype)) if rtype else None
            if held is not None:
                response.answer.append(_wire(held))
                return response
        response.authority.append(self._own(dns.rdatatype.SOA))
        return response

    def _own(self, rtype: dns.rdatatype.RdataType) -> dns.rrset.RRset:
        text = f"ns1.{self.zone}."
        if rtype == dns.rdatatype.SOA:
            text = f"ns1.{self.zone}. hostmaster.{self.zone}. 1 3600 600 86400 {_NEGATIVE_SECONDS}"
        return dns.rrset.from_text(self.zone.fqdn, _NEGATIVE_SECONDS, "IN", rtype, text)


@asynccontextmanager
async def harness_dns(harness: Harness, zone: DnsName) -> AsyncIterator[FakeDns]:
    """Serve one zone of the harness on 127.0.0.1, over UDP and TCP."""
    answers = ZoneAnswers(harness, zone)
    async with fake_dns(answers.udp, answers.tcp) as server:
        yield server


def _wire(rrset: RRset) -> dns.rrset.RRset:
    rdatas = [wire_rdata(value) for value in rrset.values]
    return dns.rrset.from_rdata(rrset.key.name.fqdn, rrset.ttl_seconds, *rdatas)
