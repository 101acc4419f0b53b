"""Queries as they are sent, and answers as they may be believed."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.SOA
import dns.rrset
import dns.tsig

from mailseal.dnsio.faults import (
    BadAnswer,
    Delegated,
    ErrorAnswer,
    NotAuthoritative,
    TsigProblem,
    TsigRejected,
)
from mailseal.dnsio.rdata import dns_name, record_set, wire_name, wire_type
from mailseal.dnsio.tsig import TsigKey
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey

UDP_PAYLOAD_BYTES: Final = 1232
"""The EDNS payload that passes without IP fragmentation (DNS flag day 2020, RFC 9715)."""

_PEER_ERRORS: Final = (
    (dns.tsig.PeerBadSignature, TsigProblem.BADSIG),
    (dns.tsig.PeerBadKey, TsigProblem.BADKEY),
    (dns.tsig.PeerBadTime, TsigProblem.BADTIME),
    (dns.tsig.PeerBadTruncation, TsigProblem.BADTRUNC),
)
_ADVICE: Final = {
    TsigProblem.BADSIG: "the secret differs from the server's; compare the Secret's tsig-secret with it",
    TsigProblem.BADKEY: "it knows no key of this name and algorithm; compare tsigKeyName and tsigAlgorithm",
    TsigProblem.BADTIME: "its clock and ours differ by more than 5 minutes; synchronise both",
    TsigProblem.BADTRUNC: "it wants a longer signature than this tsigAlgorithm gives",
    TsigProblem.OTHER: "compare the key's name, algorithm and secret with the server's",
}


def make_query(
    name: DnsName, rdtype: dns.rdatatype.RdataType, key: TsigKey | None
) -> dns.message.QueryMessage:
    """A question to an authoritative server: no recursion (RD=0), EDNS, signed when there is a key."""
    query = dns.message.make_query(wire_name(name), rdtype, use_edns=0, payload=UDP_PAYLOAD_BYTES, flags=0)
    if key is not None:
        query.use_tsig(key)
    return query


def read_response(wire: bytes, query: dns.message.Message, server: str) -> dns.message.Message:
    """The message in `wire`, proven to answer `query` and, for a signed one, to be signed or an error.

    Raises `TsigRejected` when the server rejects our signature, `ErrorAnswer` when it reports an error
    without signing it, `BadAnswer` for everything that must not be believed.
    """
    try:
        response = dns.message.from_wire(wire, keyring=query.keyring, request_mac=query.mac or b"")
    except dns.tsig.PeerError as error:
        raise _rejection(error, query, server) from None
    except (dns.exception.DNSException, ValueError) as error:
        _raise_unsigned_error(wire, query, server)
        raise BadAnswer(
            f"{server} sent an answer that cannot be used: {error or type(error).__name__}"
        ) from error
    if not query.is_response(response):
        raise BadAnswer(f"{server} sent an answer to another question")
    return response


def _raise_unsigned_error(wire: bytes, query: dns.message.Message, server: str) -> None:
    """Raise `ErrorAnswer` when `wire` is an unsigned error to a signed query.

    Servers refuse without signing, so such an error is reported. An unsigned NOERROR or NXDOMAIN is not
    believed: it would let a forged answer pass for absence.
    """
    try:
        response = dns.message.from_wire(wire, keyring=False, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError):
        return
    if query.is_response(response) and response.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        raise ErrorAnswer(f"{server} answered {dns.rcode.to_text(response.rcode())}", response.rcode())


def _rejection(error: dns.tsig.PeerError, query: dns.message.Message, server: str) -> TsigRejected:
    problem = next((ours for theirs, ours in _PEER_ERRORS if isinstance(error, theirs)), TsigProblem.OTHER)
    key = str(query.keyname).rstrip(".")
    return TsigRejected(f"{server} rejects TSIG key {key} with {problem}: {_ADVICE[problem]}", problem)


def is_truncated(response: dns.message.Message) -> bool:
    """True when the answer did not fit a datagram and must be asked for over TCP (RFC 2181 section 9)."""
    return bool(response.flags & dns.flags.TC)


def rrset_answered(response: dns.message.Message, zone: DnsName, key: RRsetKey, server: str) -> RRset | None:
    """The RRset of `key` that an authoritative answer holds, its CNAME when there is one, None for absence.

    Absence is believed only from a server that speaks for `zone` itself. Raises `ErrorAnswer`,
    `NotAuthoritative` (AA missing, or the answer is from a parent of the zone) and `Delegated`.
    """
    check_rcode(response, f"{key}", server)
    if not response.flags & dns.flags.AA:
        raise _lame(response, zone, key, server)
    owner = wire_name(key.name)
    for rtype in dict.fromkeys((key.rtype, RecordType.CNAME)):
        found_key = RRsetKey(key.name, rtype)
        found = response.get_rrset(response.answer, owner, dns.rdataclass.IN, wire_type(found_key))
        if found:
            return record_set(found_key, found)
    _check_negative_answer(response, zone, key, server)
    return None


def check_rcode(response: dns.message.Message, asked: str, server: str) -> None:
    """Raise `ErrorAnswer` for every code but NOERROR and NXDOMAIN."""
    if response.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        code = dns.rcode.to_text(response.rcode())
        raise ErrorAnswer(f"{server} answers {code} when asked for {asked}", response.rcode())


def soa_owner(response: dns.message.Message) -> DnsName | None:
    """The owner of the SOA in the answer or, for a negative answer, in the authority section (RFC 2308)."""
    for section in (response.answer, response.authority):
        for rrset in section:
            if rrset.rdtype == dns.rdatatype.SOA:
                return dns_name(rrset.name)
    return None


def negative_caching_answered(response: dns.message.Message, zone: DnsName) -> timedelta | None:
    """How long absence in `zone` may be cached, as the SOA in an authoritative answer says.

    RFC 2308 section 5: the lower one of the SOA's own TTL and its MINIMUM field. None without such an answer.
    """
    if response.rcode() != dns.rcode.NOERROR or not response.flags & dns.flags.AA:
        return None
    soa = response.get_rrset(response.answer, wire_name(zone), dns.rdataclass.IN, dns.rdatatype.SOA)
    return negative_caching_of(soa) if soa else None


def negative_caching_of(soa: dns.rdataset.Rdataset) -> timedelta:
    """The negative-caching time that an SOA RRset gives (RFC 2308 section 5)."""
    minimums = [rdata.minimum for rdata in soa if isinstance(rdata, dns.rdtypes.ANY.SOA.SOA)]
    return timedelta(seconds=min(soa.ttl, *minimums))


def _check_negative_answer(response: dns.message.Message, zone: DnsName, key: RRsetKey, server: str) -> None:
    apex = soa_owner(response)
    if response.answer or apex is None or apex == zone:
        return
    if apex.is_within(zone):
        raise Delegated(f"{key.name} lies in the zone {apex}, not in {zone}: name that zone instead")
    raise NotAuthoritative(f"{server} does not serve {zone}: it answers for {key} from {apex or 'the root'}")


def _lame(
    response: dns.message.Message, zone: DnsName, key: RRsetKey, server: str
) -> NotAuthoritative | Delegated:
    for rrset in response.authority:
        cut = dns_name(rrset.name)
        if rrset.rdtype == dns.rdatatype.NS and cut != zone and cut.is_within(zone) and not response.answer:
            return Delegated(f"{key.name} is delegated away from {zone} at {cut}")
    return NotAuthoritative(
        f"{server} is not authoritative for {zone}: its answer for {key} lacks the AA flag"
    )
