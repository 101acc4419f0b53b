"""What is known of a DkimKey's keys: the sets that were made, how far each is, and what was seen of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum

from mailseal.domain.dkimkey import DkimKeySpec, KeyAlgorithm
from mailseal.records.dkim import DkimRecord

MAX_PAST_SELECTORS = 1000
"""How many selectors of keys that are gone are remembered, the latest of them."""


class KeyState(StrEnum):
    """How far a key is. It only ever moves forward."""

    PREPARED = "Prepared"
    """Made; its private half is in the Secret and signs nothing yet."""
    PUBLISHED = "Published"
    """All authoritative servers answer it; resolvers may remember for a while that it was not there."""
    ACTIVE = "Active"
    """The Secret tells the mail server to sign with it."""
    RETIRING = "Retiring"
    """Signs no more; still published, since mail signed with it may be under way."""
    REVOKED = "Revoked"
    """All authoritative servers answer that it is revoked, or do not answer it any more."""
    GONE = "Gone"
    """Nothing is left of it but the selector, which is never used again."""


class Cause(StrEnum):
    """Why a set of keys was made. Stable for programs: the reason of an Event."""

    FIRST = "FirstKey"
    IMPORTED = "KeyImported"
    SCHEDULED = "RotationDue"
    FORCED = "RotationForced"
    SPEC_CHANGED = "KeySpecChanged"
    KEY_LOST = "KeyLost"
    FOUND = "KeyFound"
    """Found in DNS as ours, with nothing else known of it."""


URGENT = frozenset({Cause.FIRST, Cause.IMPORTED, Cause.FORCED, Cause.KEY_LOST})
"""Causes that do not wait for the maintenance window."""


@dataclass(frozen=True, slots=True)
class LifeKey:
    """One key, without its private half."""

    selector: str
    algorithm: KeyAlgorithm
    bits: int
    record: str
    """The TXT value that publishes it, such as `v=DKIM1; k=rsa; p=...` (RFC 6376 section 3.6.1)."""

    @property
    def revoked_record(self) -> str:
        """The TXT value that revokes it: the same with an empty `p=`."""
        return DkimRecord.parse(self.record).revoked().to_text()


@dataclass(frozen=True, slots=True)
class KeySet:
    """Keys that are made, published, used and revoked together: one, or one of each kind for dual signing.

    The times are those of confirmed events. One that is None has not happened.
    """

    number: int
    """Counts the sets of one DkimKey, from 1."""
    cause: Cause
    keys: tuple[LifeKey, ...]
    made_for: str
    """The part of the spec that it was made for: when that changes, the set is replaced."""
    prepared_at: datetime
    published_at: datetime | None = None
    """Since when all authoritative servers answer all of its records."""
    switched_at: datetime | None = None
    """When the Secret began to name it as the set to sign with."""
    confirmed_at: datetime | None = None
    """When the mail servers were known to sign with it."""
    stopped_at: datetime | None = None
    """When the Secret ceased to name it."""
    retiring_at: datetime | None = None
    """When no mail server was known to sign with it any more. The retirement counts from here."""
    revoking_at: datetime | None = None
    """When it was decided to revoke it in DNS."""
    revoked_at: datetime | None = None
    """When the revocation was confirmed by all authoritative servers."""
    removing_at: datetime | None = None
    """When it was decided to remove what is left of it in DNS."""

    @property
    def state(self) -> KeyState:
        """How far it is."""
        if self.revoked_at:
            return KeyState.REVOKED
        if self.stopped_at or self.retiring_at or self.revoking_at or self.removing_at:
            return KeyState.RETIRING
        if self.switched_at:
            return KeyState.ACTIVE
        return KeyState.PUBLISHED if self.published_at else KeyState.PREPARED

    @property
    def since(self) -> datetime:
        """When it came to its state."""
        times = {
            KeyState.REVOKED: self.revoked_at,
            KeyState.RETIRING: self.stopped_at or self.retiring_at or self.revoking_at or self.removing_at,
            KeyState.ACTIVE: self.switched_at,
            KeyState.PUBLISHED: self.published_at,
        }
        return times.get(self.state) or self.prepared_at

    @property
    def is_coming(self) -> bool:
        """True before it signs."""
        return self.state in {KeyState.PREPARED, KeyState.PUBLISHED}

    @property
    def is_active(self) -> bool:
        """True while the Secret names it."""
        return self.state is KeyState.ACTIVE

    @property
    def needs_private_keys(self) -> bool:
        """True while some mail server may sign with it, or will."""
        may_still_sign = self.stopped_at is not None and not self.retiring_at and not self.removing_at
        return self.is_coming or self.is_active or may_still_sign

    @property
    def selectors(self) -> frozenset[str]:
        """The selectors of its keys."""
        return frozenset(key.selector for key in self.keys)


@dataclass(frozen=True, slots=True)
class KeyLife:
    """All key sets of one DkimKey that are not gone, and what must not be forgotten of those that are."""

    sets: tuple[KeySet, ...] = ()
    """In the order of their numbers."""
    past: tuple[str, ...] = ()
    """Selectors that were used before and never are again."""
    made: int = 0
    """How many sets there have been."""
    honoured_request: str = ""
    """The mark of the last value of the annotation that asks for a rotation, which has been followed."""
    revision: int = 0
    """Grows with every change: of two versions the one with the higher revision is the later."""

    @property
    def active(self) -> KeySet | None:
        """The set that signs."""
        return next((found for found in reversed(self.sets) if found.is_active), None)

    @property
    def coming(self) -> KeySet | None:
        """The set that will sign next."""
        return next((found for found in reversed(self.sets) if found.is_coming), None)

    @property
    def used_selectors(self) -> frozenset[str]:
        """All selectors that no new key may have."""
        return frozenset(self.past).union(*(found.selectors for found in self.sets))

    @property
    def private_selectors(self) -> frozenset[str]:
        """The selectors whose private key belongs in the Secret."""
        needing = (found.selectors for found in self.sets if found.needs_private_keys)
        return frozenset[str]().union(*needing)

    @property
    def next_number(self) -> int:
        """The number of the next set."""
        return self.made + 1

    def all_keys(self) -> Iterator[tuple[KeySet, LifeKey]]:
        """Every key with its set."""
        return ((found, key) for found in self.sets for key in found.keys)

    def with_set(self, changed: KeySet) -> KeyLife:
        """The same with `changed` in the place of the set of its number, or added."""
        kept = [found for found in self.sets if found.number != changed.number]
        ordered = tuple(sorted((*kept, changed), key=lambda found: found.number))
        return replace(self, sets=ordered, made=max(self.made, changed.number))

    def without_set(self, gone: KeySet) -> KeyLife:
        """The same without a set; its selectors are remembered."""
        kept = tuple(found for found in self.sets if found.number != gone.number)
        past = (*self.past, *sorted(gone.selectors - frozenset(self.past)))
        return replace(self, sets=kept, past=past[-MAX_PAST_SELECTORS:])


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one sync of the zone saw of the keys as one revision of their life wants them.

    All members name selectors.
    """

    revision: int
    """The revision of the life that was published by the sync."""
    proven: frozenset[str] = frozenset()
    """All authoritative servers answer what is wanted: the key, its revocation, or that there is nothing."""
    disturbed: frozenset[str] = frozenset()
    """What is wanted had to be written by this sync, or some server answered something else."""
    taken: frozenset[str] = frozenset()
    """Another key stands there, somebody else's or a revoked one, and was left alone."""
    unsettled: frozenset[str] = frozenset()
    """Taken at one of several domains, and at another one what is wanted is not proven yet."""
    strays: tuple[LifeKey, ...] = ()
    """Keys that stand in DNS as ours and that the life does not know."""
    loose: frozenset[str] = frozenset()
    """Selectors with a CNAME of ours that the life does not know and that leads to none of the strays."""
    negative_caching: timedelta = timedelta(hours=1)
    """How long resolvers remember that a name of the zone is not there (RFC 2308 section 5)."""

    @property
    def settled(self) -> frozenset[str]:
        """All is answered as wanted, or is not ours any more."""
        return (self.proven | self.taken) - self.unsettled


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the next step depends on, besides the life and the spec."""

    now: datetime
    held: frozenset[str] = frozenset()
    """Selectors whose private key is in the Secret and fits the record."""
    sighting: Sighting | None = None
    """None when nothing was seen of the present revision yet."""
    acknowledged: frozenset[str] = frozenset()
    """Selectors that the mail server says it signs with."""
    rotation_request: str = ""
    """The value of the annotation that asks for a rotation; another one than was honoured means now."""
    deleting: bool = False
    jitter_seed: str = ""
    """Tells this DkimKey from others, so that their rotations spread: namespace and name."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One key set that moved on: an Event for people."""

    number: int
    state: KeyState
    selectors: tuple[str, ...]
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Making:
    """A set of keys that has to be made before anything else can happen."""

    cause: Cause


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do next: commit `life` if it is new, make keys if asked, and look again at `wake_at`."""

    life: KeyLife
    making: Making | None = None
    transitions: tuple[Transition, ...] = ()
    wake_at: datetime | None = None
    """When the clock alone brings the next step; None when something else has to happen first."""
    next_rotation: datetime | None = None
    """When the next rotation begins; None without an interval or while one is under way."""
    waiting_for: str = ""
    """What the set that comes next is waiting for, as a clause: `all servers to answer ms1._domainkey...`."""


def spec_fingerprint(spec: DkimKeySpec) -> str:
    """The part of the spec whose change replaces the keys: algorithms, sizes and the selector template."""
    kinds = ",".join(f"{key.algorithm}-{key.bits}" for key in spec.keys)
    return f"{kinds} {spec.selector_template}"


def times_of(found: KeySet) -> dict[str, datetime]:
    """The times of a set that are known, by field name."""
    named = (field.name for field in fields(KeySet) if field.name.endswith("_at"))
    return {name: moment for name in named if (moment := getattr(found, name)) is not None}


def request_mark(request: str) -> str:
    """What is remembered of the annotation that asks for a rotation: itself, or its digest if it is long."""
    return request if len(request) <= 64 else hashlib.sha256(request.encode()).hexdigest()
