"""The rules of a write on a zone that is at hand as RRsets: compare, keep CNAMEs alone, replace. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from mailseal.providers.base import OutcomeUnknown, Raced, Refused
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey


def check_batch(zone: DnsName, changes: Sequence[RRsetChange]) -> None:
    """Raise `Refused` for a key outside `zone`, a key twice, or a set under another key than its change."""
    seen: set[RRsetKey] = set()
    for change in changes:
        if not change.key.name.is_within(zone):
            raise Refused(f"{change.key} lies outside the zone {zone}")
        if change.key in seen:
            raise Refused(f"{change.key} is changed twice in one batch")
        if any(held is not None and held.key != change.key for held in (change.before, change.after)):
            raise Refused(f"the sets before and after a change of {change.key} must have its key")
        seen.add(change.key)


def alters(change: RRsetChange) -> bool:
    """True when the sets before and after differ."""
    return change.before is not None if change.after is None else not change.after.same_as(change.before)


def read_rrsets(held: Mapping[RRsetKey, RRset], keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
    """The sets of `keys` that are held, and the CNAME at each of their names."""
    wanted = {*keys, *(RRsetKey(key.name, RecordType.CNAME) for key in keys)}
    return {key: held[key] for key in wanted if key in held}


def changed_rrsets(
    held: Mapping[RRsetKey, RRset],
    changes: Sequence[RRsetChange],
    other_data_at: Callable[[DnsName], bool] = lambda _name: False,
) -> dict[RRsetKey, RRset]:
    """What is held after all changes. `other_data_at` tells of types besides ours at a name.

    Raises `Raced` when a `before` is not what is held or a CNAME is in the way, and `Refused` when a CNAME
    would stand beside other data (RFC 1034 section 3.6.2).
    """
    for change in changes:
        _compare(held.get(change.key), change)
    altering = [change for change in changes if alters(change)]
    result = {key: rrset for key, rrset in held.items() if key not in {change.key for change in altering}}
    result.update({change.key: change.after for change in altering if change.after is not None})
    for change in altering:
        if change.after is not None:
            _check_cname_alone(result, change.key, other_data_at)
    return result


def check_left(held: Mapping[RRsetKey, RRset], changes: Iterable[RRsetChange]) -> None:
    """Raise `OutcomeUnknown` unless `held`, read after a write, has the sets that the changes leave."""
    for change in changes:
        if alters(RRsetChange(change.key, held.get(change.key), change.after)):
            raise OutcomeUnknown(f"{change.key} was written, and changed by somebody else at once")


def check_made(held: Mapping[RRsetKey, RRset], changes: Sequence[RRsetChange]) -> None:
    """Raise `Raced` unless `held`, read after a write, has what the changes add and lacks what they remove.

    For backends without compare-and-swap. What somebody else added or removed meanwhile is no fault.
    """
    for change in changes:
        now, before, after = (
            rrset.identities if rrset else frozenset()
            for rrset in (held.get(change.key), change.before, change.after)
        )
        if after - before - now or (before - after) & now:
            raise Raced(f"{change.key} was changed by somebody else, or by the backend, as it was written")
        if after - before and change.key.rtype is not RecordType.CNAME:
            _check_cname_alone(held, change.key, lambda _name: False)


def _compare(current: RRset | None, change: RRsetChange) -> None:
    unchanged = current is None if change.before is None else change.before.same_as(current)
    if not unchanged:
        raise Raced(f"{change.key} has changed since it was read")


def _check_cname_alone(
    result: Mapping[RRsetKey, RRset], key: RRsetKey, other_data_at: Callable[[DnsName], bool]
) -> None:
    if key.rtype is not RecordType.CNAME:
        if RRsetKey(key.name, RecordType.CNAME) in result:
            raise Raced(f"{key.name} holds a CNAME, which allows no {key.rtype} beside it")
        return
    others = [other for other in RecordType if other is not key.rtype and RRsetKey(key.name, other) in result]
    if others or other_data_at(key.name):
        raise Refused(
            f"{key.name} holds other records, which allow no CNAME beside them (RFC 1034 section 3.6.2)"
        )
