"""What the loop over one zone is given and what it returns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from mailseal.domain.provider import SyncPolicy
from mailseal.observing.verification import ExpectedValue, Lag
from mailseal.planning.model import Owner, PlannedChange, RecordOutcome
from mailseal.providers.base import Provider, ProviderError
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRsetKey


class Observer(Protocol):
    """Asks all authoritative servers of one zone."""

    async def lags(
        self, present: Collection[ExpectedValue], absent: Collection[ExpectedValue]
    ) -> tuple[Lag, ...]:
        """What some server does not answer as expected; empty when all do. A silent server is a lag, too."""
        ...

    async def negative_caching_time(self) -> timedelta | None:
        """How long resolvers remember that a name of the zone is not there (RFC 2308 section 5); None:
        unknown."""
        ...


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """How one zone is kept."""

    operator_id: str
    heritage: bool = True
    policy: SyncPolicy = SyncPolicy.SYNC
    delete_limit_percent: int = 30
    delete_limit_from_values: int = 10
    confirmed_plans: frozenset[str] = frozenset()
    """Digests of plans whose deletions a user confirmed."""
    verify_within: timedelta = timedelta(seconds=3)
    """How long one sync waits for all authoritative servers before it reports Propagating."""


@dataclass(frozen=True, slots=True)
class ZoneAccess:
    """One zone with the backend that writes it and the servers that prove what was written."""

    zone: DnsName
    provider: Provider
    observer: Observer
    settings: SyncSettings


@dataclass(frozen=True, slots=True)
class ZoneHistory:
    """What the delete limit weighs besides the plan at hand."""

    owned_values: int = 0
    """Values of this operator in the whole zone, as far as known."""
    recent_deletes: int = 0
    """Values that were deleted from the zone within the last minutes, in earlier syncs."""


@dataclass(frozen=True, slots=True)
class PlanRefusal:
    """Deletions that were held back because they exceed the zone's delete limit."""

    deletes: int
    owned_values: int
    recent_deletes: int
    """Values that were deleted in the minutes before: they count, too."""
    digest: str
    owners: frozenset[Owner]

    @property
    def recently(self) -> str:
        """For a message, what counts besides the plan at hand."""
        return f" with the {self.recent_deletes} deleted just before" if self.recent_deletes else ""


@dataclass(frozen=True, slots=True)
class ZoneOutcome:
    """What came of one sync."""

    records: Mapping[Owner, tuple[RecordOutcome, ...]]
    warnings: Mapping[Owner, tuple[str, ...]] = field(default_factory=dict)
    written: tuple[PlannedChange, ...] = ()
    orphans: tuple[tuple[RRsetKey, str], ...] = ()
    blocked: Mapping[Owner, str] = field(default_factory=dict)
    """Owners left out because a name that they need is not the zone's own, and what is wrong with it."""
    refusal: PlanRefusal | None = None
    failure: ProviderError | None = None
    """The backend failed as a whole; records that were not written are Pending."""
    dry_run: bool = False
    """The provider's policy is DryRun: nothing was written."""
    negative_caching: timedelta | None = None
    """How long resolvers remember that a name of the zone is not there (RFC 2308 section 5). None: no claim
    asked, or some server does not tell."""
    settled: bool = True
    """False: something is under way or failed and another sync is due soon."""

    @property
    def deletes(self) -> int:
        """Values deleted by this sync."""
        return sum(planned.deletes for planned in self.written)
