"""The memory provider's own features: shared instances and faults on demand."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from mailseal.providers.base import InvalidConfiguration, OutcomeUnknown, Raced, RateLimited, Refused
from mailseal.providers.memory import MemoryBackend, MemoryProvider
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

ZONE = DnsName("zorg.example")
KEY = RRsetKey(ZONE, RecordType.TXT)
OURS = RRset(KEY, 60, (TxtData.of("ours"),))
CREATION = RRsetChange(KEY, None, OURS)


@pytest.fixture
def provider() -> Iterator[MemoryProvider]:
    yield MemoryProvider.from_settings({"name": "test", "zones": [ZONE]}, {})
    MemoryBackend.forget("test")


async def test_providers_of_one_name_share_their_zones_and_others_do_not(provider: MemoryProvider) -> None:
    await provider.apply(ZONE, [CREATION])

    same = MemoryProvider.from_settings({"name": "test", "zones": []}, {})
    other = MemoryProvider.from_settings({"name": "another", "zones": [ZONE]}, {})

    assert await same.zones() == (ZONE,)
    assert await same.read(ZONE, [KEY]) == {KEY: OURS}
    assert await other.read(ZONE, [KEY]) == {}
    MemoryBackend.forget("another")


async def test_an_error_in_waiting_is_raised_once(provider: MemoryProvider) -> None:
    provider.backend.faults.errors.append(RateLimited("slow down"))

    with pytest.raises(RateLimited):
        await provider.read(ZONE, [KEY])
    assert await provider.read(ZONE, [KEY]) == {}


async def test_changes_that_the_test_refuses_are_refused_as_a_batch(provider: MemoryProvider) -> None:
    provider.backend.faults.refuse = lambda change: "no TXT here" if change.key == KEY else None
    other = RRsetKey(DnsName("x.zorg.example"), RecordType.TXT)

    with pytest.raises(Refused, match="no TXT here"):
        await provider.apply(ZONE, [RRsetChange(other, None, RRset(other, 60, OURS.values)), CREATION])

    assert provider.backend.rrsets(ZONE) == {}


async def test_somebody_who_is_faster_wins_the_race(provider: MemoryProvider) -> None:
    theirs = RRset(KEY, 60, (TxtData.of("theirs"),))
    provider.backend.faults.before_apply.append(lambda backend: backend.put(theirs))

    with pytest.raises(Raced):
        await provider.apply(ZONE, [CREATION])
    assert await provider.read(ZONE, [KEY]) == {KEY: theirs}


async def test_a_lost_answer_hides_a_write_that_was_made(provider: MemoryProvider) -> None:
    provider.backend.faults.after_apply.append(OutcomeUnknown("lost"))

    with pytest.raises(OutcomeUnknown):
        await provider.apply(ZONE, [CREATION])
    assert await provider.read(ZONE, [KEY]) == {KEY: OURS}


async def test_latency_and_calls_are_counted(provider: MemoryProvider) -> None:
    provider.backend.faults.latency_seconds = 0.05
    started = time.monotonic()

    await provider.read(ZONE, [KEY])
    await provider.apply(ZONE, [CREATION])

    assert time.monotonic() - started >= 0.1
    assert (provider.backend.reads, provider.backend.writes) == (1, 1)


async def test_removing_a_set_that_is_not_there_is_no_error(provider: MemoryProvider) -> None:
    provider.backend.remove(KEY)

    assert provider.backend.rrsets(ZONE) == {}


@pytest.mark.parametrize(
    ("settings", "credentials"), [({"name": ""}, {}), ({"zones": 5}, {}), ({}, {"password": b"x"})]
)
def test_wrong_settings_are_refused(settings: dict[str, object], credentials: dict[str, bytes]) -> None:
    with pytest.raises(InvalidConfiguration):
        MemoryProvider.from_settings(settings, credentials)
