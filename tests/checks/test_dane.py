"""DANE with real signatures, a real resolver and real mail servers."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import dns.rdatatype
import dns.zone
import pytest

from mailseal.checks.answers import Security
from mailseal.checks.hosts import examine_dane
from mailseal.checks.model import Examined, Finding, Outcome
from mailseal.checks.resolving import open_resolver
from mailseal.checks.smtp.certificates import read_certificate
from mailseal.checks.smtp.prober import open_prober
from mailseal.checks.tools import Tools
from mailseal.records.names import DnsName
from support.answers import ZoneResolver
from support.examining import GivenPolicies, NoProber, codes, examined, the
from support.mailhosts import MailHosts, mail_hosts
from support.signedinternet import Delegation, SignedInternet, SignedZone

HOSTS = "hosting.nl"


@dataclass(frozen=True, slots=True)
class World:
    """Mail servers, and the Internet that names them."""

    servers: MailHosts
    internet: SignedInternet


def tlsa(servers: MailHosts, kind: str, usage: int, selector: int, matching_type: int, depth: int = 0) -> str:
    """The record for the certificate at `depth` of the chain that the host `kind` shows."""
    certificate = read_certificate(servers.issued(f"{kind}.{HOSTS}").chain_der[depth])
    data = certificate.public_key_info if selector else certificate.der
    made = {1: hashlib.sha256, 2: hashlib.sha512}.get(matching_type)
    return f"TLSA {usage} {selector} {matching_type} {(made(data).digest() if made else data).hex()}"


def zones(servers: MailHosts) -> dict[str, SignedZone | str]:
    """`hosting.nl` has a name for each way to have TLSA records, right or wrong; a domain for each name."""

    def right(kind: str, *record: int) -> tuple[str, str]:
        return kind, tlsa(servers, kind, *record)

    wrong = f"TLSA 3 1 1 {'00' * 32}"
    cases: dict[str, tuple[str, str]] = {
        "good": right("good", 3, 1, 1),
        "all": right("all", 3, 0, 2),
        "tls12": right("tls12", 3, 0, 0),
        "tls13": right("tls13", 3, 0, 1),
        "selfsigned": right("selfsigned", 3, 1, 2),
        "expired": right("expired", 3, 1, 1),
        "wrongname": ("wrongname", tlsa(servers, "anchored", 2, 0, 1, 1)),
        "anchored": ("anchored", tlsa(servers, "anchored", 2, 1, 1, 2)),
        "soon": ("soon", tlsa(servers, "soon", 2, 1, 1, 1)),
        "wild": ("wild", wrong),
        "private": ("private", tlsa(servers, "good", 3, 1, 1)),
        "incomplete": ("incomplete", tlsa(servers, "anchored", 2, 1, 1, 2)),
        "plain": ("plain", wrong),
        "tls10": ("tls10", f"TLSA 1 1 1 {'00' * 32}"),
        "tls11": ("tls11", ""),
    }
    lines = []
    for name, (kind, record) in cases.items():
        lines.append(f"{name} A {servers.hosts[f'{kind}.{HOSTS}'].address}")
        if record:
            lines.append(f"_25._tcp.{name} {record}")
    lines += [f"closed A 127.0.1.200\n_25._tcp.closed {wrong}"]
    good = servers.hosts[f"good.{HOSTS}"].address
    lines += ["other CNAME good\nnamed CNAME tls11\n_25._tcp.named " + cases["wild"][1]]
    lines += [f"elsewhere A {good}\n_25._tcp.elsewhere CNAME _25._tcp.elsewhere.plain.nl."]
    unsigned = f"@ MX 10 mx\nmx A {good}\n_25._tcp.mx {cases['good'][1]}\n_25._tcp.elsewhere {wrong}"
    domains = {
        f"for-{name}.nl": f"@ MX 10 {name}.{HOSTS}."
        for name in [*cases, "closed", "elsewhere", "other", "named"]
    }
    return {
        HOSTS: "\n".join(lines),
        **domains,
        "several.nl": f"@ MX 10 good.{HOSTS}.\n@ MX 20 wild.{HOSTS}.",
        "unsigned.nl": SignedZone(f"@ MX 10 good.{HOSTS}.", algorithm=None),
        "plain.nl": SignedZone(unsigned, algorithm=None),
        "mixed.nl": "@ MX 10 mx.plain.nl.",
        "bogus.nl": SignedZone(
            f"@ MX 10 mx\nmx A {good}\n_25._tcp.mx {cases['good'][1]}", delegation=Delegation.WRONG
        ),
        "tampered.nl": SignedZone(
            f"@ MX 10 mx\nmx A {good}\n_25._tcp.mx {cases['good'][1]}", spoil=_spoil_tlsa
        ),
        "nomail.nl": "@ MX 0 .",
        "nta.nl": f'@ MX 10 good.{HOSTS}.\n@ TXT "v=NTA7516-1;startdate=2026-03;enddate=2029-03;'
        f'provider=zorgmail;ntamx=10 selfsigned.{HOSTS}"',
        "implicit.nl": f"@ A {good}\n_25._tcp {cases['good'][1]}",
    }


def _spoil_tlsa(zone: dns.zone.Zone) -> None:
    """Another value under the signature of the right one."""
    for _, rdataset in zone.iterate_rdatasets(dns.rdatatype.TLSA):
        (record,) = rdataset
        rdataset.clear()
        rdataset.add(record.replace(cert=bytes(32)))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with mail_hosts(HOSTS) as servers, SignedInternet(zones(servers)) as internet:
        yield World(servers, internet)


@pytest.fixture
async def tools(world: World) -> AsyncIterator[Tools]:
    settings = world.internet.settings(
        smtp_port=world.servers.server.port,
        certificate_authorities=(str(world.servers.authority_file),),
    )
    now = datetime.now(UTC)
    async with open_resolver(settings, now) as resolver, open_prober(settings, resolver) as prober:
        yield Tools(resolver, prober, GivenPolicies({}), now)


async def dane(tools: Tools, domain: str) -> tuple[Finding, ...]:
    return tuple(await examine_dane(examined(domain), tools))


GOOD = ["dane.mx/signed", "dane.host/signed", "dane.tlsa/found", "dane.match/matches"]


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("good", id="3 1 1"),
        pytest.param("all", id="3 0 2"),
        pytest.param("tls12", id="3 0 0"),
        pytest.param("tls13", id="3 0 1"),
        pytest.param("selfsigned", id="3 1 2 of a self-signed certificate"),
        pytest.param("expired", id="3 1 1 of an expired certificate"),
        pytest.param("anchored", id="2 1 1 of the root in the chain"),
        pytest.param("soon", id="2 1 1 of the intermediate"),
    ],
)
async def test_right_records(tools: Tools, kind: str) -> None:
    findings = await dane(tools, f"for-{kind}.nl")
    assert codes(findings) == GOOD
    assert all(finding.outcome is Outcome.PASS for finding in findings)


@pytest.mark.parametrize(
    ("kind", "code", "outcome"),
    [
        pytest.param("wild", "mismatch", Outcome.FAIL, id="3 1 1 of nothing"),
        pytest.param("private", "mismatch", Outcome.FAIL, id="3 1 1 of another server"),
        pytest.param("incomplete", "mismatch", Outcome.FAIL, id="2 1 1 of a root that is not sent"),
        pytest.param("wrongname", "wrong-name", Outcome.FAIL, id="2 0 1 and another name"),
        pytest.param("plain", "no-tls", Outcome.FAIL, id="no STARTTLS"),
        pytest.param("tls10", "missing", Outcome.WARN, id="1 1 1"),
        pytest.param("closed", "not-seen", Outcome.UNKNOWN, id="nobody listens"),
    ],
)
async def test_wrong_records(tools: Tools, kind: str, code: str, outcome: Outcome) -> None:
    findings = await dane(tools, f"for-{kind}.nl")
    assert codes(findings) == [*GOOD[:3], f"dane.match/{code}"]
    assert findings[-1].outcome is outcome
    assert findings[-1].advice()
    assert any(line.startswith("TLSA ") for line in findings[-1].evidence)


async def test_usage_2_after_the_end_of_the_certificate(tools: Tools) -> None:
    """The records are judged as of now, the certificate as of the run's time; for usage 3 it is ignored."""
    later = replace(tools, now=tools.now + timedelta(days=11))
    assert codes(await dane(later, "for-soon.nl"))[-1] == "dane.match/out-of-time"
    assert codes(await dane(later, "for-good.nl")) == GOOD


