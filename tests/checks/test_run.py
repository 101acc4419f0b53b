"""Runs of checks: what happens when one takes too long or fails, in which order, and how many at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Never

import dns.name
import dns.rdatatype
import pytest

from mailseal.checks import run
from mailseal.checks.answers import Answer, Presence
from mailseal.checks.https import PolicyAnswer
from mailseal.checks.model import DomainResult, Examined, Finding, Outcome, Subject
from mailseal.checks.run import check_domain, check_domains
from mailseal.checks.settings import CheckSettings
from mailseal.checks.smtp import HostObservation
from mailseal.checks.tools import Examine, Tools
from mailseal.records.names import DnsName
from support.answers import ZoneResolver
from support.checkresults import finding
from support.checkwords import GOOD

NOW = datetime(2026, 11, 24, tzinfo=UTC)
DOMAIN = Examined(DnsName("zorg-voorbeeld.example"))
SETTINGS = CheckSettings(domains_at_once=4, domain_within=timedelta(seconds=30))
HASTY = CheckSettings(domain_within=timedelta(milliseconds=50))


class NoNetwork:
    """A prober and a fetcher that nobody should ask."""

    async def observe(self, host: DnsName) -> HostObservation:
        raise AssertionError(host)

    async def fetch(self, domain: DnsName) -> PolicyAnswer:
        raise AssertionError(domain)


class EveryName(ZoneResolver):
    """Every name exists and has no records."""

    async def ask(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Answer:
        return Answer(name, rdtype, Presence.NO_DATA)


TOOLS = Tools(EveryName(""), NoNetwork(), NoNetwork(), NOW)


@pytest.fixture(autouse=True)
def no_real_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs get tools that ask nobody."""

    @asynccontextmanager
    async def opened(settings: CheckSettings, now: datetime) -> AsyncIterator[Tools]:
        yield TOOLS

    monkeypatch.setattr(run, "open_tools", opened)


async def passes(examined: Examined, tools: Tools) -> Sequence[Finding]:
    """All is well."""
    return (GOOD.on(examined.domain),)


async def hangs(examined: Examined, tools: Tools) -> Never:
    """Never comes to an end."""
    await asyncio.Event().wait()
    raise AssertionError(examined, tools)


def raising(error: BaseException) -> Examine:
    """An examiner with an error."""

    async def examine(examined: Examined, tools: Tools) -> Never:
        raise error

    return examine


def ids(result: DomainResult) -> list[str]:
    return [finding.verdict.id for finding in result.findings]


async def test_all_subjects_are_looked_at_together() -> None:
    """Each waits until all have begun; the findings come in the order of the subjects."""
    together = asyncio.Barrier(len(Subject))

    async def meets(examined: Examined, tools: Tools) -> Sequence[Finding]:
        await together.wait()
        return (GOOD.on(examined.domain),)

    result = await check_domain(DOMAIN, TOOLS, SETTINGS, dict.fromkeys(Subject, meets))

    assert len(result.findings) == len(Subject)
    assert result.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("outcomes", "together"),
    [
        ((), Outcome.SKIP),
        ((Outcome.SKIP,), Outcome.SKIP),
        ((Outcome.PASS, Outcome.SKIP), Outcome.PASS),
        ((Outcome.SKIP, Outcome.WARN, Outcome.PASS), Outcome.WARN),
        ((Outcome.WARN, Outcome.UNKNOWN), Outcome.UNKNOWN),
        ((Outcome.UNKNOWN, Outcome.FAIL), Outcome.FAIL),
    ],
)
def test_what_does_not_apply_does_not_count(outcomes: tuple[Outcome, ...], together: Outcome) -> None:
    """A domain that passes all that applies to it passes."""
    found = tuple(finding(outcome) for outcome in outcomes)

    assert DomainResult(DOMAIN, found).outcome is together


