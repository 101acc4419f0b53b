"""Runs of checks: of one domain, and of any number of them in bounded memory and time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Final

import dns.rdatatype

from mailseal.checks.answers import Presence
from mailseal.checks.asking import ask
from mailseal.checks.hitches import failed_on, no_domain_on, timed_out_on
from mailseal.checks.model import DomainResult, Examined, Finding, Subject
from mailseal.checks.opening import open_tools
from mailseal.checks.registry import EXAMINERS
from mailseal.checks.settings import CheckSettings
from mailseal.checks.together import as_completed
from mailseal.checks.tools import Examine, Tools

__all__ = ["check_domain", "check_domains", "open_tools"]

logger = logging.getLogger(__name__)
Examiners = Mapping[Subject, Examine]
_TELL_OF_ABSENCE: Final = frozenset({Subject.DNSSEC})
"""What these say of a domain that does not exist is more than that."""


async def check_domains(
    domains: Iterable[Examined], settings: CheckSettings, now: datetime, examiners: Examiners = EXAMINERS
) -> AsyncGenerator[DomainResult]:
    """The results of `domains` in the order in which they are ready, all with the same tools.

    `domains` is read, and results are kept, only so far as `settings.domains_at_once` needs. Close the
    generator (`contextlib.aclosing`) to end what is under way.
    """
    async with open_tools(settings, now) as tools:
        jobs = (check_domain(examined, tools, settings, examiners) for examined in domains)
        async with aclosing(as_completed(jobs, settings.domains_at_once)) as results:
            async for result in results:
                yield result


async def check_domain(
    examined: Examined, tools: Tools, settings: CheckSettings, examiners: Examiners = EXAMINERS
) -> DomainResult:
    """Look at all subjects of `examiners` at the same time. Of a domain that does not exist they say that.

    A subject that is not done within `settings.domain_within`, or that fails through an error of ours, is
    unknown and says so; the others do not notice.
    """
    within = settings.domain_within.total_seconds()
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_examine(subject, examine, examined, tools, within))
            for subject, examine in examiners.items()
        ]
    return DomainResult(examined, tuple(finding for task in tasks for finding in task.result()))


async def _examine(
    subject: Subject, examine: Examine, examined: Examined, tools: Tools, within_seconds: float
) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(within_seconds) as limit:
            if subject not in _TELL_OF_ABSENCE and await _is_absent(examined, tools):
                return (no_domain_on(subject, examined.domain),)
            return await examine(examined, tools)
    except Exception as error:
        if isinstance(error, TimeoutError) and limit.expired():
            return (timed_out_on(subject, examined.domain, within_seconds),)
        logger.exception("the check of %s for %s failed", subject, examined.domain)
        return (failed_on(subject, examined.domain, error),)


async def _is_absent(examined: Examined, tools: Tools) -> bool:
    """True when DNS answers that there is no such name: a misspelt domain lacks no records."""
    answer = await ask(tools.resolver, examined.domain, dns.rdatatype.TXT)
    return answer.presence is Presence.NO_NAME and not answer.aliases
