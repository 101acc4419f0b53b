"""Somebody else writes to the apex set between two requests of ours, of which some fail."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.backends import (
    AzureHarness,
    CloudflareHarness,
    GoogleHarness,
    Harness,
    Route53Harness,
    TransIpHarness,
)
from support.backends.running import RunningBackends
from support.planning_world import gone, mail_domain, nta_record, spf
from support.vendorfronts import FAULTS, MakesFault, nth
from support.vendorlife import VendorZone, vendor_zone

VENDORS: tuple[type[Harness], ...] = (
    Route53Harness,
    CloudflareHarness,
    AzureHarness,
    GoogleHarness,
    TransIpHarness,
)
"""Those where nothing is lost: they compare before they write, or write single values."""

WRITES = ["nothing", "add", "remove", "take our SPF"]
MISHAPS = st.one_of(st.sampled_from(WRITES), st.sampled_from(FAULTS))
"""What happens around one request: somebody else writes before it, or it fails."""


@pytest.fixture(params=VENDORS, ids=lambda kind: kind.name)
def harness(request: pytest.FixtureRequest, vendors: RunningBackends) -> Harness:
    """The backend of each of these vendors in turn."""
    return vendors.get(request.param)


@given(mishaps=st.lists(MISHAPS, max_size=16))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_value_of_others_is_lost_or_comes_back(harness: Harness, mishaps: list[str | MakesFault]) -> None:
    asyncio.run(_race(harness, mishaps))


async def _race(harness: Harness, mishaps: list[str | MakesFault]) -> None:
    async with vendor_zone(harness) as world:
        expected = set(world.texts())
        wanted = [mail_domain(domain=str(world.zone), **spf("mx")), nta_record(domain=str(world.zone))]
        for number, mishap in enumerate(mishaps):
            if isinstance(mishap, str):
                world.interference.append(partial(_act, world, expected, mishap, f"other {number:02}"))
            else:
                world.front.add(mishap(harness, nth(world.front, number)))

        await world.settle(*wanted, syncs=len(mishaps) + 1)
        changed = [mail_domain(domain=str(world.zone), **spf("mx", "a")), wanted[1]]
        await world.settle(*changed, syncs=len(mishaps) + 1)
        world.interference.clear()
        world.front.clear()
        await world.settle(*changed)

        assert world.losses == []
        assert max(world.spf_counts) == 1
        ours = {"v=spf1 mx a -all", *(text for text in world.texts() if text.startswith("v=NTA7516"))}
        assert len(ours) == 2
        assert world.texts() == sorted(expected | ours)
        await world.settle(*map(gone, changed))
        assert world.texts() == sorted(expected)


def _act(world: VendorZone, expected: set[str], action: str, text: str) -> None:
    theirs = sorted(each for each in expected if each.startswith("other "))
    if action == "add":
        world.put_apex(more=[text])
        expected.add(text)
    elif action == "remove" and theirs:
        world.put_apex(without=theirs[0])
        expected.remove(theirs[0])
    elif action == "take our SPF":
        world.put_apex(without="v=spf1")
