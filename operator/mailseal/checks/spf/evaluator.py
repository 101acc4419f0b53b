"""`check_host`: whether a client may send mail of a domain (RFC 7208 section 4)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import dns.rdatatype

from mailseal.checks.answers import Resolver
from mailseal.checks.spf.expansion import (
    MacroValues,
    expand_explanation,
    explanation_needs_validated_name,
)
from mailseal.checks.spf.matching import Lookups, in_network
from mailseal.checks.spf.model import (
    CODE_OF,
    UNKNOWN_HOST,
    Envelope,
    IpAddress,
    Limits,
    SpfCode,
    SpfPermError,
    SpfResult,
    SpfTempError,
    Step,
)
from mailseal.checks.spf.names import domain_name, name_text, query_name
from mailseal.checks.spf.published import Publication, published_at
from mailseal.records.spf import All, Explanation, Include, Ip4, Ip6, Mechanism, Redirect, Spf

RFC_LIMITS = Limits()
_MATCH = "match"
_NO_MATCH = "no match"


async def check_host(
    ip: IpAddress, domain: str, sender: str, helo: str, resolver: Resolver, limits: Limits = RFC_LIMITS
) -> SpfResult:
    """Whether the client at `ip` may send mail of `domain` as `sender` (section 4.1). Raises nothing."""
    return await evaluate(Envelope(ip, sender, helo), domain, resolver, limits)


async def evaluate(
    envelope: Envelope, domain: str, resolver: Resolver, limits: Limits = RFC_LIMITS
) -> SpfResult:
    """`check_host` with all that an explanation may tell of the message."""
    return await _Evaluation(envelope, resolver, limits).result(domain)


@dataclass(frozen=True, slots=True)
class _Reached:
    """What the record of a domain results in, and the record that decided (after redirects)."""

    code: SpfCode
    domain: str
    spf: Spf | None = None
    matched: Step | None = None
    problem: str = ""


class _Evaluation:
    def __init__(self, envelope: Envelope, resolver: Resolver, limits: Limits) -> None:
        self._lookups = Lookups(envelope, resolver, limits)
        self._trace: list[Step] = []

    async def result(self, domain: str) -> SpfResult:
        ends_at = asyncio.get_running_loop().time() + self._lookups.limits.within.total_seconds()
        reached = await self._bounded(domain, ends_at)
        explanation = None
        if reached.code is SpfCode.FAIL:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(ends_at):
                    explanation = await self._explanation(reached)
        return SpfResult(
            code=reached.code,
            problem=reached.problem,
            explanation=explanation,
            matched=reached.matched,
            lookup_terms=self._lookups.terms,
            void_lookups=self._lookups.voids,
            trace=tuple(self._trace),
        )

    async def _bounded(self, domain: str, ends_at: float) -> _Reached:
        try:
            async with asyncio.timeout_at(ends_at):
                return await self._check(domain, 0)
        except SpfPermError as error:
            return _Reached(SpfCode.PERMERROR, domain, problem=str(error))
        except SpfTempError as error:
            return _Reached(SpfCode.TEMPERROR, domain, problem=str(error))
        except TimeoutError:
            limit = self._lookups.limits.within.total_seconds()
            return _Reached(SpfCode.TEMPERROR, domain, problem=f"not done within {limit:g} seconds")

    async def _check(self, text: str, depth: int) -> _Reached:
        name = domain_name(text)
        if name is None:
            return _Reached(SpfCode.NONE, text, problem=f"{text!r} is not a domain name")
        domain = name_text(name)
        published = await published_at(name, self._lookups.resolver)
        if published.publication is Publication.NONE:
            return _Reached(SpfCode.NONE, domain, problem=f"{domain}: {published.problem}")
        if published.publication is Publication.UNANSWERED:
            raise SpfTempError(f"{domain}: {published.problem}")
        if published.spf is None:
            raise SpfPermError(f"{domain}: {published.problem}")
        return await self._apply(published.spf, domain, depth)

    async def _apply(self, spf: Spf, domain: str, depth: int) -> _Reached:
        for mechanism in spf.mechanisms:
            step = await self._try(mechanism, domain, depth)
            if step.outcome == _MATCH:
                return _Reached(CODE_OF[mechanism.qualifier], domain, spf, step)
        redirect = next((term for term in spf.terms if isinstance(term, Redirect)), None)
        if redirect is None:
            return _Reached(SpfCode.NEUTRAL, domain, spf)
        return await self._redirect(redirect, domain, depth)

    async def _try(self, mechanism: Mechanism, domain: str, depth: int) -> Step:
        try:
            matched = await self._matches(mechanism, domain, depth)
        except (SpfPermError, SpfTempError) as error:
            self._note(mechanism, domain, depth, str(error))
            raise
        return self._note(mechanism, domain, depth, _MATCH if matched else _NO_MATCH)

    def _note(self, term: Mechanism | Redirect, domain: str, depth: int, outcome: str) -> Step:
        step = Step(depth, domain, term, outcome, self._lookups.terms, self._lookups.voids)
        self._trace.append(step)
        return step

    async def _matches(self, mechanism: Mechanism, domain: str, depth: int) -> bool:
        if mechanism.looks_up:
            self._lookups.count_term()
        match mechanism:
            case All():
                return True
            case Ip4() | Ip6():
                return in_network(self._lookups.envelope.client, mechanism)
            case Include():
                target = await self._lookups.target(mechanism.domain, domain)
                return (await self._other(target, depth)).code is SpfCode.PASS
            case _:
                return await self._lookups.matches(mechanism, domain)

    async def _redirect(self, redirect: Redirect, domain: str, depth: int) -> _Reached:
        self._note(redirect, domain, depth, "go on there")
        self._lookups.count_term()
        return await self._other(await self._lookups.target(redirect.domain, domain), depth)

    async def _other(self, target: str, depth: int) -> _Reached:
        """What another domain's record results in; without a record that is an error (5.2 and 6.1)."""
        reached = await self._check(_cut(target), depth + 1)
        if reached.code is SpfCode.NONE:
            raise SpfPermError(reached.problem)
        return reached

    async def _explanation(self, reached: _Reached) -> str | None:
        """What `exp` of the record that failed says, if anything usable (section 6.2)."""
        terms = reached.spf.terms if reached.spf else ()
        explained = next((term for term in terms if isinstance(term, Explanation)), None)
        if explained is None:
            return None
        name = query_name(await self._lookups.target(explained.domain, reached.domain))
        if name is None:
            return None
        texts = (await self._lookups.resolver.ask(name, dns.rdatatype.TXT)).texts
        if len(texts) != 1 or not texts[0].isascii():
            return None
        validated = UNKNOWN_HOST
        if explanation_needs_validated_name(texts[0]):
            validated = await self._lookups.validated_name(reached.domain)
        return expand_explanation(texts[0], MacroValues(self._lookups.envelope, reached.domain, validated))


def _cut(target: str) -> str:
    """The target name without the labels that make it too long (section 7.3)."""
    name = query_name(target)
    return target if name is None else name_text(name)
