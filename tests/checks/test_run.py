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

import pytest

from mailseal.checks import run
from mailseal.checks.https import PolicyAnswer
from mailseal.checks.model import DomainResult, Examined, Finding, Outcome, Subject
from mailseal.checks.run import check_domain, check_domains
from mailseal.checks.settings import CheckSettings
from mailseal.checks.smtp import HostObservation
from mailseal.checks.tools import Examine, Tools
from mailseal.records.names import DnsName
from support.answers import ZoneResolver
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


TOOLS = Tools(ZoneResolver(""), NoNetwork(), NoNetwork(), NOW)


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
