"""Answers of name servers that are made to take memory."""

from __future__ import annotations

import asyncio

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.answers import Presence
from mailseal.checks.once import OnceCache
from mailseal.checks.resolving import MAX_RECORDS, open_resolver
from mailseal.checks.settings import CheckSettings
from mailseal.checks.upstream import TCP_CONNECTIONS
from support.servers.fake import fake_dns, reply_to

GOOD = dns.name.from_text("good.example")
NAME = dns.name.from_text("evil.example")


@pytest.mark.parametrize(
    ("count", "presence"), [(MAX_RECORDS, Presence.FOUND), (MAX_RECORDS + 1, Presence.UNANSWERED)]
)
async def test_an_answer_with_thousands_of_records_is_not_taken(count: int, presence: Presence) -> None:
    def truncated(wire: bytes) -> list[bytes]:
        return [reply_to(wire, flags=dns.flags.TC)]

    def whole(wire: bytes) -> list[bytes]:
        response = dns.message.make_response(dns.message.from_wire(wire))
        addresses = (f"192.0.{number // 256}.{number % 256}" for number in range(count))
        response.answer.append(dns.rrset.from_text_list(NAME, 60, "IN", "A", addresses))
        return [response.to_wire(max_size=65535)]

    async with fake_dns(truncated, whole) as fake:
        settings = CheckSettings(resolvers=(f"{fake.address}:{fake.port}",))
        async with open_resolver(settings) as resolver:
            answer = await resolver.ask(NAME, dns.rdatatype.A)
    assert answer.presence is presence
    assert bool(answer.rdatas) is (presence is Presence.FOUND)


@given(weights=st.lists(st.integers(0, 20), max_size=30), capacity=st.integers(1, 20))
async def test_what_is_kept_weighs_no_more_than_it_may(weights: list[int], capacity: int) -> None:
    made: list[int] = []

    async def make(number: int) -> int:
        made.append(number)
        return weights[number]

    cache = OnceCache(make, capacity, weigh=lambda weight: weight)
    for number, weight in enumerate(weights):
        assert await cache.get(number) == weight
    made.clear()
    kept = [number for number in reversed(range(len(weights))) if await _is_kept(cache, number, made)]
    assert sum(weights[number] for number in kept) <= capacity


async def _is_kept(cache: OnceCache[int, int], number: int, made: list[int]) -> bool:
    await cache.get(number)
    return number not in made


async def test_names_that_answer_late_over_tcp_do_not_hold_up_others() -> None:
    """One domain can cause more of them than there are connections."""

    def truncated(wire: bytes) -> list[bytes]:
        return [reply_to(wire, flags=dns.flags.TC)]

    def only_good(wire: bytes) -> list[bytes]:
        name = dns.message.from_wire(wire).question[0].name
        return [reply_to(wire, "good.example. 60 A 192.0.2.1")] if name == GOOD else []

    async with fake_dns(truncated, only_good) as fake:
        settings = CheckSettings(resolvers=(f"{fake.address}:{fake.port}",))
        async with open_resolver(settings) as resolver:
            late = [
                asyncio.create_task(resolver.ask(dns.name.from_text(str(number), NAME), dns.rdatatype.A))
                for number in range(4 * TCP_CONNECTIONS)
            ]
            await asyncio.sleep(0)
            answer = await resolver.ask(GOOD, dns.rdatatype.A)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
    assert answer.presence is Presence.FOUND
