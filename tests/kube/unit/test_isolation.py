"""A provider that hangs, lies or dies is felt by its own resources and by nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from mailseal.engine.objectkey import ObjectKey
from mailseal.providers.memory import MemoryBackend, MemoryProvider
from mailseal.records.names import DnsName
from support.fakeoperator import FakeCluster

BAD = ObjectKey("DnsProvider", "mail", "bad")
DOMAINS = 60
"""Far more than there are workers."""


class Misbehaving:
    """Makes the provider of the bad zones do what a test wants, and no other one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        self._patch = monkeypatch

    def replace(self, method: str, act: Any) -> None:
        """Have `act` answer instead where one of the bad zones is concerned."""
        usual = getattr(MemoryProvider, method)

        async def call(provider: MemoryProvider, *args: Any) -> Any:
            if provider._listed and provider._listed[0].startswith("bad"):
                self.calls += 1
                return await act(*args)
            return await usual(provider, *args)

        self._patch.setattr(MemoryProvider, method, call)


async def hang(*_: object) -> Any:
    await asyncio.sleep(3600)


async def die(*_: object) -> Any:
    raise RuntimeError("a plug-in fell over")


async def lie(*_: object) -> Any:
    return DnsName("elsewhere.example")


async def lie_in_pairs(*_: object) -> Any:
    return {"bad0.example": "v=spf1 +all"}


@pytest.fixture
def bad(monkeypatch: pytest.MonkeyPatch) -> Misbehaving:
    return Misbehaving(monkeypatch)


@pytest.fixture
def crowd(cluster: FakeCluster) -> Iterator[FakeCluster]:
    """A cluster in which a provider with many zones is about to misbehave."""
    zones = [f"bad{number}.example" for number in range(DOMAINS)]
    cluster.provider("bad", zones=zones)
    for number, zone in enumerate(zones):
        cluster.mail_domain(f"bad{number}", domain=zone, providerRef={"name": "bad"})
    yield cluster
    backend = MemoryBackend.named("default")
    assert not [zone for zone in backend.zones() if zone.startswith("bad") and backend.rrsets(zone)]


@pytest.mark.parametrize(
    ("method", "act"),
    [
        ("zone_of", hang),
        ("zone_of", die),
        ("zone_of", lie),
        ("read", hang),
        ("read", die),
        ("read", lie_in_pairs),
        ("survey", hang),
        ("survey", die),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
async def test_the_others_go_on(crowd: FakeCluster, bad: Misbehaving, method: str, act: Any) -> None:
    bad.replace(method, act)
    if method == "survey":
        bad.replace("read", hang)
    async with crowd.operator():
        await crowd.wait(lambda: bad.calls > 0, "the bad one asked")
        await asyncio.sleep(0.3)
        main = crowd.mail_domain()
        await crowd.wait_ready(main)
        assert not any(crowd.kube.is_ready(ObjectKey("MailDomain", "mail", f"bad{n}")) for n in range(5))


async def test_a_defect_is_told_on_the_resources_that_it_concerns(
    crowd: FakeCluster, bad: Misbehaving
) -> None:
    bad.replace("zone_of", lie)
    async with crowd.operator(stale_after=timedelta(0)):
        message = await crowd.wait_reason(ObjectKey("MailDomain", "mail", "bad0"), "ProviderDefect")
    assert "elsewhere.example" in message
