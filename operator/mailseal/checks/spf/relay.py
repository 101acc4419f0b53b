"""Does the SPF of a domain let the servers of its NTA 7516 provider pass (criteria 6.1.7 and 6.1.13)?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address
from typing import Final

import dns.name
import dns.rdatatype

from mailseal.checks.answers import Answer, Resolver
from mailseal.checks.asking import shown
from mailseal.checks.model import Examined, Finding
from mailseal.checks.spf import network_verdicts as say
from mailseal.checks.spf.evaluator import check_host
from mailseal.checks.spf.model import IpAddress, SpfCode, SpfResult
from mailseal.checks.spf.names import name_text
from mailseal.checks.spf.networks import Network, contains, passing_networks
from mailseal.checks.spf.published import Publication
from mailseal.checks.spf.walk import Walk, walk
from mailseal.records.names import DnsName
from mailseal.records.nta7516 import is_nta, read_nta

RELAYS: Final = {"zorgmail": DnsName("_spf.zorgmail.nl")}
"""The names whose SPF records list the servers of providers (ZorgMail manual, January 2025)."""
MAX_SAMPLES: Final = 256
"""No more addresses of a relay are tried; its networks beyond that are taken to be as the others."""
_AT_ONCE: Final = 4


def known_relay(provider: str) -> DnsName | None:
    """The name whose SPF record lists the servers of the provider with that NTA tag, if it is known."""
    return RELAYS.get(provider.lower())


async def examine_relay(examined: Examined, seen: Walk, resolver: Resolver) -> Finding:
    """Whether all servers of the relay pass the SPF of the domain, whose records are `seen`."""
    if examined.relay is not None:
        return await _judge_relay(examined.relay, seen, resolver)
    answer = await resolver.ask(seen.root, dns.rdatatype.TXT)
    if not answer.is_known:
        return say.RELAY_UNANSWERED.on(examined.domain, fault=answer.fault)
    provider = _provider(answer)
    if provider is None:
        return say.NO_PROVIDER.on(examined.domain)
    relay = known_relay(provider)
    if relay is None:
        return say.UNKNOWN_PROVIDER.on(examined.domain, provider=shown(provider))
    return await _judge_relay(relay, seen, resolver)


def edge_addresses(relay: Network, own: Iterable[Network]) -> Iterator[IpAddress]:
    """The addresses of `relay` at which the result can change: its ends, and those beside our networks."""
    edges = [int(relay.network_address), int(relay.broadcast_address)]
    for network in own:
        if contains(relay, network):
            edges += [int(network.network_address) - 1, int(network.broadcast_address) + 1]
    kind = type(relay.network_address)
    yield from (kind(edge) for edge in dict.fromkeys(edges) if edges[0] <= edge <= edges[1])


def _provider(answer: Answer) -> str | None:
    """The provider that the only NTA 7516 record among the TXT records names."""
    records = [text for text in answer.texts if is_nta(text.encode("latin-1"))]
    readings = [read_nta(text).record for text in records]
    return readings[0].provider if len(readings) == 1 and readings[0] is not None else None


async def _judge_relay(relay: DnsName, seen: Walk, resolver: Resolver) -> Finding:
    target = seen.start.text
    relay_walk = await walk(dns.name.from_text(relay.fqdn), resolver)
    if not relay_walk.is_complete:
        return say.RELAY_UNANSWERED.on(target, fault=f"{relay}: {relay_walk.start.problem or 'no answer'}")
    networks = dict.fromkeys(it.network for it in passing_networks(relay_walk))
    if relay_walk.start.publication is not Publication.ONE or not networks:
        return say.RELAY_WITHOUT_RECORD.on(target, relay=relay)
    own = [it.network for it in passing_networks(seen)]
    samples = _samples(networks, own)
    results: list[SpfResult] = []
    for start in range(0, len(samples), _AT_ONCE):
        some = samples[start : start + _AT_ONCE]
        results += await asyncio.gather(*(_check(address, seen.root, resolver) for address in some))
        await asyncio.sleep(0)  # what is remembered needs no waiting, and others want their turn
    return _judge_results(target, relay, tuple(map(str, samples)), results)


def _samples(relay: Iterable[Network], own: Sequence[Network]) -> tuple[IpAddress, ...]:
    """The first different ones of the addresses at which the result can change."""
    found: dict[IpAddress, None] = {}
    for network in relay:
        found |= dict.fromkeys(edge_addresses(network, own))
        if len(found) >= MAX_SAMPLES:
            break
    return tuple(found)[:MAX_SAMPLES]


def _judge_results(
    target: str, relay: DnsName, samples: tuple[str, ...], results: Iterable[SpfResult]
) -> Finding:
    told = tuple(zip(samples, results, strict=True))
    broken = [result for _, result in told if result.code is SpfCode.PERMERROR]
    if broken:
        return say.RELAY_BROKEN.on(target, relay=relay, fault=shown(broken[0].problem))
    refused = [(sample, it) for sample, it in told if it.code not in {SpfCode.PASS, SpfCode.TEMPERROR}]
    if refused:
        evidence = tuple(shown(f"{sample}: {it.code} {it.problem}".rstrip()) for sample, it in refused)
        return say.RELAY_REFUSED.on(target, evidence, relay=relay)
    failed = [result for _, result in told if result.code is SpfCode.TEMPERROR]
    if failed:
        return say.RELAY_UNANSWERED.on(target, fault=shown(failed[0].problem))
    return say.RELAY_PASSES.on(target, tuple(f"{sample}: {it.code}" for sample, it in told), relay=relay)


async def _check(address: IpAddress, domain: dns.name.Name, resolver: Resolver) -> SpfResult:
    name = name_text(domain)
    return await check_host(ip_address(address), name, f"postmaster@{name}", name, resolver)