async def test_no_records(tools: Tools) -> None:
    assert codes(await dane(tools, "for-tls11.nl")) == [*GOOD[:2], "dane.tlsa/missing"]


async def test_records_behind_an_alias_into_an_unsigned_zone(tools: Tools) -> None:
    """They can be forged, and count as none (RFC 7672 section 2.1.3)."""
    assert codes(await dane(tools, "for-elsewhere.nl")) == [*GOOD[:2], "dane.tlsa/missing"]


async def test_the_host_is_an_alias(tools: Tools) -> None:
    """Where it leads to comes first, then the name itself (RFC 7672 section 2.2.2)."""
    findings = await dane(tools, "for-other.nl")
    assert codes(findings) == GOOD
    assert f"_25._tcp.good.{HOSTS}" in findings[2].says()
    findings = await dane(tools, "for-named.nl")
    assert codes(findings) == [*GOOD[:3], "dane.match/mismatch"]
    assert f"_25._tcp.named.{HOSTS}" in findings[2].says()


async def test_the_host_is_in_an_unsigned_zone(tools: Tools) -> None:
    assert codes(await dane(tools, "mixed.nl")) == ["dane.mx/signed", "dane.host/missing"]


async def test_the_domain_is_not_signed(tools: Tools) -> None:
    """The host's records are judged all the same, since some servers follow them."""
    findings = await dane(tools, "unsigned.nl")
    assert codes(findings) == ["dane.mx/missing", *GOOD[1:]]
    assert findings[0].outcome is Outcome.WARN


