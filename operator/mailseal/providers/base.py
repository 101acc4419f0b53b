"""The protocol behind which every DNS backend stands, and the errors that say retry or give up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, Self, runtime_checkable

from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

if TYPE_CHECKING:
    from mailseal.providers.surroundings import Surroundings


class Ability(StrEnum):
    """What most backends can and some cannot; the conformance suite has cases for each."""

    COMPARE_AND_SWAP = "compare-and-swap"
    """A write is made only while the zone still holds what it replaces."""
    ATOMIC_BATCHES = "all or nothing"
    """Of the changes of one call all are made or none."""
    STRING_BOUNDARIES = "string boundaries"
    """How a TXT value is split into character-strings is kept and seen."""
    EMPTY_STRINGS = "empty strings"
    """TXT values may be empty or have empty character-strings."""
    ANY_BYTES = "any bytes"
    """TXT values may hold bytes outside printable ASCII."""
    ANY_TEXT = "any printable text"
    """TXT values may hold every character of printable ASCII, and begin or end with a blank."""
    LONG_VALUES = "values of 4,000 bytes"
    MANY_VALUES = "40 values in a set"
    ANY_TTL = "any TTL"
    """TTLs from 1 second up are kept as they are."""
    TTL_CHANGES = "changes of a TTL"
    """The TTL of a set is changed while the set stands."""
    NULL_MX = "null MX"
    """The MX record of RFC 7505."""
    DELEGATIONS = "delegations"
    """Names that the zone delegates away are reported by `NotServed`."""
    ZONE_DISCOVERY = "finding zones"
    """Zones are found when none is listed."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Requests that an operation sends while nothing fails: stated here, counted by the conformance suite."""

    find_zone: int
    """`zone_of` of a name whose zone is not listed and was never asked for."""
    read: int
    """`read` of one key."""
    read_more: int
    """What each further key of the same `read` adds."""
    write: int
    """`apply` of one change."""
    write_more: int
    """What each further change of the same `apply` adds, within the batch limit."""
    delete: int | None = None
    """`apply` of one deletion, where that costs something else."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can promise; declared in code, shown in the documentation."""

    batch_limit: int
    """RRset changes that one `apply` may carry at most."""
    cannot: Mapping[Ability, str] = field(default_factory=dict)
    """What the backend cannot, and what becomes of it instead, as a sentence for people."""
    costs: Costs | None = None
    """None: not counted, since the backend is asked by no requests of ours."""

    def can(self, ability: Ability) -> bool:
        """True unless the backend declares otherwise."""
        return ability not in self.cannot


@dataclass(frozen=True, slots=True)
class ZoneSurvey:
    """What became of every zone that a provider is configured for; one bad zone does not hide the others."""

    served: tuple[DnsName, ...]
    faults: Mapping[DnsName, ProviderError] = field(default_factory=dict)
    """Why the other zones cannot be used."""

    def usable(self) -> tuple[DnsName, ...]:
        """The zones that are served. Raises the first fault when there is none but a fault."""
        if not self.served and self.faults:
            raise next(iter(self.faults.values()))
        return self.served


