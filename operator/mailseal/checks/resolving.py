"""DNS for a run of checks: each question is asked once, and its answer validated by ourselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import dns.name
import dns.rdatatype

from mailseal.checks.answers import Answer, Validation
from mailseal.checks.links import MAX_ALIASES, Link, Resolution, read
from mailseal.checks.once import OnceCache
from mailseal.checks.settings import CheckSettings
from mailseal.checks.upstream import Upstreams, endpoints_of
from mailseal.checks.validating import TrustAnchors, Validator, trust_anchors
from mailseal.checks.wording import told
from mailseal.dnsio.faults import DnsFault

ANSWERS_KEPT: Final = 8192
"""More than the domains that are examined at the same time ask for; 4 KB each, and 10 KB when signed.

Larger answers count as several.
"""
MAX_RECORDS: Final = 500
"""In one answer; no name of a mail domain needs more, and each takes many times its length in memory."""
_RECORDS_OF_ONE: Final = 16
_BYTES_OF_ONE: Final = 2048

Question = tuple[dns.name.Name, dns.rdatatype.RdataType]


class CachingResolver:
    """A `Resolver` that asks recursive resolvers and believes only what it has validated itself.

    It also works with an authoritative server, as far as that server has the answers.
    """

    def __init__(self, upstreams: Upstreams, anchors: TrustAnchors, now: datetime) -> None:
        self._upstreams = upstreams
        self._resolutions: OnceCache[Question, Resolution] = OnceCache(self._resolve, ANSWERS_KEPT, _weight)
        self._validations: OnceCache[Question, Validation] = OnceCache(self._validate, ANSWERS_KEPT)
        self._validator = Validator(anchors, now, self.resolve)

    async def ask(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Answer:
        """See `Resolver.ask`."""
        return (await self.resolve(name, rdtype)).answer

    async def validate(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Validation:
        """See `Resolver.validate`."""
        return await self._validations.get((name, rdtype))

    async def resolve(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Resolution:
        """The answer with its proofs."""
        return await self._resolutions.get((name, rdtype))

    async def close(self) -> None:
        """End what is under way."""
        await self._validations.close()
        await self._validator.close()
        await self._resolutions.close()

    async def _validate(self, question: Question) -> Validation:
        return await self._validator.validate(await self.resolve(*question))

    async def _resolve(self, question: Question) -> Resolution:
        name, rdtype = question
        links: tuple[Link, ...] = ()
        at = name
        while len(links) <= MAX_ALIASES:
            try:
                response = await self._upstreams.exchange(at, rdtype)
            except DnsFault as error:
                return Resolution(name, rdtype, links, str(error))
            if sum(map(len, response.answer)) > MAX_RECORDS:
                fault = f"the answer for {told(at)} has more than {MAX_RECORDS} records"
                return Resolution(name, rdtype, links, fault)
            reading = read(response, at, rdtype)
            links += reading.links
            if reading.onward is None:
                return Resolution(name, rdtype, links, reading.fault)
            at = reading.onward
        return Resolution(name, rdtype, links, f"more than {MAX_ALIASES} aliases follow {told(name)}")


def _weight(resolution: Resolution) -> int:
    """How many usual answers take as much memory."""
    responses = {id(link.response): link.response for link in resolution.links}.values()
    return 1 + sum(
        sum(map(len, (*each.answer, *each.authority, *each.additional))) // _RECORDS_OF_ONE
        + len(each.wire or b"") // _BYTES_OF_ONE
        for each in responses
    )


@asynccontextmanager
async def open_resolver(
    settings: CheckSettings, now: datetime | None = None
) -> AsyncIterator[CachingResolver]:
    """A resolver for one run, which judges signatures as of `now` (default: the time of opening).

    Raises `ValueError` for resolvers or trust anchors in `settings` that cannot be used.
    """
    anchors = trust_anchors(settings.trust_anchors)
    endpoints = endpoints_of(settings)
    async with Upstreams(endpoints, settings.query_within.total_seconds()) as upstreams:
        resolver = CachingResolver(upstreams, anchors, now or datetime.now(UTC))
        try:
            yield resolver
        finally:
            await resolver.close()
