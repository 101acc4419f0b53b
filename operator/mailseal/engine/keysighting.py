"""What one sync of a zone saw of a DkimKey's keys: the facts that their next step rests on. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mailseal.domain.dkimkey import KeyAlgorithm
from mailseal.engine.ledger import NOT_YET_ANSWERED
from mailseal.engine.zone import ZoneOutcome
from mailseal.planning.keylife.model import LifeKey, Sighting
from mailseal.planning.model import Claim, RecordOutcome, RecordState
from mailseal.planning.places import (
    Place,
    Singleton,
    alias_place,
    dkim_place,
    dkim_record,
    meaning_of,
    selector_at,
    singleton_of,
)
from mailseal.planning.reasons import Reason
from mailseal.planning.selector_records import selector_place
from mailseal.records.rrset import CnameData, Rdata, RRset
from mailseal.records.txt import TxtData

TAKEN = frozenset({Reason.SELECTOR_TAKEN, Reason.FOREIGN_VALUE, Reason.RECORDS_IN_THE_WAY})
"""Conflicts that another selector ends; all others wait for a person."""
_STANDING = frozenset({RecordState.PUBLISHED, RecordState.PROPAGATING})


def sighting_of(claim: Claim, revision: int, outcome: ZoneOutcome) -> Sighting | None:
    """What the sync that published `revision` of a life saw of it.

    None when it proves nothing: the backend failed, a name is not the zone's own, policy DryRun, or the
    resource was not reached.
    """
    records = outcome.records.get(claim.owner)
    if records is None or outcome.failure or outcome.dry_run or claim.owner in outcome.blocked:
        return None
    seen = _Seen(claim, records, outcome)
    selectors = seen.wanted.keys() | claim.dkim_released
    sighting = Sighting(
        revision,
        proven=frozenset(filter(seen.is_proven, selectors)),
        disturbed=frozenset(filter(seen.is_disturbed, selectors)),
        taken=frozenset(filter(seen.is_taken, selectors)),
        strays=tuple(seen.strays()),
        loose=frozenset(seen.loose()),
    )
    if outcome.negative_caching is None:
        return sighting
    return replace(sighting, negative_caching=outcome.negative_caching)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One claim and what one sync made of it."""

    claim: Claim
    records: Sequence[RecordOutcome]
    outcome: ZoneOutcome

    @property
    def wanted(self) -> dict[str, tuple[Place, Rdata]]:
        """What shall stand at each selector, and where; a selector that makes no name is left out."""
        domain = self.claim.domain
        wishes: list[tuple[str, Place | None, Rdata]] = [
            (key.selector, selector_place(dkim_place, key.selector, domain), TxtData.of(key.record))
            for key in self.claim.dkim_keys
        ]
        for selector, target in self.claim.dkim_aliases:
            wishes.append((selector, selector_place(alias_place, selector, domain), CnameData(target)))
        return {selector: (place, value) for selector, place, value in wishes if place is not None}

    def is_proven(self, selector: str) -> bool:
        """True when all servers answer what is wanted there and nothing else of ours."""
        found = self._at(selector)
        wish = self.wanted.get(selector)
        if wish is None:
            return not found
        return bool(found) and all(
            record.state is RecordState.PUBLISHED and _says(record, *wish) for record in found
        )

    def is_disturbed(self, selector: str) -> bool:
        """True when the sync had to write what is wanted there, or some server answered otherwise."""
        answered_otherwise = any(
            record.state in {RecordState.PROPAGATING, RecordState.REMOVING}
            and record.reason == NOT_YET_ANSWERED
            and not record.only_silence
            for record in self._at(selector)
        )
        return answered_otherwise or self._was_written(selector)

    def is_taken(self, selector: str) -> bool:
        """True when something that is not ours to change has the selector."""
        return any(
            record.state is RecordState.CONFLICT and record.reason in TAKEN for record in self._at(selector)
        )

    def strays(self) -> Iterator[LifeKey]:
        """The keys of ours at selectors that are neither wanted nor released."""
        for selector, value in self._unknown():
            yield from _life_keys(selector, value)

    def loose(self) -> Iterator[str]:
        """Such selectors at which a CNAME of ours stands."""
        return (selector for selector, value in self._unknown() if isinstance(value, CnameData))

    def _unknown(self) -> Iterator[tuple[str, Rdata]]:
        known = self.wanted.keys() | self.claim.dkim_released
        for record in self.records:
            selector = selector_at(record.key.name, self.claim.domain)
            if selector and selector not in known and record.state in _STANDING:
                yield selector, record.value

    def _at(self, selector: str) -> list[RecordOutcome]:
        return [
            record for record in self.records if selector_at(record.key.name, self.claim.domain) == selector
        ]

    def _was_written(self, selector: str) -> bool:
        """True when values of DKIM came to the selector or went from it in this sync."""
        return any(
            selector_at(planned.change.key.name, self.claim.domain) == selector
            and self.claim.owner in planned.owners
            and _meanings(planned.change.before) != _meanings(planned.change.after)
            for planned in self.outcome.written
        )


def _says(record: RecordOutcome, place: Place, value: Rdata) -> bool:
    wanted = meaning_of(value, place.singleton)
    return record.key == place.key and meaning_of(record.value, place.singleton) == wanted


def _meanings(rrset: RRset | None) -> frozenset[bytes]:
    values = rrset.values if rrset else ()
    return frozenset(
        meaning_of(value, singleton)
        for value in values
        for singleton in (singleton_of(value),)
        if singleton in {Singleton.DKIM, Singleton.CNAME}
    )


def _life_keys(selector: str, value: Rdata) -> Iterator[LifeKey]:
    """The key that a record publishes; none for a CNAME or for what no verifier can read."""
    record = dkim_record(value)
    if record is not None:
        algorithm = next(found for found in KeyAlgorithm if found.tag == record.key_type)
        yield LifeKey(selector, algorithm, record.bits, record.to_text())
