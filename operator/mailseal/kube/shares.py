"""What the syncs of several zones made of one resource, put together. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.engine import ZoneOutcome
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.conditions import Verdict
from mailseal.kube.objects import StoredObject
from mailseal.kube.parts import domain_of
from mailseal.kube.remembering import WRITTEN_STATES, shown_records
from mailseal.planning.model import Owner, RecordOutcome
from mailseal.providers.base import ProviderError, ZoneNotFound
from mailseal.records.names import DnsName


@dataclass(frozen=True, slots=True)
class Share:
    """What a sync of one zone made of one part, and of which state of the resource."""

    wish: tuple[str, int, bool]
    """What was synced: the resource's uid, its generation, and whether it was being deleted."""
    domain: DnsName
    records: tuple[RecordOutcome, ...] | None = None
    blocked: str | None = None
    warnings: tuple[str, ...] = ()
    failure: ProviderError | None = None
    not_admitted: Verdict | None = None
    """Why it was not synced at all."""

    @property
    def holds_values(self) -> bool:
        """True when something of ours was written there."""
        return any(record.state in WRITTEN_STATES for record in self.records or ())

    @property
    def obstacle(self) -> Verdict | None:
        """Why nothing new is known of its records."""
        if self.not_admitted is not None:
            return self.not_admitted
        if self.blocked is not None:
            return Verdict(False, "NameNotServed", self.blocked, stalled=True)
        if self.records is not None:
            return None
        if self.failure is None:
            return Verdict(False, "Pending", "not planned yet; trying again soon")
        return Verdict(False, self.failure.reason, str(self.failure), stalled=not self.failure.retryable)


class Shares:
    """Puts together what the syncs of several zones made of one resource."""

    def __init__(self) -> None:
        self._known: dict[ObjectKey, dict[str, Share]] = {}

    def forget(self, key: ObjectKey) -> None:
        """Drop what is known of a resource."""
        self._known.pop(key, None)

    def not_admitted(self, part: StoredObject, verdict: Verdict) -> None:
        """Remember that a part cannot be planned for, while others of its resource are.

        That is no obstacle where nothing is wanted and nothing was ever published, and none where a domain is
        no longer wanted whose zone is gone, since the record went with it.
        """
        share = Share(_wish_of(part), domain_of(part), not_admitted=verdict)
        never = part.wants_nothing and verdict.stalled and not any(_records([share], part.status))
        if never or (part.leaving and verdict.reason == ZoneNotFound.reason):
            share = replace(share, not_admitted=None, records=())
        self._known.setdefault(part.key, {})[part.part] = share

    def obstacle(self, part: StoredObject, all_parts: Collection[str]) -> Verdict | None:
        """What keeps one of the domains of an NtaRecord from being looked after, unlike the others."""
        if not isinstance(part.spec, NtaRecordSpec) or len(all_parts) == 1:
            return None
        known = self._known.get(part.key, {})
        obstacles = (known[name].obstacle for name in sorted(all_parts) if name in known)
        return next(filter(None, obstacles), None)

    def whole(
        self, part: StoredObject, all_parts: Collection[str], outcome: ZoneOutcome
    ) -> ZoneOutcome | None:
        """The outcome of a sync of `part` with all that is known of the resource, under the owner of `part`.

        `all_parts` are the names of all its parts. None while another one was not synced in the same state.
        The records have those that were left behind among them, since nothing else remembers these.
        """
        left = self._left_behind(part, all_parts)
        if len(all_parts) == 1 and not left:
            return outcome
        share, known = _share_of(part, outcome), self._known.setdefault(part.key, {})
        known[part.part] = share
        shares = [known[name] for name in sorted(all_parts) if name in known]
        is_whole = len(shares) == len(all_parts) and all(found.wish == share.wish for found in shares)
        if not is_whole:
            return None
        if isinstance(part.spec, NtaRecordSpec):
            return _side_by_side(part.owner, [*shares, *left], outcome, part.status)
        return _joined(part.owner, shares, outcome)

    def overtaken(self, part: StoredObject, outcome: ZoneOutcome) -> bool:
        """Remember what was written for a part that has left meanwhile; True when that is something."""
        share = _share_of(part, outcome)
        if share.holds_values:
            self._known.setdefault(part.key, {})[part.part] = share
        return share.holds_values

    def leaves_behind(self, part: StoredObject, all_parts: Collection[str]) -> bool:
        """True when something was written for a part that left before a status told of it."""
        return bool(self._left_behind(part, all_parts))

    def _left_behind(self, part: StoredObject, all_parts: Collection[str]) -> list[Share]:
        known = self._known.get(part.key, {}) if isinstance(part.spec, NtaRecordSpec) else {}
        domains = {domain_of(part), *(known[name].domain for name in all_parts if name in known)}
        return [
            share
            for name, share in known.items()
            if name not in all_parts and share.holds_values and share.domain not in domains
        ]


def _wish_of(part: StoredObject) -> tuple[str, int, bool]:
    return (part.uid, part.generation, part.deleting)


def _share_of(part: StoredObject, outcome: ZoneOutcome) -> Share:
    owner = part.owner
    return Share(
        _wish_of(part),
        domain_of(part),
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
        warnings={owner: _warnings(shares)},
        failure=next((share.failure for share in shares if share.failure), None),
    )


def _side_by_side(
    owner: Owner, shares: Sequence[Share], outcome: ZoneOutcome, status: Mapping[str, Any]
) -> ZoneOutcome:
    """`outcome` with the records of all shares; those of a share that knows none as the status has them."""
    return replace(
        outcome,
        records={owner: tuple(_records(shares, status))},
        blocked={},
        warnings={owner: _warnings(shares)},
        failure=next((share.failure for share in shares if share.failure), None),
    )


def _records(shares: Sequence[Share], status: Mapping[str, Any]) -> Iterator[RecordOutcome]:
    for share in shares:
        if share.records is not None:
            yield from share.records
        else:
            yield from (found for found in shown_records(status) if found.key.name == share.domain)


def _warnings(shares: Sequence[Share]) -> tuple[str, ...]:
    return tuple(text for share in shares for text in share.warnings)
