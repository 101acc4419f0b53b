"""A zone's claims in parts that have nothing to do with each other, so that planning grows with their number.

Mail domains share no RRset, unless a status or a heritage record names one beyond its own domain; those that
do are one part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailseal.planning.contributions import keys_of
from mailseal.planning.heritage import heritage_key, keys_in_heritage
from mailseal.planning.model import Claim, Observed
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey


@dataclass(frozen=True, slots=True)
class Part:
    """Some claims and what stands at every name that they may touch."""

    claims: tuple[Claim, ...]
    observed: Observed


def parts_of(claims: Sequence[Claim], observed: Observed, operator_id: str) -> Iterator[Part]:
    """The parts, in the order of their first domain."""
    by_domain: dict[DnsName, list[Claim]] = {}
    for claim in claims:
        by_domain.setdefault(claim.domain, []).append(claim)
    names = {domain: _names(domain, by_domain[domain], observed, operator_id) for domain in by_domain}
    standing: dict[DnsName, dict[RRsetKey, RRset]] = {}
    for key, rrset in observed.items():
        standing.setdefault(key.name, {})[key] = rrset
    for domains in _connected(names):
        touched = frozenset().union(*(names[domain] for domain in domains))
        yield Part(
            tuple(claim for domain in domains for claim in by_domain[domain]),
            {key: rrset for name in touched for key, rrset in standing.get(name, {}).items()},
        )


def _names(
    domain: DnsName, claims: Sequence[Claim], observed: Observed, operator_id: str
) -> frozenset[DnsName]:
    """Every name at which the claims of one domain want or hold something."""
    record = heritage_key(domain)
    heritage = {record: observed[record]} if record in observed else {}
    keys = keys_of(claims) | keys_in_heritage(heritage, operator_id)
    return frozenset(key.name for key in keys)


def _connected(names: dict[DnsName, frozenset[DnsName]]) -> Iterator[tuple[DnsName, ...]]:
    """The domains in groups: two that share a name are in the same one."""
    group_of: dict[DnsName, int] = {}
    groups: dict[int, set[DnsName]] = {}
    for number, domain in enumerate(sorted(names)):
        groups[number] = {domain}
        for other in {group_of[name] for name in names[domain] if name in group_of}:
            groups[number] |= groups.pop(other)
        group_of |= {name: number for member in groups[number] for name in names[member]}
    return (tuple(sorted(group)) for group in sorted(groups.values(), key=min))