class Provider(Protocol):
    """One opened DNS backend: authenticated, bounded in time, safe to use from one event loop.

    Every method raises a `ProviderError` and nothing else, and ends within the provider's own time-outs.
    """

    type_name: ClassVar[str]
    """The value of `spec.type` that selects this backend."""
    capabilities: Capabilities
    """A class attribute says it for the type, without opening it; an instance may promise less."""

    @classmethod
    def from_settings(
        cls, settings: Mapping[str, object], credentials: Mapping[str, bytes], surroundings: Surroundings
    ) -> Self:
        """Open the backend from its part of a DnsProvider's spec and its Secret's data.

        `settings` are the fields in camelCase with `zones`, a list of names that is empty where zones are
        to be found. `surroundings` say what of the process it may use. Does no I/O. Raises
        `InvalidConfiguration` naming the field or the Secret's key that is wrong.
        """
        ...

    async def survey(self) -> ZoneSurvey:
        """Ask for every zone that is listed in the settings, or that `zone_of` has found so far.

        Raises only what concerns the backend as a whole: `Unavailable`, `AuthenticationFailed`.
        """
        ...

    async def zones(self) -> tuple[DnsName, ...]:
        """The zones that are listed in the settings or found, each proven to be served and readable.

        Those of `survey` that work. Raises the first fault when zones are listed and none of them works.
        """
        ...

    async def zone_of(self, name: DnsName) -> DnsName:
        """The zone with the longest suffix of `name`. Raises `ZoneNotFound`."""
        ...

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """The RRsets as the backend holds them now, fresh and uncached; a key without a set is left out.

        Where a name holds a CNAME, its CNAME RRset is in the answer although only another type was asked.
        Raises `NotServed` when some keys only cannot be read: without them the others can be.
        """
        ...

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """Write all changes or, where `capabilities` says so, none.

        No two changes have the same key. A set never appears beside a CNAME, whatever `before` says.
        Raises `Raced` when a `before` no longer holds, `Refused` when the backend rejects the content
        (`BatchTooLarge` when fewer changes may pass), `OutcomeUnknown` when the answer was lost: the caller
        then reads again.
        """
        ...

    async def close(self) -> None:
        """Release connections; further calls are an error."""
        ...


@runtime_checkable
class TellsNegativeCaching(Protocol):
    """A provider whose zones no name server need serve, and that knows what their SOA records say."""

    async def negative_caching_time(self, zone: DnsName) -> timedelta | None:
        """How long absence in `zone` may be cached (RFC 2308 section 5); None: not known.

        Raises a `ProviderError`.
        """
        ...


class ProviderError(Exception):
    """A DNS backend did not do what was asked. `reason` is a CamelCase condition reason."""

    reason: ClassVar[str] = "ProviderError"
    retryable: ClassVar[bool] = False
    """True: the same call may succeed later with nothing changed by the user."""

    def __str__(self) -> str:
        """The message on one line and bounded: a part of it may be what a hostile server answered."""
        return _told(super().__str__())


_LONGEST_MESSAGE: Final = 4000


def _told(text: str) -> str:
    """`text` with escapes for what would begin a new line, move a cursor or turn the reading direction."""
    shown = text if len(text) <= _LONGEST_MESSAGE else f"{text[: _LONGEST_MESSAGE - 2]} …"
    if shown.isprintable():
        return shown
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in shown)


class Unavailable(ProviderError):
    """No usable answer: connection refused, time-out, server failure."""

    reason = "ProviderUnavailable"
    retryable = True


class OutcomeUnknown(Unavailable):
    """A write was sent but its answer was lost: it may or may not have been made."""

    reason = "OutcomeUnknown"


class RateLimited(ProviderError):
    """The backend wants fewer calls."""

    reason = "RateLimited"
    retryable = True

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Raced(ProviderError):
    """Somebody changed one of the RRsets since it was read; read again and plan again."""

    reason = "WriteRaced"
    retryable = True


class Refused(ProviderError):
    """The backend rejects this content or this change; the same change will be rejected again."""

    reason = "RecordRefused"


class BatchTooLarge(Refused):
    """The changes do not fit one request of the backend; in smaller batches they may."""


class AuthenticationFailed(ProviderError):
    """The credentials are missing, wrong or not allowed to do this."""

    reason = "AuthenticationFailed"


class ZoneNotFound(ProviderError):
    """The backend serves no zone that holds the name."""

    reason = "ZoneNotFound"


class NotServed(ProviderError):
    """The zone is served, but some names below it are not its own: they are delegated to another zone."""

    reason = "NameNotServed"

    def __init__(self, faults: Mapping[RRsetKey, str]) -> None:
        super().__init__("; ".join(dict.fromkeys(faults.values())))
        self.faults = dict(faults)
        """What is wrong with each key that cannot be read."""


class InvalidConfiguration(ProviderError):
    """The provider's settings or Secret cannot be used as they are."""

    reason = "InvalidConfiguration"
