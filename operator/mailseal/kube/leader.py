"""Leadership by Lease: one replica works, the others stand by.

The algorithm of client-go: a candidate believes in a foreign Lease until it has seen no change of it, by
its own clock, for the Lease's duration. (The official client's asynchronous LeaseLock fails its own argument
check in version 37, and both its clock and its time-outs are the system's; hence this module.)
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mailseal.kube.api import ApiError, Conflict, KubeApi, NotFound
from mailseal.kube.metrics import LEADER

logger = logging.getLogger(__name__)

Spec = Mapping[str, Any]


class LeadershipLost(Exception):
    """Another process may be working now; this one must end."""


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """Which Lease, who we are in it, and how long a silent holder is believed in."""

    namespace: str
    name: str
    identity: str
    duration: timedelta

    @property
    def renew_every(self) -> timedelta:
        """How often the holder renews."""
        return self.duration / 5

    @property
    def renew_within(self) -> timedelta:
        """When a holder that could not renew stops working: well before anybody else may start."""
        return self.duration * 2 / 3


def is_free(spec: Spec, unchanged_for: timedelta, terms: LeaseTerms) -> bool:
    """True when the Lease may be taken: nobody's, ours, or silent for longer than its own duration."""
    holder = spec.get("holderIdentity")
    duration = timedelta(seconds=spec.get("leaseDurationSeconds") or terms.duration.total_seconds())
    return not holder or holder == terms.identity or unchanged_for >= duration


def taken(spec: Spec, terms: LeaseTerms, now: datetime) -> dict[str, Any]:
    """The spec of the Lease in our hands (coordination.k8s.io/v1)."""
    stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    ours = spec.get("holderIdentity") == terms.identity
    transitions = spec.get("leaseTransitions") or 0
    return {
        "holderIdentity": terms.identity,
        "leaseDurationSeconds": int(terms.duration.total_seconds()),
        "acquireTime": spec.get("acquireTime", stamp) if ours else stamp,
        "renewTime": stamp,
        "leaseTransitions": transitions if ours or not spec else transitions + 1,
    }


class Election:
    """One candidate for a Lease."""

    def __init__(self, api: KubeApi, terms: LeaseTerms) -> None:
        self._api = api
        self._terms = terms
        self._seen: Spec = {}
        self._seen_at = 0.0

    async def try_once(self) -> bool:
        """Take or renew the Lease if that is allowed; True when it is ours afterwards.

        Every failure, a slow API server included, counts as not ours.
        """
        try:
            async with asyncio.timeout(self._terms.renew_every.total_seconds()):
                return await self._take_or_renew()
        except (ApiError, TimeoutError) as error:
            logger.debug("the Lease could not be taken or renewed: %s", error)
            return False

    async def release(self) -> None:
        """Give our own Lease back, so that the next leader need not wait for it."""
        terms = self._terms
        try:
            async with asyncio.timeout(self._terms.renew_every.total_seconds()):
                lease = await self._api.get_lease(terms.namespace, terms.name)
                if lease["spec"].get("holderIdentity") == terms.identity:
                    spec = {**lease["spec"], "holderIdentity": "", "leaseDurationSeconds": 1}
                    await self._api.replace_lease(terms.namespace, terms.name, {**lease, "spec": spec})
                    logger.info("gave back the Lease %s/%s", terms.namespace, terms.name)
        except (ApiError, TimeoutError) as error:
            logger.warning("the Lease could not be given back: %s", error)

    async def _take_or_renew(self) -> bool:
        terms = self._terms
        now = datetime.now(UTC)
        try:
            lease = await self._api.get_lease(terms.namespace, terms.name)
        except NotFound:
            await self._api.create_lease(terms.namespace, terms.name, taken({}, terms, now))
            return True
        spec: Spec = lease.get("spec") or {}
        loop_time = asyncio.get_running_loop().time()
        if spec != self._seen:
            self._seen, self._seen_at = spec, loop_time
        if not is_free(spec, timedelta(seconds=loop_time - self._seen_at), terms):
            return False
        try:
            await self._api.replace_lease(
                terms.namespace, terms.name, {**lease, "spec": taken(spec, terms, now)}
            )
        except Conflict:
            return False
        return True


async def lead(api: KubeApi, terms: LeaseTerms, work: Callable[[], Awaitable[None]]) -> None:
    """Wait for the Lease, run `work`, and return when it ended.

    `work` is cancelled when the Lease cannot be renewed in time. Raises `LeadershipLost`, and what `work`
    raises.
    """
    election = Election(api, terms)
    try:
        await _acquire(election, terms)
        logger.info("%s leads by the Lease %s/%s", terms.identity, terms.namespace, terms.name)
        LEADER.set(1)
        await _work_while_leading(election, terms, work)
    finally:
        LEADER.set(0)
        await election.release()


async def _acquire(election: Election, terms: LeaseTerms) -> None:
    while not await election.try_once():  # noqa: ASYNC110 - nothing tells of a free Lease but another look
        await asyncio.sleep(terms.renew_every.total_seconds())


async def _work_while_leading(
    election: Election, terms: LeaseTerms, work: Callable[[], Awaitable[None]]
) -> None:
    working = asyncio.ensure_future(work())
    renewing = asyncio.create_task(_renew(election, terms), name="lease")
    try:
        await asyncio.wait({working, renewing}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise LeadershipLost(f"the Lease {terms.namespace}/{terms.name} could not be renewed in time")
        await working
    finally:
        working.cancel()
        renewing.cancel()
        await asyncio.gather(working, renewing, return_exceptions=True)


async def _renew(election: Election, terms: LeaseTerms) -> None:
    """Renew until that has failed for `renew_within`; a process that was frozen finds out at once."""
    loop = asyncio.get_running_loop()
    with suppress(TimeoutError):
        async with asyncio.timeout(terms.renew_within.total_seconds()) as patience:
            while True:
                await asyncio.sleep(terms.renew_every.total_seconds())
                asking_at = loop.time()
                if await election.try_once():
                    patience.reschedule(asking_at + terms.renew_within.total_seconds())
