"""Whose the observed values are: ours and for which resource, another operator's, or foreign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailseal.domain.common import DeletionPolicy
from mailseal.planning.heritage import Heritage, fingerprint, heritage_in
from mailseal.planning.model import Claim, Observed, Owner
from mailseal.records.names import DnsName
from mailseal.records.rrset import Rdata, RRset, RRsetKey


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

    def is_held_by(self, owner: Owner, key: RRsetKey, value: Rdata) -> bool:
        """True for a value that is this resource's."""
        return any(stake.digest == owner.digest for stake in self.holders(key, value))

    def must_stay(self, key: RRsetKey, value: Rdata) -> bool:
        """True for a value that a resource which is not there holds, or that another operator claims."""
        return bool(self.absent_holders(key, value)) or self.foreign_heritage(key, value) is not None

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
    for claim in claims:
        for remembered in claim.remembered:
            value = (remembered.key, fingerprint(remembered.identity))
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
