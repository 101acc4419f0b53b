"""How fast domains are checked, beside checkdmarc in the same run, on the same zone and over the same delay.

Both look at SPF, DMARC, and MX records with the addresses of their hosts; neither connects to a mail server.
checkdmarc looks at one domain after the other, as its `check_domains` does, and once more in as many threads
as mailseal examines domains at once, which it does not offer by itself.
"""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import checkdmarc.dmarc
import checkdmarc.spf
import checkdmarc.utils
import dns.resolver

from bench.counts import CountingBind
from mailseal.checks.model import Examined, Outcome, Subject
from mailseal.checks.registry import EXAMINERS
from mailseal.checks.run import check_domains
from mailseal.checks.settings import CheckSettings
from mailseal.records.names import DnsName
from support.checkdmarcfacts import local_resolver
from support.servers.slowdns import delayed

DELAY_SECONDS = 0.02
WITHOUT_RECORDS = 10
"""One in so many domains has neither an SPF nor a DMARC record."""
ZONE = "bench"
_DOMAIN = """
{name} MX 10 mx1.{name}
{name} MX 20 mx2.{name}
mx1.{name} A 192.0.2.1
mx2.{name} A 192.0.2.2
"""
_RECORDS = """
{name} TXT "v=spf1 mx ip4:192.0.2.0/28 include:_spf.provider.bench. -all"
_dmarc.{name} TXT "v=DMARC1; p=reject; rua=mailto:dmarc@{name}.bench"
"""
_PROVIDER = """
_spf.provider TXT "v=spf1 ip4:198.51.100.0/24 include:_spf2.provider.bench. -all"
_spf2.provider TXT "v=spf1 ip4:203.0.113.0/24 -all"
"""
_SUBJECTS = (Subject.SPF, Subject.DMARC, Subject.MX)


@dataclass(frozen=True, slots=True)
class CheckCost:
    """What one tool needed for all domains."""

    title: str
    seconds: float
    cpu_seconds: float
    queries: int
    good: int
    """Domains with a good SPF record and a good DMARC record."""


def measure_checks(domains: int) -> tuple[CheckCost, ...]:
    """What mailseal and checkdmarc need for that many domains, each query taking 20 ms longer."""
    names = [f"d{number:05d}" for number in range(domains)]
    at_once = CheckSettings().domains_at_once
    with (
        CountingBind({ZONE: _zone(names)}) as bind,
        delayed(bind.address, bind.port, DELAY_SECONDS) as port,
    ):
        resolver = local_resolver("127.0.0.1", port)
        settings = CheckSettings(resolvers=(f"127.0.0.1:{port}",))
        return (
            _measure("mailseal", bind, names, partial(_mailseal, settings)),
            _measure("checkdmarc", bind, names, partial(_checkdmarc, resolver, 1)),
            _measure(f"checkdmarc, {at_once} threads", bind, names, partial(_checkdmarc, resolver, at_once)),
        )


def _zone(names: Sequence[str]) -> str:
    lines = [_PROVIDER]
    for number, name in enumerate(names):
        lines.append(_DOMAIN.format(name=name))
        if number % WITHOUT_RECORDS:
            lines.append(_RECORDS.format(name=name))
    return "".join(lines)


def _measure(
    title: str, bind: CountingBind, names: Sequence[str], check: Callable[[Sequence[str]], int]
) -> CheckCost:
    checkdmarc.utils.DNS_CACHE.clear()
    queries, cpu_seconds, begun = bind.messages()["QUERY"], _cpu_seconds(), time.perf_counter()
    good = check([f"{name}.{ZONE}" for name in names])
    seconds = time.perf_counter() - begun
    return CheckCost(title, seconds, _cpu_seconds() - cpu_seconds, bind.messages()["QUERY"] - queries, good)


def _mailseal(settings: CheckSettings, names: Sequence[str]) -> int:
    examined = [Examined(DnsName(name)) for name in names]
    examiners = {subject: EXAMINERS[subject] for subject in _SUBJECTS}

    async def run() -> int:
        good = 0
        async for result in check_domains(examined, settings, datetime.now(UTC), examiners):
            findings = result.about(Subject.SPF, Subject.DMARC)
            good += not any(finding.outcome in {Outcome.FAIL, Outcome.UNKNOWN} for finding in findings)
        return good

    return asyncio.run(run())


def _checkdmarc(resolver: dns.resolver.Resolver, threads: int, names: Sequence[str]) -> int:
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(partial(_checkdmarc_one, resolver), names))


def _checkdmarc_one(resolver: dns.resolver.Resolver, name: str) -> bool:
    options: dict[str, Any] = {"resolver": resolver}
    spf = checkdmarc.spf.check_spf(name, **options)
    dmarc: Any = checkdmarc.dmarc.check_dmarc(name, **options)
    for host in checkdmarc.utils.get_mx_record_set(name, **options)["hosts"]:
        checkdmarc.utils.get_a_records(host["hostname"], **options)
    return bool(spf["valid"] and dmarc["valid"])


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
