"""Whether a mechanism matches the client (RFC 7208 section 5), and what finding that out costs."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

import dns.name
import dns.rdatatype
import dns.rdtypes.ANY.MX
import dns.rdtypes.ANY.PTR
import dns.rdtypes.IN.A
import dns.rdtypes.IN.AAAA
import dns.reversename

from mailseal.checks.answers import Answer, Resolver
from mailseal.checks.spf.expansion import MacroValues, expand, needs_validated_name
from mailseal.checks.spf.model import UNKNOWN_HOST, Envelope, IpAddress, Limits, SpfPermError, SpfTempError
from mailseal.checks.spf.names import name_text, query_name
from mailseal.records.spf import A, DomainSpec, Exists, Ip4, Ip6, Mx, Ptr


class Lookups:
    """The look-ups of one evaluation: asks, counts, and stops at the limits of section 4.6.4."""

    def __init__(self, envelope: Envelope, resolver: Resolver, limits: Limits) -> None:
        self.envelope = envelope
        self.limits = limits
        self.resolver = resolver
        self.terms = 0
        self.voids = 0

    def count_term(self) -> None:
        """Count a term that looks up. Raises `SpfPermError` when that is one too many."""
        self.terms += 1
        if self.terms > self.limits.lookup_terms:
            raise SpfPermError(f"more than {self.limits.lookup_terms} terms look up")

    async def target(self, spec: DomainSpec | None, domain: str) -> str:
        """The text of the target name of a term in the record of `domain` (section 4.8)."""
        if spec is None:
            return domain
        validated = UNKNOWN_HOST
        if needs_validated_name(spec.pieces):
            validated = await self.validated_name(domain)
        return expand(spec.pieces, MacroValues(self.envelope, domain, validated))

    async def matches(self, mechanism: A | Mx | Ptr | Exists, domain: str) -> bool:
        """Whether the mechanism, in the record of `domain`, matches the client.

        Raises `SpfPermError` and `SpfTempError`.
        """
        name = query_name(await self.target(mechanism.domain, domain))
        if name is None:
            return False
        match mechanism:
            case A():
                return within(self.envelope.client, await self._addresses(name), mechanism)
            case Mx():
                return await self._mx(mechanism, name)
            case Ptr():
                return any(found.is_subdomain(name) for found in await self._validated(count=True))
            case Exists():
                return (await self._counted(name, dns.rdatatype.A)).rdatas != ()

    async def validated_name(self, domain: str) -> str:
        """What `%{p}` stands for: `domain`, else a name below it, else any, else `unknown` (section 7.3)."""
        found = await self._validated(count=False)
        name = query_name(domain)
        if name is None or not found:
            return name_text(found[0]) if found else UNKNOWN_HOST
        return name_text(min(found, key=lambda it: (it != name, not it.is_subdomain(name))))

    async def _counted(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Answer:
        answer = await self.resolver.ask(name, rdtype)
        if not answer.is_known:
            kind = dns.rdatatype.to_text(rdtype)
            raise SpfTempError(f"no answer for {kind} records of {name_text(name)}: {answer.fault}")
        self._count_void(answer)
        return answer

    def _count_void(self, answer: Answer) -> None:
        self.voids += answer.is_void
        if self.voids > self.limits.void_lookups:
            raise SpfPermError(f"more than {self.limits.void_lookups} look-ups find nothing")

    async def _addresses(self, name: dns.name.Name) -> tuple[IpAddress, ...]:
        return addresses_in(await self._counted(name, address_type(self.envelope.client)))

    async def _mx(self, mechanism: Mx, name: dns.name.Name) -> bool:
        answer = await self._counted(name, dns.rdatatype.MX)
        exchanges = mail_exchangers(answer)
        if len(exchanges) > self.limits.mx_hosts:
            raise SpfPermError(f"{name_text(name)} has more than {self.limits.mx_hosts} MX hosts")
        for host in exchanges:
            if host == dns.name.root:
                continue
            if within(self.envelope.client, await self._addresses(host), mechanism):
                return True
        return False

    async def _validated(self, *, count: bool) -> Sequence[dns.name.Name]:
        """The names of the client that have its address (section 5.5). A fault of DNS hides a name."""
        client = self.envelope.client
        pointers = await self.resolver.ask(dns.reversename.from_address(str(client)), dns.rdatatype.PTR)
        if count:
            self._count_void(pointers)
        found = []
        for pointer in pointers.of(dns.rdtypes.ANY.PTR.PTR)[: self.limits.ptr_names]:
            if client in addresses_in(await self.resolver.ask(pointer.target, address_type(client))):
                found.append(pointer.target)
        return found


def in_network(client: IpAddress, mechanism: Ip4 | Ip6) -> bool:
    """Whether an ip4 or ip6 mechanism matches the client (section 5.6)."""
    return _covers(mechanism.address, mechanism.prefix_length, client)


def within(client: IpAddress, addresses: Sequence[IpAddress], mechanism: A | Mx) -> bool:
    """Whether the client is in the network of one of the addresses (sections 5.3 and 5.4)."""
    is_ip4 = isinstance(client, IPv4Address)
    length = mechanism.ip4_prefix_length if is_ip4 else mechanism.ip6_prefix_length
    return any(_covers(address, length, client) for address in addresses)


def address_type(client: IpAddress) -> dns.rdatatype.RdataType:
    """The type of the records with addresses of the client's family."""
    return dns.rdatatype.A if isinstance(client, IPv4Address) else dns.rdatatype.AAAA


def addresses_in(answer: Answer) -> tuple[IpAddress, ...]:
    """The addresses of an answer to a question for A or AAAA."""
    ip4 = tuple(IPv4Address(data.address) for data in answer.of(dns.rdtypes.IN.A.A))
    return ip4 or tuple(IPv6Address(data.address) for data in answer.of(dns.rdtypes.IN.AAAA.AAAA))


def mail_exchangers(answer: Answer) -> tuple[dns.name.Name, ...]:
    """The hosts of an answer to a question for MX, lowest preference first."""
    records = sorted(answer.of(dns.rdtypes.ANY.MX.MX), key=lambda record: record.preference)
    return tuple(record.exchange for record in records)


def _covers(network: IpAddress, prefix_length: int, client: IpAddress) -> bool:
    """Whether the first `prefix_length` bits are the same."""
    if network.version != client.version:
        return False
    return (int(network) ^ int(client)) >> (network.max_prefixlen - prefix_length) == 0
