"""What a sync proves of the keys of a DkimKey, and what it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailseal.domain.dkimkey import KeyAlgorithm
from mailseal.domain.provider import SyncPolicy
from mailseal.engine.keysighting import sighting_of
from mailseal.planning.keylife.model import LifeKey, Sighting
from mailseal.planning.model import Claim
from mailseal.providers.base import Unavailable
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, RecordType, RRsetKey
from mailseal.records.txt import TxtData
from support.engine_world import EngineWorld, LateServers
from support.planning_world import ZONE, dkim_key, txt_key

KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
OTHER_KEY = "v=DKIM1; k=ed25519; p=aZ4rFqNqz0oIAMlqlYGgBDU7dbEUJFfrXpMs7nbCyX4="
REVOKED = "v=DKIM1; k=ed25519; p="
S1 = txt_key(f"s1._domainkey.{ZONE}")
CLAIM = dkim_key("main", ("s1", KEY))
ONLY_S1 = frozenset({"s1"})


async def seen(world: EngineWorld, claim: Claim = CLAIM, **settings: object) -> Sighting:
    found = sighting_of(claim, 7, await world.sync(claim, **settings))
    assert found is not None
    return found


async def test_a_key_is_proven_and_at_its_first_publication_disturbed() -> None:
    world = EngineWorld()
    first, second = await seen(world), await seen(world)
    assert first == Sighting(7, proven=ONLY_S1, disturbed=ONLY_S1)
    assert second == Sighting(7, proven=ONLY_S1)


async def test_a_key_of_the_same_meaning_that_stands_already_is_proven() -> None:
    world = EngineWorld()
    world.put(S1, KEY.replace("k=", "n=note; k="))
    assert await seen(world) == Sighting(7, proven=ONLY_S1)


async def test_a_change_of_the_ttl_disturbs_nothing() -> None:
    world = EngineWorld()
    await seen(world)
    slower = dkim_key("main", ("s1", KEY), ttl_seconds=7200)
    assert await seen(world, slower) == Sighting(7, proven=ONLY_S1)


@pytest.mark.parametrize(("silent", "disturbed"), [(True, frozenset()), (False, ONLY_S1)])
async def test_silence_proves_nothing_and_another_answer_disturbs(
    silent: bool, disturbed: frozenset[str]
) -> None:
    world = EngineWorld()
    await seen(world)
    world.observer = LateServers({S1: 9}, silent=silent)
    assert await seen(world) == Sighting(7, disturbed=disturbed)


async def test_a_revocation_is_proven_once_no_server_answers_the_key() -> None:
    world = EngineWorld()
    await seen(world)
    revoking = dkim_key("main", ("s1", REVOKED))
    world.observer = LateServers({S1: 1})
    assert await seen(world, revoking) == Sighting(7, disturbed=ONLY_S1)
    world.observer = None
    assert await seen(world, revoking) == Sighting(7, proven=ONLY_S1)


async def test_a_released_selector_is_proven_when_nothing_of_ours_is_answered() -> None:
    world = EngineWorld()
    await seen(world)
    released = replace(dkim_key(), dkim_released=ONLY_S1)
    world.observer = LateServers({S1: 1})
    assert await seen(world, released) == Sighting(7, disturbed=ONLY_S1)
    world.observer = None
    assert await seen(world, released) == Sighting(7, proven=ONLY_S1)
    world.put(S1, OTHER_KEY)
    assert await seen(world, released) == Sighting(7, proven=ONLY_S1)


async def test_a_value_that_policy_upsert_only_keeps_is_not_gone() -> None:
    world = EngineWorld(policy=SyncPolicy.UPSERT_ONLY)
    await seen(world)
    assert await seen(world, replace(dkim_key(), dkim_released=ONLY_S1)) == Sighting(7)


@pytest.mark.parametrize("foreign", [OTHER_KEY, REVOKED])
async def test_a_foreign_value_takes_the_selector(foreign: str) -> None:
    world = EngineWorld()
    world.put(S1, foreign)
    assert await seen(world) == Sighting(7, taken=ONLY_S1)


async def test_a_key_of_ours_takes_the_selector_and_is_no_stray() -> None:
    world = EngineWorld()
    await seen(world)
    assert await seen(world, dkim_key("main", ("s1", OTHER_KEY))) == Sighting(7, taken=ONLY_S1)


async def test_a_cname_in_the_way_waits_for_a_person() -> None:
    world = EngineWorld()
    world.put(RRsetKey(S1.name, RecordType.CNAME), CnameData(DnsName("else.example")))
    assert await seen(world) == Sighting(7)


@pytest.mark.parametrize(("record", "bits"), [(KEY, 256), (REVOKED, 0)])
async def test_what_is_ours_and_not_known_is_a_stray(record: str, bits: int) -> None:
    world = EngineWorld()
    await seen(world, dkim_key("main", ("s1", record)))
    expected = LifeKey("s1", KeyAlgorithm.ED25519, bits, record)
    assert (await seen(world, dkim_key())).strays == (expected,)
    world.observer = LateServers({S1: 9})
    assert (await seen(world, dkim_key())).strays == (expected,)


async def test_an_alias_is_proven_like_a_key() -> None:
    world = EngineWorld()
    claim = replace(dkim_key(), dkim_aliases=(("s1", DnsName("s1.else.example")),))
    assert await seen(world, claim) == Sighting(7, proven=ONLY_S1, disturbed=ONLY_S1)
    assert (await seen(world, dkim_key())).strays == ()


async def test_a_record_that_somebody_removed_is_written_again_and_was_disturbed() -> None:
    world = EngineWorld()
    await seen(world)
    world.backend.remove(S1)
    assert await seen(world) == Sighting(7, proven=ONLY_S1, disturbed=ONLY_S1)


async def test_the_negative_caching_time_is_asked_for_by_who_awaits_a_switch() -> None:
    world = EngineWorld()
    waiting = replace(CLAIM, awaits_switch=True)
    assert (await seen(world)).negative_caching == Sighting(7).negative_caching
    assert (await seen(world, waiting)).negative_caching == timedelta(0)
    world.observer = LateServers(negative_caching=timedelta(minutes=5))
    assert (await seen(world, waiting)).negative_caching == timedelta(minutes=5)
    world.observer = LateServers()
    assert (await seen(world, waiting)).negative_caching == Sighting(7).negative_caching


async def test_a_sync_that_wrote_nothing_or_failed_proves_nothing() -> None:
    world = EngineWorld()
    world.put(S1, TxtData.of(KEY))
    assert sighting_of(CLAIM, 7, await world.sync(CLAIM, policy=SyncPolicy.DRY_RUN)) is None
    outcome = await world.sync(CLAIM)
    assert sighting_of(dkim_key("unplanned"), 7, outcome) is None
    assert sighting_of(CLAIM, 7, replace(outcome, blocked={CLAIM.owner: "delegated"})) is None
    assert sighting_of(CLAIM, 7, replace(outcome, failure=Unavailable("silent"))) is None
