"""What is said of real mail servers, and what it costs to look at them for many domains."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from mailseal.checks.hosts import examine_mx, examine_ntamx
from mailseal.checks.model import Examined, Finding, Language, Outcome
from mailseal.checks.smtp.prober import open_prober
from mailseal.checks.tools import Tools
from mailseal.records.names import DnsName
from support.answers import ZoneResolver
from support.examining import codes, tools_with
from support.mailhosts import MailHosts, mail_hosts

HOSTS = "hosting.example"
SHARED = ("good", "tls12", "tls13", "wild", "anchored")
DOMAINS = 1000
SESSIONS_PER_HOST = 4
"""One that lets the server choose, and one for each other version of TLS."""


@pytest.fixture(scope="module")
def servers() -> Iterator[MailHosts]:
    with mail_hosts(HOSTS) as running:
        yield running


@asynccontextmanager
async def looking(servers: MailHosts, records: str, **changes: Any) -> AsyncIterator[Tools]:
    """Tools that reach the servers."""
    resolver = ZoneResolver(f"{servers.addresses()}\n{records}")
    async with open_prober(servers.settings(**changes), resolver) as prober:
        yield replace(tools_with(resolver, now=datetime.now(UTC)), smtp=prober)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("good", ["starttls/works", "tls/current", "certificate/good"]),
        ("wild", ["starttls/works", "tls/current", "certificate/good"]),
        ("tls12", ["starttls/works", "tls/current", "certificate/good"]),
        ("tls13", ["starttls/works", "tls/current", "certificate/good"]),
        ("all", ["starttls/works", "tls/old-too", "certificate/good"]),
        ("tls10", ["starttls/works", "tls/old-only", "certificate/good"]),
        ("tls11", ["starttls/works", "tls/old-only", "certificate/good"]),
        ("plain", ["starttls/not-offered"]),
        ("expired", ["starttls/works", "tls/current", "certificate/expired"]),
        ("soon", ["starttls/works", "tls/current", "certificate/ends-soon"]),
        ("wrongname", ["starttls/works", "tls/current", "certificate/wrong-name"]),
        ("selfsigned", ["starttls/works", "tls/current", "certificate/untrusted"]),
        ("private", ["starttls/works", "tls/current", "certificate/untrusted"]),
        ("incomplete", ["starttls/works", "tls/current", "certificate/untrusted"]),
    ],
)
async def test_findings(servers: MailHosts, kind: str, expected: list[str]) -> None:
    """The same of a host by MX and by the NTA 7516 record."""
    host = f"{kind}.{HOSTS}"
    record = f"v=NTA7516-1;startdate=2026-03;enddate=2029-03;provider=zorgmail;ntamx=10 {host}"
    records = f'zorg.example. MX 10 {host}.\nzorg.example. TXT "{record}"'
    examined = Examined(DnsName("zorg.example"))
    async with looking(servers, records) as tools:
        found = {"mx": await examine_mx(examined, tools), "ntamx": await examine_ntamx(examined, tools)}
    every = ["resolves/found", "reachable/answers", *expected]
    assert codes(found["mx"]) == [f"mx.{code}" for code in ("present/found", *every)]
    assert codes(found["ntamx"]) == [f"ntamx.{code}" for code in ("present/named", *every)]


async def test_what_an_administrator_reads(servers: MailHosts) -> None:
    async with looking(servers, f"zorg.example. MX 10 selfsigned.{HOSTS}.") as tools:
        *_, finding = await examine_mx(Examined(DnsName("zorg.example")), tools)
    assert finding.target == f"selfsigned.{HOSTS}"
    assert finding.evidence[:3] == (
        f"names: selfsigned.{HOSTS}",
        f"subject: CN=selfsigned.{HOSTS}",
        f"issuer: CN=selfsigned.{HOSTS}",
    )
    assert finding.evidence[-1] == "self-signed certificate"
    assert finding.says(Language.EN).startswith(
        f"The certificate of selfsigned.{HOSTS} does not come from a trusted authority"
    )
    assert finding.says(Language.NL).startswith(
        f"Het certificaat van selfsigned.{HOSTS} komt niet van een vertrouwde uitgever"
    )


async def test_many_domains_share_few_servers(servers: MailHosts) -> None:
    """Each server is looked at once, however many domains name it."""
    domains = [Examined(DnsName(f"d{number}.example")) for number in range(DOMAINS)]
    records = "\n".join(
        f"{each.domain}. MX 10 {SHARED[number % len(SHARED)]}.{HOSTS}." for number, each in enumerate(domains)
    )
    log = servers.server
    addresses = [servers.hosts[f"{kind}.{HOSTS}"].address for kind in SHARED]
    before = Counter({address: log.sessions(address) for address in addresses})

    async def look(tools: Tools, examined: Examined) -> tuple[Finding, ...]:
        return tuple(await examine_mx(examined, tools))

    async with looking(servers, records, hosts_at_once=3) as tools:
        results = await asyncio.gather(*(look(tools, each) for each in domains))
    assert {address: log.sessions(address) - before[address] for address in addresses} == dict.fromkeys(
        addresses, SESSIONS_PER_HOST
    )
    assert len(results) == DOMAINS
    assert {finding.outcome for found in results for finding in found} == {Outcome.PASS}
