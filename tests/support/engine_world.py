"""An engine with a zone in memory, for tests: what it is told, what it writes, and who answers late."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from mailseal.engine import SyncSettings, ZoneAccess, ZoneHistory, ZoneOutcome, sync_zone
from mailseal.engine.backends import ReadBack
from mailseal.engine.zone import Observer
from mailseal.kube.remembering import WRITTEN_STATES
from mailseal.observing.verification import ExpectedValue, Lag
from mailseal.planning.model import (
    Claim,
    Owner,
    PlannedChange,
    RecordOutcome,
    RecordState,
    RememberedValue,
)
from mailseal.providers.base import Capabilities, Provider
from mailseal.providers.memory import MemoryBackend, MemoryProvider
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import Rdata, RRset, RRsetKey, rrset_of
from mailseal.records.txt import TxtData
from support.planning_world import APEX, NOW, OPERATOR, ZONE, owner, txt_key

MAIN = owner("MailDomain")


def rrset(key: RRsetKey, *values: str | Rdata, ttl_seconds: int = 300) -> RRset:
    """An RRset of texts or values."""
    made = [TxtData.of(value) if isinstance(value, str) else value for value in values]
    built = rrset_of(key, ttl_seconds, made)
    assert built is not None
    return built


def addition(name: str, *owners: Owner, deletes: int = 0, value: str = "v") -> PlannedChange:
    """The change that adds one TXT value at `name` below the zone, where there is nothing."""
    key = txt_key(f"{name}.{ZONE}")
    return PlannedChange(
        RRsetChange(key, None, rrset(key, value)), frozenset(owners or (MAIN,)), deletes=deletes
    )


def names_of(changes: Sequence[PlannedChange]) -> list[str]:
    """The first labels of the changed names, in order."""
    return [planned.change.key.name.labels[0] for planned in changes]


class LimitedProvider(MemoryProvider):
    """Takes at most `batch_limit` changes in one call and keeps the batches that it was given."""

    def __init__(self, backend: MemoryBackend, batch_limit: int = 1000) -> None:
        super().__init__(backend)
        self.capabilities = Capabilities(batch_limit=batch_limit)
        self.batches: list[list[str]] = []

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        self.batches.append([change.key.name.labels[0] for change in changes])
        await super().apply(zone, changes)


@dataclass
class LateServers:
    """An observer whose server does not answer some RRsets as expected, for some rounds."""

    behind: dict[RRsetKey, int] = field(default_factory=dict)
    """How many more times each RRset is answered as it was."""
    silent: bool = False
    """They do not answer at all instead."""
    negative_caching: timedelta | None = None

    async def lags(
        self, present: Collection[ExpectedValue], absent: Collection[ExpectedValue]
    ) -> tuple[Lag, ...]:
        """The RRsets that are still behind."""
        late = {key for key, _ in (*present, *absent) if self.behind.get(key, 0) > 0}
        for key in late:
            self.behind[key] -= 1
        return tuple(
            Lag("ns2", key, identity, "does not answer the new value yet", silent=self.silent)
            for key, identity in sorted({*present, *absent})
            if key in late
        )

    async def negative_caching_time(self) -> timedelta | None:
        """What the servers' SOA says."""
        return self.negative_caching


class EngineWorld:
    """One zone in memory with the engine of one operator on it."""

    def __init__(self, operator_id: str = OPERATOR, **settings: Any) -> None:
        self.backend = MemoryBackend([ZONE])
        self.provider: Provider = MemoryProvider(self.backend)
        self.observer: Observer | None = None
        """None: what the provider reads back is the proof."""
        self.settings = SyncSettings(operator_id, **{"verify_within": timedelta(0), **settings})

    def put(self, key: RRsetKey, *values: str | Rdata, ttl_seconds: int = 300) -> None:
        """Set an RRset as somebody else would."""
        self.backend.put(rrset(key, *values, ttl_seconds=ttl_seconds))

    def texts(self, key: RRsetKey = APEX) -> set[str]:
        """The values of an RRset as text."""
        found = self.backend.rrsets(ZONE).get(key)
        values = found.values if found else ()
        return {value.display if isinstance(value, TxtData) else value.to_text() for value in values}

    def access(self, **settings: Any) -> ZoneAccess:
        """The zone as the engine is given it, with some settings changed."""
        observer = self.observer or ReadBack(self.provider, ZONE)
        return ZoneAccess(ZONE, self.provider, observer, replace(self.settings, **settings))

    async def sync(
        self, *claims: Claim, now: datetime = NOW, history: ZoneHistory | None = None, **settings: Any
    ) -> ZoneOutcome:
        """One sync of these claims."""
        return await sync_zone(self.access(**settings), claims, now, history)


def told(outcome: ZoneOutcome, claimed: Claim) -> list[tuple[str, RecordState, str]]:
    """What one claim is told, short: value, state and reason."""
    return [(_text(record), record.state, str(record.reason)) for record in outcome.records[claimed.owner]]


def states(outcome: ZoneOutcome, claimed: Claim) -> set[RecordState]:
    """The states of one claim's records."""
    return {record.state for record in outcome.records[claimed.owner]}


def remembering(claimed: Claim, outcome: ZoneOutcome) -> Claim:
    """The claim with what its status says after `outcome`, as the operator reads it back."""
    values = (record for record in outcome.records[claimed.owner] if record.state in WRITTEN_STATES)
    kept = tuple(RememberedValue(record.key, record.value.identity) for record in values)
    return replace(claimed, remembered=kept)


def _text(record: RecordOutcome) -> str:
    return record.value.display if isinstance(record.value, TxtData) else record.value.to_text()
