"""A simulated zone and short ways to write claims, for tests of planning."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.domain.provider import SyncPolicy
from mailseal.planning import (
    Claim,
    DkimPublicKey,
    Owner,
    PlannedChange,
    RecordOutcome,
    RecordState,
    ZonePlan,
    keys_in_heritage,
    keys_of,
    plan_zone,
)
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, Rdata, RecordType, RRset, RRsetKey, rrset_of
from mailseal.records.txt import TxtData

ZONE = DnsName("example.nl")
NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
OPERATOR = "cluster-a"
FIRST = datetime(2025, 1, 1, tzinfo=UTC)

_SPECS = {"MailDomain": MailDomainSpec, "DkimKey": DkimKeySpec, "NtaRecord": NtaRecordSpec}


def txt_key(name: str = ZONE) -> RRsetKey:
    """The TXT RRset of a name."""
    return RRsetKey(DnsName(name), RecordType.TXT)


APEX = txt_key()
DMARC = txt_key(f"_dmarc.{ZONE}")
HERITAGE = txt_key(f"_mailseal.{ZONE}")
MX = RRsetKey(ZONE, RecordType.MX)


def owner(kind: str, name: str = "main", *, age: int = 0) -> Owner:
    """A resource that is `age` days younger than the first one."""
    return Owner(kind, "mail", name, f"uid-{kind}-{name}", FIRST + timedelta(days=age))


def claim(kind: str, name: str = "main", *, age: int = 0, deleting: bool = False, **spec: Any) -> Claim:
    """A claim of the kind; `spec` in snake_case over the fields that every spec needs."""
    fields = {"domain": str(ZONE), "provider_ref": {"name": "dns"}, **spec}
    return Claim(owner(kind, name, age=age), _SPECS[kind].model_validate(fields), deleting=deleting)


def mail_domain(name: str = "main", *, age: int = 0, deleting: bool = False, **spec: Any) -> Claim:
    """A MailDomain that wants `v=spf1 mx -all`, unless `spec` says otherwise."""
    wanted = spec if spec.keys() & {"spf", "dmarc", "mta_sts", "tls_rpt", "parked"} else {**spec, **spf("mx")}
    return claim("MailDomain", name, age=age, deleting=deleting, **wanted)


def spf(*mechanisms: str) -> dict[str, Any]:
    """The part of a MailDomain's spec that wants `v=spf1 <mechanisms> -all`."""
    return {"spf": {"mechanisms": list(mechanisms)}}


def nta_record(name: str = "main", *, declared: bool = True, age: int = 0, **spec: Any) -> Claim:
    """An NtaRecord for ZorgMail."""
    declaration = {"signed_on": "2025-02-01", "reference": "D-1"} if declared else None
    fields = {
        "provider": "zorgmail",
        "ntamx": [{"preference": 10, "host": "relay.zorgmail.nl"}],
        "declaration": declaration,
        "prerequisites": (),
        **spec,
    }
    return claim("NtaRecord", name, age=age, **fields)


def dkim_key(name: str = "main", *keys: tuple[str, str], age: int = 0, **spec: Any) -> Claim:
    """A DkimKey that wants `keys`, each a selector and a record."""
    made = claim("DkimKey", name, age=age, **spec)
    return Claim(made.owner, made.spec, dkim_keys=tuple(DkimPublicKey(*key) for key in keys))


@dataclass
class SimulatedZone:
    """RRsets that change as a provider with compare-and-swap changes them."""

    rrsets: dict[RRsetKey, RRset] = field(default_factory=dict)

    def put(self, key: RRsetKey, *values: str | Rdata, ttl_seconds: int = 300) -> None:
        """Set an RRset as somebody else would."""
        made = [TxtData.of(value) if isinstance(value, str) else value for value in values]
        rrset = rrset_of(key, ttl_seconds, made)
        self.rrsets.pop(key, None)
        if rrset:
            self.rrsets[key] = rrset

    def texts(self, key: RRsetKey = APEX) -> set[str]:
        """The values of an RRset as text."""
        rrset = self.rrsets.get(key)
        values = rrset.values if rrset else ()
        return {value.display if isinstance(value, TxtData) else value.to_text() for value in values}

    def read(self, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """What a provider's `read` answers."""
        cnames = {RRsetKey(key.name, RecordType.CNAME) for key in keys}
        return {key: rrset for key, rrset in self.rrsets.items() if key in cnames | set(keys)}

    def apply(self, changes: Iterable[PlannedChange]) -> None:
        """Write changes; a `before` that does not hold fails the test."""
        for planned in changes:
            change = planned.change
            assert self.rrsets.get(change.key) == change.before
            self.rrsets.pop(change.key, None)
            if change.after:
                self.rrsets[change.key] = change.after

    def cname(self, name: str, target: str) -> None:
        """Set a CNAME."""
        self.put(RRsetKey(DnsName(name), RecordType.CNAME), CnameData(DnsName(target)))


@dataclass(frozen=True)
class Settings:
    """How an operator plans."""

    operator_id: str = OPERATOR
    heritage: bool = True
    policy: SyncPolicy = SyncPolicy.SYNC
    now: datetime = NOW


def plan_for(zone: SimulatedZone, *claims: Claim, settings: Settings | None = None) -> ZonePlan:
    """The plan after reading exactly the keys that planning asks for, in two rounds as the engine does."""
    used = settings or Settings()
    keys = keys_of(claims)
    observed = zone.read(keys)
    observed |= zone.read(keys_in_heritage(observed, used.operator_id) - keys)
    return plan_zone(
        ZONE,
        claims,
        observed,
        operator_id=used.operator_id,
        heritage=used.heritage,
        policy=used.policy,
        now=used.now,
    )


def sync(zone: SimulatedZone, *claims: Claim, settings: Settings | None = None) -> ZonePlan:
    """Plan and write once; returns the plan."""
    plan = plan_for(zone, *claims, settings=settings)
    zone.apply(plan.changes)
    return plan


def settle(zone: SimulatedZone, *claims: Claim, settings: Settings | None = None) -> ZonePlan:
    """Sync until nothing changes, in the third round at the latest; returns the last plan."""
    plan = sync(zone, *claims, settings=settings)
    for _ in range(2):
        if plan.changes:
            plan = sync(zone, *claims, settings=settings)
    assert plan.changes == ()
    return plan


def told(plan: ZonePlan, claimed: Claim) -> list[tuple[str, RecordState, str]]:
    """The outcomes of one claim, short: value, state and reason."""
    return [(_text(record), record.state, str(record.reason)) for record in plan.outcomes[claimed.owner]]


def outcome(plan: ZonePlan, claimed: Claim) -> RecordOutcome:
    """The only outcome of a claim."""
    (only,) = plan.outcomes[claimed.owner]
    return only


def remembering(plan: ZonePlan, claims: Sequence[Claim]) -> list[Claim]:
    """The claims with what `plan` says their statuses should remember."""
    return [replace(old, remembered=plan.held.get(old.owner, ())) for old in claims]


def gone(claimed: Claim) -> Claim:
    """The claim of a resource that is being deleted, the life of its keys being over."""
    return replace(claimed, deleting=True, dkim_keys=(), dkim_aliases=())


def _text(record: RecordOutcome) -> str:
    return record.value.display if isinstance(record.value, TxtData) else record.value.to_text()
