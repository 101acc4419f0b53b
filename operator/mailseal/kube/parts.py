"""The parts of a resource that has records at several domains, each planned for in its own zone. Pure.

A DkimKey whose keys stand at another domain has two, an NtaRecord one for each of its domains.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.objects import PROVIDER_KINDS, StoredObject
from mailseal.kube.remembering import domains_of_nta_records
from mailseal.planning.keylife.model import Sighting
from mailseal.records.names import DnsName

_KEYS = "keys"
"""The part that publishes the keys; the first one, with the CNAMEs, has no name."""


def domain_of(resource: StoredObject) -> DnsName:
    """The mail domain of a record resource, or of the part of one."""
    return resource.spec.domain_name  # type: ignore[union-attr]


def parts_of(resource: StoredObject) -> tuple[StoredObject, ...]:
    """The resource as each domain sees it that holds records of it.

    Of a DkimKey the CNAMEs come first, then the keys; of an NtaRecord the domains in the order of its spec,
    then those that it is no longer for and that still have a record.
    """
    spec = resource.spec
    if isinstance(spec, NtaRecordSpec):
        return _domain_parts(resource, spec)
    if not isinstance(spec, DkimKeySpec) or spec.delegation is None:
        return (resource,)
    return (resource, replace(resource, spec=spec.at_delegation(spec.delegation), part=_KEYS))


def _domain_parts(resource: StoredObject, spec: NtaRecordSpec) -> tuple[StoredObject, ...]:
    if spec.domains is None:
        return (resource, *_leaving_parts(resource, spec))
    if not resource.parts:
        wanted = (replace(resource, spec=spec.at(domain), part=str(domain)) for domain in spec.all_domains)
        resource.parts[:] = (*wanted, *_leaving_parts(resource, spec))
    return tuple(resource.parts)


def _leaving_parts(resource: StoredObject, spec: NtaRecordSpec) -> Iterator[StoredObject]:
    leaving = domains_of_nta_records(resource.status).difference(spec.all_domains)
    for domain in sorted(leaving):
        yield replace(resource, spec=spec.at(domain), part=str(domain), leaving=True)


def providers_of(resource: StoredObject) -> frozenset[ObjectKey]:
    """All providers that a record resource refers to."""
    keys = (part.provider_key for part in parts_of(resource))
    return frozenset(key for key in keys if key is not None)


def waits_for(resource: StoredObject) -> frozenset[ObjectKey]:
    """What working on a resource may wait for: its providers, or itself for a provider."""
    if resource.key.kind in PROVIDER_KINDS:
        return frozenset((resource.key,))
    return providers_of(resource) or frozenset((resource.key,))


def joined_sighting(sightings: Sequence[Sighting | None]) -> Sighting | None:
    """What was seen at all domains together; None unless all show the same revision."""
    known = [sighting for sighting in sightings if sighting is not None]
    if len(known) < len(sightings) or len({sighting.revision for sighting in known}) != 1:
        return None
    taken = frozenset[str]().union(*(sighting.taken for sighting in known))
    strays = tuple(stray for sighting in known for stray in sighting.strays)
    loose = frozenset[str]().union(*(sighting.loose for sighting in known))
    return Sighting(
        revision=known[0].revision,
        proven=frozenset.intersection(*(sighting.proven for sighting in known)),
        disturbed=frozenset[str]().union(*(sighting.disturbed for sighting in known)),
        taken=taken,
        unsettled=taken - frozenset.intersection(*(sighting.settled for sighting in known)),
        strays=strays,
        loose=loose.difference(stray.selector for stray in strays),
        negative_caching=max(sighting.negative_caching for sighting in known),
    )