async def test_the_signatures_of_the_domain_are_wrong(tools: Tools) -> None:
    findings = await dane(tools, "bogus.nl")
    assert codes(findings) == ["dane.mx/bogus", "dane.host/bogus"]
    assert all(finding.outcome is Outcome.FAIL for finding in findings)
    assert all(finding.evidence for finding in findings)


async def test_the_signature_of_the_tlsa_records_is_wrong(tools: Tools) -> None:
    findings = await dane(tools, "tampered.nl")
    assert codes(findings) == [*GOOD[:2], "dane.tlsa/bogus"]
    assert findings[-1].outcome is Outcome.FAIL


async def test_each_host_is_judged(tools: Tools) -> None:
    findings = await dane(tools, "several.nl")
    assert codes(findings) == [*GOOD, *GOOD[1:3], "dane.match/mismatch"]
    assert the(findings, "dane.match/mismatch").target == f"wild.{HOSTS}"


async def test_hosts_of_nta_7516_mail_are_judged_as_well(tools: Tools) -> None:
    findings = await dane(tools, "nta.nl")
    assert codes(findings) == [*GOOD, *GOOD[1:]]
    assert [finding.target for finding in findings][-1] == f"selfsigned.{HOSTS}"
    planned = Examined(DnsName("nta.nl"), ntamx=(DnsName(f"wild.{HOSTS}"),))
    assert codes(await examine_dane(planned, tools))[-1] == "dane.match/mismatch"


async def test_without_mx_records_the_domain_is_the_host(tools: Tools) -> None:
    assert codes(await dane(tools, "implicit.nl")) == GOOD


async def test_a_domain_without_mail(tools: Tools) -> None:
    assert codes(await dane(tools, "nomail.nl")) == ["dane.mx/no-hosts"]
    assert codes(await dane(tools, "absent.nl")) == ["dane.mx/no-hosts"]


async def test_a_domain_of_which_nothing_is_known(tools: Tools) -> None:
    unknown = {"dark.nl.": Security.INDETERMINATE}
    resolver = ZoneResolver("", silent=("dark.nl.",), securities=unknown)
    assert codes(await dane(replace(tools, resolver=resolver), "dark.nl")) == ["dane.mx/unknown"]


@pytest.mark.parametrize(
    ("host", "records", "expected"),
    [
        (Security.INDETERMINATE, Security.SECURE, ["host/unknown"]),
        (Security.SECURE, Security.INDETERMINATE, ["host/signed", "tlsa/unknown"]),
        (Security.SECURE, Security.INSECURE, ["host/signed", "tlsa/missing"]),
        (Security.SECURE, Security.BOGUS, ["host/signed", "tlsa/bogus"]),
    ],
)
async def test_what_cannot_be_validated(
    tools: Tools, host: Security, records: Security, expected: list[str]
) -> None:
    """What is not proven is not connected to."""
    zone = f"here.nl. MX 10 mx.nl.\nmx.nl. A 127.0.1.200\n_25._tcp.mx.nl. TLSA 3 1 1 {'00' * 32}"
    securities = {"here.nl.": Security.SECURE, "mx.nl.": host, "_25._tcp.mx.nl.": records}
    given = replace(tools, resolver=ZoneResolver(zone, securities=securities), smtp=NoProber())
    assert codes(await dane(given, "here.nl")) == [f"dane.{code}" for code in ("mx/signed", *expected)]


async def test_no_answer_for_the_records(tools: Tools) -> None:
    """A proof that is at hand does not help where the answer itself did not come."""
    zone = "here.nl. MX 10 mx.nl.\nmx.nl. A 127.0.1.200"
    resolver = ZoneResolver(zone, ("_25._tcp.mx.nl.",), {".": Security.SECURE})
    given = replace(tools, resolver=resolver, smtp=NoProber())
    assert codes(await dane(given, "here.nl")) == [*GOOD[:2], "dane.tlsa/unknown"]


async def test_hosts_with_records_are_connected_to_once(world: World, tools: Tools) -> None:
    """Those without are not connected to at all."""
    server, hosts = world.servers.server, world.servers.hosts
    before = {kind: server.sessions(hosts[f"{kind}.{HOSTS}"].address) for kind in ("good", "tls11")}
    await asyncio.gather(
        *(dane(tools, domain) for domain in ("for-good.nl", "several.nl", "for-tls11.nl") * 20)
    )
    after = {kind: server.sessions(hosts[f"{kind}.{HOSTS}"].address) for kind in before}
    assert after["good"] - before["good"] == 4
    assert after["tls11"] == before["tls11"]
