"""The mail servers of a domain by its records, with observations that are given."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from mailseal.checks.hosts import examine_mx, examine_ntamx
from mailseal.checks.hosts.published import MAX_HOSTS
from mailseal.checks.model import Examined, Outcome
from mailseal.checks.smtp import AddressObservation, Contact, HostObservation, Lookup
from mailseal.checks.tools import Tools
from mailseal.records.names import DnsName
from support.answers import ZoneResolver
from support.examining import codes, examined, the, tools_with

DOMAIN = "zorg.example"
PLAIN = ["resolves/found", "reachable/refused"]
"""What is said of each host here."""
NTA = "v=NTA7516-1;startdate=2026-03;enddate=2029-03;provider=zorgmail"


class RefusingHosts:
    """A prober for which each host has one address that refuses."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    async def observe(self, host: DnsName) -> HostObservation:
        self.asked[host] += 1
        seen = AddressObservation("192.0.2.1", Contact.REFUSED, "refused")
        return HostObservation(host, Lookup.FOUND, addresses=(seen,))


def tools(records: str, *, silent: tuple[str, ...] = ()) -> tuple[Tools, RefusingHosts]:
    prober = RefusingHosts()
    return replace(tools_with(ZoneResolver(records, silent)), smtp=prober), prober


def zone(*lines: str) -> str:
    return "\n".join(f"{DOMAIN}. {line}" for line in lines)


def of(subject: str, *found: str, hosts: int = 0) -> list[str]:
    return [f"{subject}.{code}" for code in (*found, *(PLAIN * hosts))]


@pytest.mark.parametrize(
    ("records", "expected", "asked"),
    [
        (zone("MX 10 mx.example."), of("mx", "present/found", hosts=1), ["mx.example"]),
        (
            zone("MX 20 B.example.", "MX 10 c.example.", "MX 10 a.example.", "MX 30 c.example."),
            of("mx", "present/found", hosts=3),
            ["a.example", "c.example", "b.example"],
        ),
        (zone("A 192.0.2.1"), of("mx", "present/implicit", hosts=1), [DOMAIN]),
        (zone("AAAA 2001:db8::1"), of("mx", "present/implicit", hosts=1), [DOMAIN]),
        (zone("TXT nothing"), of("mx", "present/missing"), []),
        ("other.example. A 192.0.2.1", of("mx", "present/missing"), []),
        (zone("MX 0 ."), of("mx", "null/alone", "present/no-mail"), []),
        (
            zone("MX 0 .", "MX 10 mx.example."),
            of("mx", "null/beside-others", "present/found", hosts=1),
            ["mx.example"],
        ),
    ],
)
async def test_mx(records: str, expected: list[str], asked: list[str]) -> None:
    using, prober = tools(records)
    assert codes(await examine_mx(examined(DOMAIN), using)) == expected
    assert list(prober.asked) == asked


async def test_the_mx_records_are_the_evidence() -> None:
    using, _ = tools(zone("MX 20 b.example.", "MX 0 ."))
    found = the(await examine_mx(examined(DOMAIN), using), "mx.null/beside-others")
    assert found.evidence == ("MX 0 .", "MX 20 b.example")


async def test_mx_without_an_answer() -> None:
    using, _ = tools("", silent=(f"{DOMAIN}.",))
    (finding,) = await examine_mx(examined(DOMAIN), using)
    assert finding.verdict.id == "mx.present/unanswered"
    assert finding.outcome is Outcome.UNKNOWN


async def test_too_many_hosts() -> None:
    """The first ones by preference are looked at."""
    using, prober = tools(zone(*(f"MX {number} mx{number}.example." for number in range(50))))
    await examine_mx(examined(DOMAIN), using)
    assert list(prober.asked) == [f"mx{number}.example" for number in range(MAX_HOSTS)]


@pytest.mark.parametrize(
    ("records", "expected", "asked"),
    [
        (
            zone(f'TXT "{NTA};ntamx=20 b.example;ntamx=10 a.example"', "MX 10 mx.example."),
            of("ntamx", "present/named", hosts=2),
            ["a.example", "b.example"],
        ),
        (zone(f'TXT "{NTA}"', "MX 10 mx.example."), of("ntamx", "present/by-mx", hosts=1), ["mx.example"]),
        (zone(f'TXT "{NTA}"', "A 192.0.2.1"), of("ntamx", "present/by-mx", hosts=1), [DOMAIN]),
        (zone(f'TXT "{NTA}"', "MX 0 ."), of("ntamx", "present/no-hosts"), []),
        (zone(f'TXT "{NTA}"'), of("ntamx", "present/no-hosts"), []),
        (zone('TXT "v=spf1 -all"', "MX 10 mx.example."), of("ntamx", "present/no-record"), []),
        (zone('TXT "v=NTA7516-1;startdate=soon"'), of("ntamx", "present/unreadable"), []),
        (
            zone(f'TXT "{NTA};ntamx=10 a.example"', f'TXT "{NTA};ntamx=10 b.example"'),
            of("ntamx", "present/unreadable"),
            [],
        ),
        (
            zone('TXT "v=NTA7516;version:2019-06;expire:2019-10;provider:x;ntamx:mx.mail.de"'),
            of("ntamx", "present/unreadable"),
            [],
        ),
    ],
)
async def test_ntamx(records: str, expected: list[str], asked: list[str]) -> None:
    using, prober = tools(records)
    assert codes(await examine_ntamx(examined(DOMAIN), using)) == expected
    assert list(prober.asked) == asked


@pytest.mark.parametrize("record", ["v=spf1 -all", "v=NTA7516-1;startdate=soon"])
async def test_without_a_record_that_can_be_read_the_check_is_skipped(record: str) -> None:
    """Whether there should be one is for the checks of the record to say."""
    using, _ = tools(zone("MX 10 mx.example.", f'TXT "{record}"'))
    (finding,) = await examine_ntamx(examined(DOMAIN), using)
    assert finding.outcome is Outcome.SKIP


async def test_ntamx_without_an_answer() -> None:
    using, _ = tools("", silent=(f"{DOMAIN}.",))
    assert codes(await examine_ntamx(examined(DOMAIN), using)) == ["ntamx.present/unanswered"]


@pytest.mark.parametrize(
    "records", [zone(f'TXT "{NTA};ntamx=10 old.example"'), zone("MX 10 mx.example."), ""]
)
async def test_hosts_of_a_record_that_is_still_to_be_published(records: str) -> None:
    """They count, whatever is published now."""
    using, prober = tools(records)
    hosts = (DnsName("new.example"), DnsName("new2.example"))
    found = await examine_ntamx(Examined(DnsName(DOMAIN), ntamx=hosts), using)
    assert codes(found) == of("ntamx", "present/named", hosts=2)
    assert list(prober.asked) == ["new.example", "new2.example"]
