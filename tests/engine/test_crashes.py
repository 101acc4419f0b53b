"""The operator may die at any moment, and its statuses may be lost: the zone ends up the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailseal.planning.model import Claim, RecordState
from mailseal.providers.memory import MemoryProvider
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey
from support.engine_world import EngineWorld, remembering
from support.planning_world import APEX, ZONE, dkim_key, gone, mail_domain, nta_record, spf, txt_key

FOREIGN = {
    APEX: ("MS=ms1", "google-site-verification=x"),
    txt_key(f"selector1._domainkey.{ZONE}"): ("v=DKIM1; k=rsa; p=Zm9yZWlnbg==",),
    txt_key(f"_mailseal.{ZONE}"): ("v=mailseal1; owner=somebody-else; r=x:TXT:0123456789ab:01234567",),
}
KINDS = ("MailDomain", "DkimKey", "NtaRecord")
KEYS = ("ms20260101-aaaaa", "ms20260201-bbbbb")
SUB = f"sub.{ZONE}"


class Crash(BaseException):
    """The process is gone."""


@dataclass(frozen=True)
class Step:
    """What a user does, and how the operator fares while it works on that."""

    kind: str
    slot: int
    """Which resource of the kind: 0 and 1 claim the same domain, 2 another one."""
    variant: int | None
    """What the spec wants; None: the resource is deleted."""
    crash_at: int | None = None
    """The write, from 0, at which the operator dies; None: it does not."""
    after: bool = False
    """It dies after the write is made, not before."""
    status_lost: bool = False
    """All statuses are gone when it starts again, as after the restore of a backup."""
    restarts: bool = True
    """It starts again before the user does anything else."""

    @property
    def name(self) -> str:
        """The resource's."""
        return f"{self.kind}-{self.slot}"


class MortalProvider(MemoryProvider):
    """Takes the whole process with it at one of its writes."""

    deadly: int | None = None
    after = False

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        dies = self.deadly == 0
        if self.deadly is not None:
            self.deadly -= 1
        if dies and not self.after:
            raise Crash
        await super().apply(zone, changes)
        if dies:
            raise Crash


def claim_for(step: Step, variant: int) -> Claim:
    name, age = step.name, step.slot
    domain = SUB if step.slot == 2 else str(ZONE)
    if step.kind == "MailDomain":
        wanted = {0: spf("mx"), 1: {"dmarc": {"policy": "none"}}, 2: {**spf("a"), "mta_sts": {"id": "1"}}}
        return mail_domain(name, age=age, domain=domain, **wanted[variant])
    if step.kind == "NtaRecord":
        return nta_record(name, age=age, domain=domain, provider=f"zorg{variant}")
    keys = [
        (f"{selector}-{step.slot}", f"v=DKIM1; k=ed25519; p={'AB'[number] * 43}=")
        for number, selector in enumerate(KEYS[: 1 + variant % 2])
    ]
    return dkim_key(name, *keys, age=age, domain=domain)


