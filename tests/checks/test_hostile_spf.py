"""SPF records that are made to cost time: the event loop, which all domains share, stays free."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator
from dataclasses import replace

import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import pytest

from mailseal.checks.answers import Answer, Presence, Security, Validation
from mailseal.checks.spf import examine_spf
from mailseal.checks.spf.published import MAX_TERMS, published_in
from mailseal.checks.spf.walk import MAX_TERMS as MAX_TERMS_OF_WALK
from mailseal.checks.spf.walk import walk
from mailseal.records.names import DnsName
from support.examining import codes, examined, tools_with

SECONDS = 5
"""Ten times what it takes; without limits it is more than a minute."""
ROOT = dns.name.from_text("evil.example")
RELAY = dns.name.from_text("relay.example")
INCLUDES = " ".join(f"include:i{number}.evil.example" for number in range(99))


def answer(name: dns.name.Name, text: str) -> Answer:
    octets = text.encode()
    strings = [octets[start : start + 255] for start in range(0, len(octets), 255)]
    rdata = dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings)
    return Answer(name, dns.rdatatype.TXT, Presence.FOUND, (rdata,))


class Bomb:
    """Has one record at the domain, and another at every name below it."""

    def __init__(self, first: str, further: str, relay: str = "") -> None:
        self._first, self._further, self._relay = first, further, relay

    async def ask(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Answer:
        if rdtype != dns.rdatatype.TXT:
            return Answer(name, rdtype, Presence.NO_DATA)
        if name == RELAY:
            return answer(name, self._relay)
        return answer(name, self._first if name == ROOT else self._further)

    async def validate(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Validation:
        return Validation(Security.INSECURE)


@pytest.mark.parametrize(
    ("first", "further"),
    [
        pytest.param(INCLUDES, "a " * 30_000, id="many terms in many records"),
        pytest.param(INCLUDES, "a " * 900, id="many terms in many records of moderate length"),
        pytest.param(INCLUDES, "ip4:192.0.2.1 " * 4_000, id="many networks in many records"),
        pytest.param("include:i.evil.example " * 2_500, "a", id="the same include again and again"),
        pytest.param("a:%{d}.%{d}.%{d} " * 3_500, "a", id="many macros"),
    ],
)
def test_a_bomb_of_terms_takes_little_time(first: str, further: str) -> None:
    resolver = Bomb(f"v=spf1 {first} -all", f"v=spf1 {further} -all")
    before = time.process_time()
    found = codes(asyncio.run(examine_spf(examined("evil.example"), tools_with(resolver))))
    assert time.process_time() - before < SECONDS
    assert any("spf." in code for code in found)


def test_a_walk_keeps_no_more_terms_than_it_may() -> None:
    resolver = Bomb(f"v=spf1 {INCLUDES} -all", f"v=spf1 {'a ' * 900} -all")
    seen = asyncio.run(walk(ROOT, resolver))
    kept = sum(len(published.spf.terms) for published in seen.policies.values() if published.spf)
    assert kept <= MAX_TERMS_OF_WALK
    assert not seen.is_complete


def test_a_record_with_too_many_terms_is_not_used() -> None:
    usable, too_long = (f"v=spf1 {'a ' * count}".rstrip() for count in (MAX_TERMS, MAX_TERMS + 1))
    assert published_in(answer(ROOT, usable)).spf is not None
    refused = published_in(answer(ROOT, too_long))
    assert refused.spf is None
    assert "more than" in refused.problem


@pytest.fixture
def _uncollected() -> Iterator[None]:
    """Without garbage collections, which take as long as all that other tests have left is large."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_uncollected")
async def test_others_go_on_while_the_servers_of_a_relay_are_tried() -> None:
    """Records that list networks within those of a relay cause an evaluation for each end of one.

    Measured in processor time of this thread, which a busy machine does not stretch.
    """
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - before)

    includes = " ".join(f"include:i{number}.evil.example" for number in range(9))
    networks = " ".join(f"ip4:192.0.2.{number % 256}" for number in range(500))
    resolver = Bomb(f"v=spf1 {includes} -all", f"v=spf1 {networks} -all", relay="v=spf1 ip4:192.0.0.0/16")
    watching = asyncio.create_task(watch())
    begun = time.thread_time()
    relayed = replace(examined("evil.example"), relay=DnsName("relay.example"))
    found = codes(await examine_spf(relayed, tools_with(resolver)))
    took = time.thread_time() - begun
    watching.cancel()
    assert [code for code in found if code.startswith("spf.relay")] == ["spf.relay/refused"]
    assert longest < took / 4
