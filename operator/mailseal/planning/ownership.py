"""Whose the observed values are: ours and for which resource, another operator's, or foreign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mailseal.domain.common import DeletionPolicy
from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.planning.heritage import (
    Heritage,
    can_be_recorded,
    fingerprint,
    heritage_in,
)
from mailseal.planning.model import Claim, Observed, RememberedValue, Singleton, Spec
from mailseal.planning.places import place_of, singleton_of
from mailseal.records.names import DnsName
from mailseal.records.rrset import Rdata, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

_PUBLISHED: Mapping[type[Spec], frozenset[Singleton]] = {
    MailDomainSpec: frozenset(Singleton) - {Singleton.DKIM, Singleton.NTA7516},
    NtaRecordSpec: frozenset({Singleton.NTA7516}),
    DkimKeySpec: frozenset({Singleton.DKIM}),
}
"""The kinds of value that each kind of resource publishes."""


@dataclass(frozen=True, slots=True, order=True)
class Stake:
    """A resource as a heritage record names it: the domain of the record and the owner's digest."""

    domain: DnsName
    digest: str

    @classmethod
    def of(cls, claim: Claim) -> Stake:
        """The stake that a resource has in its values."""
        return cls(claim.domain, claim.owner.digest)


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who holds which value. Values are looked up by identity, however they are split."""

    _stakes: Mapping[tuple[RRsetKey, str], frozenset[Stake]]
    _foreign_heritage: Mapping[tuple[RRsetKey, str], Heritage]
    _given: frozenset[Stake]
    """The stakes of all claims that are planned for."""
    _released: frozenset[Stake]
    """The stakes of resources that are being deleted and leave their values behind."""

    def holders(self, key: RRsetKey, value: Rdata) -> frozenset[Stake]:
        """The resources whose value it is, known or absent; none: it is not ours."""
        return self._of(key, value) - self._released

    def absent_holders(self, key: RRsetKey, value: Rdata) -> frozenset[Stake]:
        """Those holders that are among no claim given."""
        return self.holders(key, value) - self._given

    def released(self, key: RRsetKey, value: Rdata) -> frozenset[Stake]:
        """The resources that leave the value behind."""
        return self._of(key, value) & self._released

    def foreign_heritage(self, key: RRsetKey, value: Rdata) -> Heritage | None:
        """The heritage record of another operator that claims the value, whether it stands or not."""
        return self._foreign_heritage.get((key, fingerprint(value.identity)))

    def held_values(self, rrset: RRset, stake: Stake) -> tuple[Rdata, ...]:
        """The values in an RRset that are one resource's."""
        return tuple(value for value in rrset.values if stake in self.holders(rrset.key, value))

    def _of(self, key: RRsetKey, value: Rdata) -> frozenset[Stake]:
        return self._stakes.get((key, fingerprint(value.identity)), frozenset())


def ownership_of(claims: Sequence[Claim], observed: Observed, operator_id: str) -> Ownership:
    """Ownership by the heritage records of the claims' domains and by what the claims remember."""
    stakes: dict[tuple[RRsetKey, str], frozenset[Stake]] = {}
    foreign: dict[tuple[RRsetKey, str], Heritage] = {}
    for heritage in _heritage_of(claims, observed):
        for entry in heritage.entries:
            value = (entry.key, entry.fingerprint)
            if heritage.operator_id == operator_id:
                stakes[value] = stakes.get(value, frozenset()) | {Stake(heritage.domain, entry.owner)}
            else:
                foreign.setdefault(value, heritage)
    for claim, value in _remembered(claims):
        stakes[value] = stakes.get(value, frozenset()) | {Stake.of(claim)}
    return Ownership(
        stakes,
        foreign,
        frozenset(Stake.of(claim) for claim in claims),
        frozenset(Stake.of(claim) for claim in claims if leaves_values(claim)),
    )


def _heritage_of(claims: Sequence[Claim], observed: Observed) -> list[Heritage]:
    """The heritage records at the claims' domains, in an order that does not depend on the server's."""
    domains = sorted({claim.domain for claim in claims})
    found = [heritage for domain in domains for _, heritage in heritage_in(observed, domain)]
    return sorted(found, key=lambda heritage: (heritage.domain, heritage.operator_id))


def leaves_values(claim: Claim) -> bool:
    """True for a resource that is being deleted and wants its values to stay."""
    return claim.deleting and claim.spec.deletion_policy is DeletionPolicy.ORPHAN


def _remembered(claims: Sequence[Claim]) -> Iterator[tuple[Claim, tuple[RRsetKey, str]]]:
    """What the claims' statuses say is theirs, as far as they can be believed."""
    for claim in claims:
        for value in claim.remembered:
            if _is_credible(claim, value):
                yield claim, (value.key, fingerprint(value.identity))


def _is_credible(claim: Claim, value: RememberedValue) -> bool:
    """True for a value that a resource of this kind publishes, where it publishes it.

    A status may say anything: it must not make a foreign value ours.
    """
    singleton = Singleton.NULL_MX
    if value.key.rtype is RecordType.TXT:
        found = singleton_of(TxtData.of(value.identity))
        if found is None:
            return False
        singleton = found
    if singleton not in _PUBLISHED[type(claim.spec)] or not can_be_recorded(value.key, claim.domain):
        return False
    if singleton is Singleton.DKIM:
        return value.key.name.endswith(f"._domainkey.{claim.domain}")
    return value.key == place_of(singleton, claim.domain).key
