"""The values that planning decides on: who claims what, what is wanted, what comes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.planning.belief import is_credible
from mailseal.planning.dmarc_rollout import RolloutMemory
from mailseal.planning.nta_gate import PrerequisiteFinding
from mailseal.planning.places import Singleton
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.nta7516 import NtaDates
from mailseal.records.rrset import CnameData, MxData, Rdata, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

Spec: TypeAlias = MailDomainSpec | DkimKeySpec | NtaRecordSpec
Observed: TypeAlias = Mapping[RRsetKey, RRset]
"""The RRsets that a provider read; a key that was asked and is missing has no set."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The resource that wants a value."""

    kind: str
    namespace: str
    name: str
    uid: str
    created: datetime
    part: str = ""
    """Tells the claims of one resource apart that is planned for at several domains; empty for the first."""

    @property
    def precedence(self) -> tuple[datetime, str]:
        """Sorts the owner that wins first: the older one, then the lower uid."""
        return (self.created, self.uid)

    @property
    def digest(self) -> str:
        """Eight hex digits that stand for kind, namespace and name in a heritage record.

        Not the uid: a resource restored into another cluster has a new one and still owns its values.
        """
        return hashlib.sha256(f"{self.kind}/{self.namespace}/{self.name}".encode()).hexdigest()[:8]

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class DkimPublicKey:
    """What shall stand at a selector: the public half of a key, or that the key is revoked."""

    selector: str
    record: str
    """The whole TXT value, such as `v=DKIM1; k=rsa; p=...`; with an empty `p=` it revokes the key (RFC 6376
    section 3.6.1)."""


@dataclass(frozen=True, slots=True)
class RememberedValue:
    """A value that the resource's status says was published for it."""

    key: RRsetKey
    identity: bytes

    @property
    def value(self) -> Rdata | None:
        """The value, TXT split anew; None for an identity that no value of the type has."""
        try:
            match self.key.rtype:
                case RecordType.TXT:
                    return TxtData.of(self.identity)
                case RecordType.MX:
                    preference, _, exchange = self.identity.decode().partition(" ")
                    return MxData(int(preference), DnsName(exchange))
                case RecordType.CNAME:
                    return CnameData.parse(self.identity.decode())
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Claim:
    """One resource with everything that its contributions depend on, besides DNS and the clock.

    Of what its status remembers it keeps only what can be believed.
    """

    owner: Owner
    spec: Spec
    deleting: bool = False
    """The resource has a deletionTimestamp: it wants nothing any more but what the life of its DKIM keys
    still asks for."""
    remembered: tuple[RememberedValue, ...] = ()
    dkim_keys: tuple[DkimPublicKey, ...] = ()
    """For a DkimKey: what the life of its keys wants at their selectors."""
    dkim_released: frozenset[str] = frozenset()
    """For a DkimKey: selectors at which nothing of ours shall stand any more. Keys of ours at selectors that
    are neither wanted nor released stay."""
    dkim_outlived: frozenset[str] = frozenset()
    """Those of the released selectors whose keys have come to the end of their life by themselves: that they
    go is nothing that the delete limit weighs."""
    dkim_aliases: tuple[tuple[str, DnsName], ...] = ()
    """For a DkimKey whose keys stand in another zone: selectors, and where the CNAME of each leads."""
    awaits_switch: bool = False
    """For a DkimKey: keys are published that shall sign next, so the zone's negative caching matters."""
    dkim_works: bool = True
    """For a MailDomain: some selector of the domain works now, so that its mail can be signed."""
    dmarc_rollout: RolloutMemory | None = None
    """For a MailDomain: how far its status says that the rollout of DMARC is."""
    nta_dates: NtaDates | None = None
    """For an NtaRecord: the months in its status, which stay as published until renewal."""
    nta_rests_on: date | None = None
    """For an NtaRecord: the day on which the declaration was signed that the published record rests on, by
    its status; None: that which the spec has."""
    nta_prerequisites: tuple[PrerequisiteFinding, ...] = ()
    """For an NtaRecord: what the checks found out; a prerequisite without a finding counts as unknown."""
    clock_agrees: bool = True
    """For an NtaRecord: the clock that the plan is made by was compared with another one, or is the only
    one. Otherwise nothing is published for the first time or renewed."""

    def __post_init__(self) -> None:
        believed = tuple(found for found in self.remembered if self._is_credible(found))
        object.__setattr__(self, "remembered", believed)

    def _is_credible(self, found: RememberedValue) -> bool:
        value = found.value
        return value is not None and is_credible(self.spec, found.key, value)

    @property
    def domain(self) -> DnsName:
        """The mail domain that the resource is about."""
        return self.spec.domain_name


@dataclass(frozen=True, slots=True)
class Contribution:
    """One value that one resource wants at one name."""

    owner: Owner
    key: RRsetKey
    value: Rdata
    ttl_seconds: int
    singleton: Singleton
    replace_foreign: bool = False
    """`adoption: Replace`: a differing foreign value of the same singleton gives way."""
    replace_own: bool = True
    """False where DKIM keys stand: a selector never changes from one key to another."""
    reason: str = ""
    """A CamelCase reason where the value is fit to stand but needs attention, such as `Expired`."""
    message: str = ""


class RecordState(StrEnum):
    """How far one value of a resource is."""

    PUBLISHED = "Published"
    """All authoritative servers answer it."""
    PROPAGATING = "Propagating"
    """Written, but not every authoritative server answers it yet."""
    PENDING = "Pending"
    """Not written yet: a plan is held back, or the backend cannot be reached."""
    CONFLICT = "Conflict"
    """Somebody else's value or resource stands in the way; nothing was written."""
    REFUSED = "Refused"
    """The backend rejects it."""
    REMOVING = "Removing"
    """Not wanted any more, still answered or still cached."""


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """One value of one resource and what came of it."""

    key: RRsetKey
    value: Rdata
    state: RecordState
    reason: str = ""
    """One of `Reason` where the state is Pending or Conflict, or where a Published value needs attention."""
    message: str = ""
    only_silence: bool = False
    """True where it is not proven only because servers do not answer: none answered otherwise."""


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A change to one RRset and everybody whose values it adds or removes."""

    change: RRsetChange
    owners: frozenset[Owner]
    deletes: int = 0
    """Values of ours that it removes without putting another in their place."""
    removes: int = 0
    """Values of ours that it removes, replaced or not: the heritage may still name them afterwards."""


@dataclass(frozen=True, slots=True)
class ZonePlan:
    """What to write to one zone, and what each resource's values come to when that has worked."""

    zone: DnsName
    changes: tuple[PlannedChange, ...]
    outcomes: Mapping[Owner, tuple[RecordOutcome, ...]]
    """For every claim: its wanted values (Published stands for: will be once written and answered;
    Conflict with its message), and those that it must get rid of (Removing)."""
    owned_values: int
    """How many values in the observed RRsets are this operator's, heritage records not counted."""
    orphans: tuple[tuple[RRsetKey, str], ...] = ()
    """Values, as text, that our heritage record claims for resources that are not among the claims: reported,
    never deleted."""
    warnings: Mapping[Owner, tuple[str, ...]] = field(default_factory=dict)
    """What the user should know although nothing is in the way, such as an SPF record that is very long."""
    held: Mapping[Owner, tuple[RememberedValue, ...]] = field(default_factory=dict)
    """The values that are each resource's once this plan is written: what its status should remember."""

    @property
    def deletes(self) -> int:
        """All deletions without replacement."""
        return sum(planned.deletes for planned in self.changes)
