"""Looking at mail servers for a run of checks: each host once, and not too many at the same time."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import dns.name
import dns.rdatatype
import dns.rdtypes.IN.A
import dns.rdtypes.IN.AAAA

from mailseal.checks.addresses import is_reachable
from mailseal.checks.answers import Answer, Resolver
from mailseal.checks.asking import dns_name
from mailseal.checks.once import OnceCache
from mailseal.checks.settings import CheckSettings
from mailseal.checks.smtp.contexts import Contexts, make_contexts
from mailseal.checks.smtp.model import AddressObservation, Contact, HostObservation, Lookup
from mailseal.checks.smtp.probing import Target, observe_address
from mailseal.checks.smtp.session import Limits
from mailseal.checks.together import Turn
from mailseal.records.names import DnsName

HOSTS_KEPT: Final = 4096
"""About 8 KB each, most of it certificates; those that show more count as several."""
_BYTES_OF_ONE: Final = 8192
MAX_ADDRESSES: Final = 8
"""Of one host; the others are not looked at."""
SLOW_SECONDS: Final = 2.0
"""A host that takes longer makes room for another, so that silent ones do not hold up those of others."""
_HOST_SHARE: Final = 0.5
"""Of the time for a domain: the rest is for DNS and for waiting until it is the host's turn."""
_HELO_NAME: Final = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")


@asynccontextmanager
async def open_prober(settings: CheckSettings, resolver: Resolver) -> AsyncIterator[MailServerProber]:
    """A prober for one run. Raises `ValueError` for settings that cannot be used."""
    if settings.helo_name and not _HELO_NAME.fullmatch(settings.helo_name):
        raise ValueError(f"{settings.helo_name!r} is no name for EHLO")
    contexts = await asyncio.to_thread(make_contexts, settings.certificate_authorities)
    prober = MailServerProber(settings, resolver, contexts)
    try:
        yield prober
    finally:
        await prober.close()


class MailServerProber:
    """Looks at each host once, however many ask for it, and whoever of them stops waiting."""

    def __init__(self, settings: CheckSettings, resolver: Resolver, contexts: Contexts) -> None:
        self._settings = settings
        self._resolver = resolver
        self._contexts = contexts
        self._helo_name = settings.helo_name or _own_name()
        self._slots = asyncio.Semaphore(settings.hosts_at_once)
        self._observations = OnceCache(self._observe, HOSTS_KEPT, _weight)

    async def observe(self, host: DnsName) -> HostObservation:
        """See `SmtpProber.observe`."""
        return await self._observations.get(host)

    async def close(self) -> None:
        """End what is under way."""
        await self._observations.close()

    async def _observe(self, host: DnsName) -> HostObservation:
        name = dns.name.from_text(host.fqdn)
        four, six = await asyncio.gather(
            self._resolver.ask(name, dns.rdatatype.A), self._resolver.ask(name, dns.rdatatype.AAAA)
        )
        aliases = tuple(dns_name(alias) for alias in four.aliases or six.aliases)
        addresses = _addresses(four, six)
        if not addresses:
            fault = next((answer.fault for answer in (four, six) if not answer.is_known), None)
            lookup = Lookup.NONE if fault is None else Lookup.UNANSWERED
            return HostObservation(host, lookup, fault or "", aliases)
        async with Turn(self._slots, SLOW_SECONDS):
            seen = await self._look(host, addresses)
        return HostObservation(host, Lookup.FOUND, aliases=aliases, addresses=seen)

    async def _look(self, host: DnsName, addresses: tuple[str, ...]) -> tuple[AddressObservation, ...]:
        settings = self._settings
        within_seconds = settings.domain_within.total_seconds() * _HOST_SHARE
        deadline = asyncio.get_running_loop().time() + within_seconds
        limits = Limits(settings.connect_within.total_seconds(), deadline)
        seen: list[AddressObservation] = []
        for address in addresses:
            if is_reachable(address, settings.allow_private):
                target = Target(host, address, settings.smtp_port, self._helo_name, limits)
                seen.append(await observe_address(target, self._contexts))
            else:
                fault = "the Internet does not route it"
                seen.append(AddressObservation(address, Contact.FORBIDDEN, fault))
        return tuple(seen)


def _addresses(four: Answer, six: Answer) -> tuple[str, ...]:
    """The addresses, each once, in a fixed order, half of each family where there are too many."""
    first = sorted({rdata.address for rdata in four.of(dns.rdtypes.IN.A.A)})
    second = sorted({rdata.address for rdata in six.of(dns.rdtypes.IN.AAAA.AAAA)})
    half = MAX_ADDRESSES // 2
    return (
        *first[: max(half, MAX_ADDRESSES - len(second))],
        *second[: max(half, MAX_ADDRESSES - len(first))],
    )


def _weight(seen: HostObservation) -> int:
    """How many usual hosts take as much memory."""
    shown = (certificate for address in seen.addresses for certificate in address.chain)
    return 1 + sum(len(certificate.der) for certificate in shown) // _BYTES_OF_ONE


def _own_name() -> str:
    """The name of this machine where it may mean something to others; it is not looked up."""
    name = socket.gethostname()
    return name if "." in name.strip(".") and _HELO_NAME.fullmatch(name) else ""
