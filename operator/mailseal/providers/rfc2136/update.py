"""UPDATE messages (RFC 2136) that state what they replace. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import dns.name
import dns.update

from mailseal.dnsio.rdata import wire_name, wire_rdata, wire_type
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import Rdata, RecordType, RRsetKey


def build_update(zone: DnsName, changes: Sequence[RRsetChange]) -> dns.update.UpdateMessage:
    """The message that makes all `changes` in the zone, or none when one prerequisite fails.

    Only the resource records that differ are deleted and added, so that foreign ones are never rewritten.
    """
    message = dns.update.UpdateMessage(wire_name(zone))
    for change in changes:
        _require_before(message, change)
    _require_no_cname_conflict(message, changes)
    for change in changes:
        _remove(message, change)
    for change in changes:
        _add(message, change)
    return message


def build_empty_update(zone: DnsName) -> dns.update.UpdateMessage:
    """A message that asks for nothing and changes nothing: its answer says whether updates are accepted."""
    return dns.update.UpdateMessage(wire_name(zone))


def build_existence_check(zone: DnsName, key: RRsetKey) -> dns.update.UpdateMessage:
    """A message that changes nothing: NOERROR says that the set stands in the zone itself, NXRRSET that it
    does not (RFC 2136 section 2.4.1, where wildcards are not expanded)."""
    message = dns.update.UpdateMessage(wire_name(zone))
    message.present(wire_name(key.name), key.rtype)
    return message


def _require_before(message: dns.update.UpdateMessage, change: RRsetChange) -> None:
    """RFC 2136 sections 2.4.2 (exactly these values; TTLs are not compared) and 2.4.3 (no such set)."""
    owner = wire_name(change.key.name)
    if change.before is None:
        message.absent(owner, wire_type(change.key))
        return
    for value in change.before.values:
        message.present(owner, wire_rdata(value))


def _require_no_cname_conflict(message: dns.update.UpdateMessage, changes: Sequence[RRsetChange]) -> None:
    """A server silently ignores what conflicts with a CNAME (RFC 2136 section 3.4.2.2): make that a refusal.

    Names whose CNAME, or whose other sets, the same batch changes are left to its other prerequisites.
    """
    touched = {change.key for change in changes}
    for owner, others in _created(changes):
        cname = RRsetKey(owner, RecordType.CNAME)
        if cname not in touched:
            message.absent(wire_name(owner), RecordType.CNAME)
        elif cname in others and not any(key.name == owner and key != cname for key in touched):
            message.absent(wire_name(owner))


def _created(changes: Sequence[RRsetChange]) -> Iterable[tuple[DnsName, set[RRsetKey]]]:
    created: dict[DnsName, set[RRsetKey]] = {}
    for change in changes:
        if change.before is None and change.after is not None:
            created.setdefault(change.key.name, set()).add(change.key)
    return created.items()


def _remove(message: dns.update.UpdateMessage, change: RRsetChange) -> None:
    """Delete the set as a whole where none of it stays: PowerDNS deletes a single MX or CNAME only when it is
    spelled in the same case, and otherwise ignores the deletion."""
    owner = wire_name(change.key.name)
    kept = _kept(change)
    if change.before is not None and not kept:
        message.delete(owner, change.key.rtype)
        return
    for value in change.before.values if change.before is not None else ():
        if value not in kept:
            message.delete(owner, wire_rdata(value))


def _add(message: dns.update.UpdateMessage, change: RRsetChange) -> None:
    kept = _kept(change)
    if change.after is not None:
        for value in change.after.values:
            if value not in kept:
                message.add(wire_name(change.key.name), change.after.ttl_seconds, wire_rdata(value))


def _kept(change: RRsetChange) -> frozenset[Rdata]:
    """The values that stand as they are: none where the TTL changes, since a set shares one (RFC 2181 5.2).

    Adding a value once more with another TTL would do by RFC 2136 section 3.4.2.2, but Knot ignores it.
    """
    if change.before is None or change.after is None or change.before.ttl_seconds != change.after.ttl_seconds:
        return frozenset()
    return frozenset(change.before.values) & frozenset(change.after.values)
