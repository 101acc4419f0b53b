"""Candidates for one Lease: never two leaders, and a leader that cannot renew stops in time."""

from __future__ import annotations

import asyncio
import copy
import time
from datetime import timedelta
from typing import Any, cast

import pytest

from mailseal.kube.api import ApiError, Conflict, KubeApi, NotFound
from mailseal.kube.leader import Election, LeadershipLost, LeaseTerms, lead

DURATION = timedelta(seconds=0.5)


class FakeLease:
    """The Lease calls of `KubeApi` over one object."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.version = 0
        self.error: ApiError | None = None
        self.latency_seconds = 0.0
        self.renewed_at = 0.0

    @property
    def api(self) -> KubeApi:
        return cast("KubeApi", self)

    @property
    def holder(self) -> str | None:
        return self.lease["spec"]["holderIdentity"] if self.lease else None

    async def get_lease(self, namespace: str, name: str) -> dict[str, Any]:
        await self._answer()
        if self.lease is None:
            raise NotFound(name)
        return copy.deepcopy(self.lease)

    async def create_lease(self, namespace: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
        await self._answer()
        if self.lease is not None:
            raise Conflict(name)
        return self._store({"metadata": {"name": name}, "spec": dict(spec)})

    async def replace_lease(self, namespace: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
        await self._answer()
        if self.lease is None or body["metadata"]["resourceVersion"] != str(self.version):
            raise Conflict(name)
        return self._store(copy.deepcopy(body))

    def _store(self, body: dict[str, Any]) -> dict[str, Any]:
        self.version += 1
        body["metadata"]["resourceVersion"] = str(self.version)
        self.lease = body
        self.renewed_at = time.monotonic()
        return copy.deepcopy(body)

    async def _answer(self) -> None:
        await asyncio.sleep(self.latency_seconds)
        if self.error:
            raise self.error


@pytest.fixture
def lease() -> FakeLease:
    return FakeLease()


def terms(identity: str) -> LeaseTerms:
    return LeaseTerms("mailseal-system", "mailseal", identity, DURATION)


async def test_of_many_candidates_one_gets_the_lease_and_keeps_it(lease) -> None:
    elections = [Election(lease.api, terms(f"pod-{number}")) for number in range(8)]
    won = await asyncio.gather(*(election.try_once() for election in elections))
    assert sum(won) == 1
    again = await asyncio.gather(*(election.try_once() for election in elections))
    assert again == won


async def test_a_silent_holder_is_believed_in_for_the_duration_and_not_longer(lease) -> None:
    assert await Election(lease.api, terms("a")).try_once()
    lease.lease["spec"]["leaseDurationSeconds"] = 1
    other = Election(lease.api, terms("b"))
    began = time.monotonic()
    while not await other.try_once():
        await asyncio.sleep(0.02)
    assert 1 <= time.monotonic() - began < 3
    assert lease.holder == "b"


async def test_two_candidates_that_see_a_silent_lease_at_once_do_not_both_take_it(lease) -> None:
    assert await Election(lease.api, terms("a")).try_once()
    lease.lease["spec"]["leaseDurationSeconds"] = 0.1
    others = [Election(lease.api, terms(name)) for name in ("b", "c")]
    await asyncio.gather(*(other.try_once() for other in others))
    await asyncio.sleep(0.15)
    assert sum(await asyncio.gather(*(other.try_once() for other in others))) == 1


async def test_a_released_lease_is_free_at_once(lease) -> None:
    holder = Election(lease.api, terms("a"))
    assert await holder.try_once()
    await holder.release()
    assert await Election(lease.api, terms("b")).try_once()


async def test_what_another_holds_by_now_is_not_released(lease) -> None:
    former = Election(lease.api, terms("a"))
    assert await former.try_once()
    lease.lease["spec"]["holderIdentity"] = "b"
    await former.release()
    assert lease.holder == "b"


@pytest.mark.parametrize("latency_seconds", [0.0, 0.066, 10.0], ids=["at once", "slowly", "never"])
async def test_work_ends_well_before_anybody_else_may_start_when_renewal_fails(
    lease, latency_seconds
) -> None:
    """However long the API server takes to fail."""
    stopped_at: list[float] = []

    async def work() -> None:
        await asyncio.sleep(0.25)
        lease.error, lease.latency_seconds = ApiError("unreachable"), latency_seconds
        try:
            await asyncio.sleep(10)
        finally:
            stopped_at.append(time.monotonic())

    with pytest.raises(LeadershipLost, match="could not be renewed"):
        await lead(lease.api, terms("a"), work)
    assert stopped_at[0] - lease.renewed_at < DURATION.total_seconds() * 0.9


async def test_work_that_fails_gives_the_lease_back(lease) -> None:
    async def work() -> None:
        raise OSError("no watch")

    with pytest.raises(OSError, match="no watch"):
        await lead(lease.api, terms("a"), work)
    assert lease.holder == ""


async def test_a_candidate_that_is_cancelled_gives_nothing_back_that_is_not_its_own(lease) -> None:
    assert await Election(lease.api, terms("a")).try_once()
    lease.lease["spec"]["leaseDurationSeconds"] = 60
    waiting = asyncio.create_task(lead(lease.api, terms("b"), asyncio.Event().wait))
    await asyncio.sleep(0.1)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert lease.holder == "a"
