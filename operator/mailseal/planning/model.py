"""The values that planning decides on: who claims what, what is wanted, what comes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.nta7516 import NtaDates
from mailseal.records.rrset import Rdata, RRset, RRsetKey

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
    """The public half of a key that the Secret holds, as it shall be published."""

    selector: str
    record: str
    """The whole TXT value, such as `v=DKIM1; k=rsa; p=...` (RFC 6376 section 3.6.1)."""


@dataclass(frozen=True, slots=True)
class RememberedValue:
    """A value that the resource's status says was published for it."""

    key: RRsetKey
    identity: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """One resource with everything that its contributions depend on, besides DNS and the clock."""

    owner: Owner
    spec: Spec
    deleting: bool = False
    """The resource has a deletionTimestamp: it wants nothing any more."""
    remembered: tuple[RememberedValue, ...] = ()
    dkim_keys: tuple[DkimPublicKey, ...] = ()
    """For a DkimKey: what its Secret holds."""
    nta_dates: NtaDates | None = None
    """For an NtaRecord: the months in its status, which stay as published until renewal."""

    @property
    def domain(self) -> DnsName:
        """The mail domain that the resource is about."""
        return self.spec.domain_name


class Singleton(StrEnum):
    """Values of which a name may hold one only, told apart by their `v=` tag."""

    SPF = "SPF"
    DMARC = "DMARC"
    DKIM = "DKIM"
    NTA7516 = "NTA7516"
    MTA_STS = "MTA-STS"
    TLS_RPT = "TLS-RPT"
    NULL_MX = "null MX"


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
    """False for DKIM: a selector never changes from one key to another."""
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