class Cluster:
    """The resources, their statuses, and the operator that is started again and again."""

    def __init__(self) -> None:
        self.world = EngineWorld(delete_limit_percent=100)
        for key, values in FOREIGN.items():
            self.world.put(key, *values)
        self.provider = MortalProvider(self.world.backend)
        self.world.provider = self.provider
        self.claims: dict[str, Claim] = {}

    async def live_through(self, steps: Sequence[Step]) -> None:
        for step in steps:
            if self._waits_for_deletion(step):
                self.provider.deadly = None
                await self.operate()
            self._do(step)
            self.provider.deadly, self.provider.after = step.crash_at, step.after
            try:
                await self.operate()
            except Crash:
                if step.status_lost:
                    self.lose_statuses()
                if not step.restarts:
                    continue
            self.provider.deadly = None
            await self.operate()
        self.provider.deadly = None
        await self.operate()

    def _waits_for_deletion(self, step: Step) -> bool:
        """True when Kubernetes would not take the resource, since one of that name is on its way out."""
        known = self.claims.get(step.name)
        return step.variant is not None and known is not None and known.deleting

    def _do(self, step: Step) -> None:
        known = self.claims.get(step.name)
        if step.variant is None:
            if known:
                self.claims[step.name] = gone(known)
        else:
            wanted = claim_for(step, step.variant)
            if known:  # The status stays, and a Secret only ever gains keys.
                keys = max(wanted.dkim_keys, known.dkim_keys, key=len)
                wanted = replace(wanted, remembered=known.remembered, dkim_keys=keys)
            self.claims[step.name] = wanted

    def lose_statuses(self) -> None:
        self.claims = {name: replace(claim, remembered=()) for name, claim in self.claims.items()}

    async def operate(self) -> None:
        """One sync of everything, after which the statuses are written and the deleted are let go."""
        outcome = await self.world.sync(*self.claims.values())
        assert outcome.failure is None
        for name, claim in list(self.claims.items()):
            if claim.deleting:
                assert outcome.records[claim.owner] == ()
                del self.claims[name]
            else:
                self.claims[name] = remembering(claim, outcome)

    def zone(self) -> dict[RRsetKey, frozenset[bytes]]:
        rrsets: dict[RRsetKey, RRset] = self.world.backend.rrsets(ZONE)
        return {key: found.identities for key, found in rrsets.items()}


def without_crashes(steps: Sequence[Step]) -> list[Step]:
    return [replace(step, crash_at=None, status_lost=False, restarts=True) for step in steps]


STEPS = st.lists(
    st.builds(
        Step,
        kind=st.sampled_from(KINDS),
        slot=st.integers(0, 2),
        variant=st.sampled_from([0, 1, 2, None]),
        crash_at=st.sampled_from([0, 0, 1, 2, None]),
        after=st.booleans(),
        status_lost=st.booleans(),
        restarts=st.booleans(),
    ),
    max_size=8,
)


@settings(max_examples=200, deadline=None)
@given(STEPS)
@example(
    [
        Step("MailDomain", 0, 0),
        Step("MailDomain", 0, 2, crash_at=0, after=True, status_lost=True, restarts=False),
        Step("MailDomain", 0, None, crash_at=0, after=True, status_lost=True),
    ]
)
def test_a_crash_at_any_write_changes_nothing_about_where_the_zone_ends(steps) -> None:
    """Whatever was created, changed and deleted: the records are those of an operator that never died."""

    async def both() -> tuple[Cluster, Cluster]:
        mortal, immortal = Cluster(), Cluster()
        await mortal.live_through(steps)
        await immortal.live_through(without_crashes(steps))
        return mortal, immortal

    mortal, immortal = asyncio.run(both())
    assert mortal.zone() == immortal.zone()
    for key, values in FOREIGN.items():
        assert {value.encode() for value in values} <= mortal.zone()[key]


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_once_settled_the_operator_writes_nothing_more(steps) -> None:
    async def scenario() -> tuple[int, int, set[RecordState]]:
        cluster = Cluster()
        await cluster.live_through(steps)
        before = cluster.world.backend.writes
        outcome = await cluster.world.sync(*cluster.claims.values())
        states = {record.state for records in outcome.records.values() for record in records}
        return before, cluster.world.backend.writes, states

    before, after, states = asyncio.run(scenario())
    assert after == before
    assert states <= {RecordState.PUBLISHED, RecordState.CONFLICT}


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_when_all_resources_are_deleted_only_foreign_values_are_left(steps) -> None:
    async def scenario() -> Cluster:
        cluster = Cluster()
        await cluster.live_through(steps)
        cluster.lose_statuses()
        cluster.claims = {name: gone(claim) for name, claim in cluster.claims.items()}
        await cluster.operate()
        return cluster

    cluster = asyncio.run(scenario())
    assert cluster.zone() == {
        key: frozenset(value.encode() for value in values) for key, values in FOREIGN.items()
    }
