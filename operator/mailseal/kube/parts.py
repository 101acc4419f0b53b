"""The parts of a resource: a DkimKey whose keys stand at another domain is planned for in two zones. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.engine import ZoneOutcome
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.objects import StoredObject
from mailseal.planning.keylife.model import Sighting
from mailseal.planning.model import Owner, RecordOutcome
from mailseal.providers.base import ProviderError
from mailseal.records.names import DnsName

_KEYS = "keys"
"""The part that publishes the keys; the first one, with the CNAMEs, has no name."""


def domain_of(resource: StoredObject) -> DnsName:
    """The mail domain of a record resource, or of the part of one."""
    return resource.spec.domain_name  # type: ignore[union-attr]


def parts_of(resource: StoredObject) -> tuple[StoredObject, ...]:
    """The resource as each domain sees it that holds records of it: the CNAMEs first, then the keys."""
    spec = resource.spec
    if not isinstance(spec, DkimKeySpec) or spec.delegation is None:
        return (resource,)
    return (resource, replace(resource, spec=spec.at_delegation(spec.delegation), part=_KEYS))


def providers_of(resource: StoredObject) -> frozenset[ObjectKey]:
    """All providers that a record resource refers to."""
    keys = (part.provider_key for part in parts_of(resource))
    return frozenset(key for key in keys if key is not None)


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


@dataclass(frozen=True, slots=True)
class Share:
    """What a sync of one zone made of one part, and of which state of the resource."""

    wish: tuple[str, int, bool]
    """What was synced: the resource's uid, its generation, and whether it was being deleted."""
    records: tuple[RecordOutcome, ...] | None
    blocked: str | None
    warnings: tuple[str, ...]
    failure: ProviderError | None


class Shares:
    """Puts together what the syncs of several zones made of one resource."""

    def __init__(self) -> None:
        self._known: dict[ObjectKey, dict[str, Share]] = {}

    def forget(self, key: ObjectKey) -> None:
        """Drop what is known of a resource."""
        self._known.pop(key, None)

    def whole(
        self, part: StoredObject, all_parts: Collection[str], outcome: ZoneOutcome
    ) -> ZoneOutcome | None:
        """The outcome of a sync of `part` with all that is known of the resource, under the owner of `part`.

        `all_parts` are the names of all its parts. None while another one was not synced in the same state.
        """
        if len(all_parts) == 1:
            return outcome
        share, known = _share_of(part, outcome), self._known.setdefault(part.key, {})
        known[part.part] = share
        shares = [known[name] for name in sorted(all_parts) if name in known]
        is_whole = len(shares) == len(all_parts) and all(found.wish == share.wish for found in shares)
        return _joined(part.owner, shares, outcome) if is_whole else None


def _share_of(part: StoredObject, outcome: ZoneOutcome) -> Share:
    owner = part.owner
    return Share(
        (part.uid, part.generation, part.deleting),
        outcome.records.get(owner),
        outcome.blocked.get(owner),
        tuple(outcome.warnings.get(owner, ())),
        outcome.failure,
    )


def _joined(owner: Owner, shares: Sequence[Share], outcome: ZoneOutcome) -> ZoneOutcome:
    """`outcome` with what all shares say of `owner`: its records only if all have some."""
    told = [share.records for share in shares if share.records is not None]
    records = {owner: tuple(chain.from_iterable(told))} if len(told) == len(shares) else {}
    obstacle = next((share.blocked for share in shares if share.blocked), None)
    return replace(
        outcome,
        records=records,
        blocked={owner: obstacle} if obstacle else {},
        warnings={owner: tuple(text for share in shares for text in share.warnings)},
        failure=next((share.failure for share in shares if share.failure), None),
    )