async def test_a_subject_that_takes_too_long_is_unknown() -> None:
    """The others are told as ever."""
    examiners = {Subject.MX: hangs, Subject.SPF: passes}

    result = await check_domain(DOMAIN, TOOLS, HASTY, examiners)

    assert ids(result) == ["mx.run/timed-out", GOOD.id]
    assert "not done within 0.05 seconds" in result.findings[0].says()
    assert result.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "error", [KeyError("secret"), TimeoutError("inside"), ExceptionGroup("g", [ValueError()])]
)
async def test_an_error_of_ours_is_logged_and_unknown(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the traceback; the finding names the kind of the error only; the others are told."""
    with caplog.at_level(logging.ERROR):
        result = await check_domain(
            DOMAIN, TOOLS, SETTINGS, {Subject.MX: raising(error), Subject.SPF: passes}
        )

    assert ids(result) == ["mx.run/failed", GOOD.id]
    assert type(error).__name__ in result.findings[0].says()
    assert "secret" not in result.findings[0].says()
    assert caplog.records[0].exc_info is not None
    assert "mx for zorg-voorbeeld.example" in caplog.text


async def test_a_domain_that_does_not_exist_lacks_no_records() -> None:
    """A misspelt name is told as such by each subject, not as a domain without SPF and the rest."""
    nothing = Tools(ZoneResolver(""), NoNetwork(), NoNetwork(), NOW)

    result = await check_domain(DOMAIN, nothing, SETTINGS)

    absent = {str(subject): f"{subject}.run/no-domain" for subject in Subject if subject != Subject.DNSSEC}
    assert {id_.partition(".")[0]: id_ for id_ in ids(result) if not id_.startswith("dnssec")} == absent
    assert {finding.verdict.id: finding.outcome for finding in result.about(Subject.DNSSEC)} == {
        "dnssec.chain/no-name": Outcome.FAIL,
        "dnssec.expiry/not-secure": Outcome.SKIP,
        "dnssec.algorithm/not-secure": Outcome.SKIP,
    }


@pytest.mark.parametrize(
    "records",
    [
        "_dmarc.zorg-voorbeeld.example. TXT v=DMARC1",
        "zorg-voorbeeld.example. CNAME gone.example.",
    ],
    ids=["only names below it", "an alias that leads nowhere"],
)
async def test_a_domain_without_records_of_its_own_exists(records: str) -> None:
    tools = Tools(ZoneResolver(records), NoNetwork(), NoNetwork(), NOW)

    assert ids(await check_domain(DOMAIN, tools, SETTINGS, {Subject.SPF: passes})) == [GOOD.id]


async def test_a_cancelled_check_is_cancelled() -> None:
    """It is not taken for a subject that failed, and nothing runs on."""
    before = asyncio.all_tasks()
    task = asyncio.create_task(check_domain(DOMAIN, TOOLS, SETTINGS, {Subject.MX: hangs}))
    await asyncio.sleep(0)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == before


@dataclass
class Crowd:
    """Counts how many domains are examined at the same time, and how many were asked for."""

    now: int = 0
    most: int = 0
    asked_for: int = 0
    slow: frozenset[str] = field(default_factory=frozenset)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def domains(self, names: Iterator[str]) -> Iterator[Examined]:
        for name in names:
            self.asked_for += 1
            yield Examined(DnsName(name))

    async def examine(self, examined: Examined, tools: Tools) -> Sequence[Finding]:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await (self.released.wait() if examined.domain in self.slow else asyncio.sleep(0))
        finally:
            self.now -= 1
        return (GOOD.on(examined.domain),)


async def test_results_come_as_they_are_ready() -> None:
    """A slow domain holds up no other."""
    crowd = Crowd(slow=frozenset({"slow.example"}))
    names = crowd.domains(iter(["slow.example", *(f"d{number}.example" for number in range(50))]))
    seen = []

    async with aclosing(check_domains(names, SETTINGS, NOW, {Subject.SPF: crowd.examine})) as results:
        async for result in results:
            seen.append(result.domain)
            if len(seen) == 50:
                crowd.released.set()

    assert seen[-1] == "slow.example"
    assert len(set(seen)) == 51
    assert crowd.most == SETTINGS.domains_at_once


async def test_an_endless_list_of_domains_is_read_as_needed() -> None:
    """The reader sets the pace; ending early ends what is under way."""
    before = asyncio.all_tasks()
    crowd = Crowd()
    names = crowd.domains(f"d{number}.example" for number in count())

    async with aclosing(check_domains(names, SETTINGS, NOW, {Subject.SPF: crowd.examine})) as results:
        for _ in range(100):
            await anext(results)
            assert crowd.asked_for <= 100 + SETTINGS.domains_at_once

    assert crowd.now == 0
    assert asyncio.all_tasks() == before


async def test_a_cancelled_run_ends_its_checks() -> None:
    """As Ctrl-C does."""
    before = asyncio.all_tasks()
    crowd = Crowd(slow=frozenset({"slow.example"}))

    async def go() -> list[DomainResult]:
        names = crowd.domains(iter(["slow.example"]))
        return [each async for each in check_domains(names, SETTINGS, NOW, {Subject.SPF: crowd.examine})]

    task = asyncio.create_task(go())
    while not crowd.now:
        await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert crowd.now == 0
    assert asyncio.all_tasks() == before


async def test_no_domains_give_no_results() -> None:
    """The run just ends."""
    assert [each async for each in check_domains((), SETTINGS, NOW, {Subject.SPF: passes})] == []
