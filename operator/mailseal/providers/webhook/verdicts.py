"""Comparing what a webhook lists, before and after a write, with what a change says. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mailseal.providers.base import OutcomeUnknown, Refused
from mailseal.providers.rrsetstore import changed_rrsets
from mailseal.providers.webhook.client import WriteFailed
from mailseal.providers.webhook.listing import Listing
from mailseal.providers.webhook.protocol import Endpoint
from mailseal.providers.webhook.txtforms import TxtForm
from mailseal.records.change import RRsetChange
from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey


def check_before(listing: Listing, changes: Sequence[RRsetChange]) -> None:
    """Raise `Raced` or `Refused` unless all changes are possible on what is listed."""
    names = {change.key.name for change in changes}
    wanted = {change.key for change in changes} | {RRsetKey(name, RecordType.CNAME) for name in names}
    aliased = {change.key.name for change in changes if change.key.rtype is RecordType.CNAME}
    wanted |= {RRsetKey(name, rtype) for name in aliased for rtype in (RecordType.TXT, RecordType.MX)}
    held = {key: rrset for key in wanted if (rrset := _readable(listing, key)) is not None}
    changed_rrsets(held, changes, listing.has_other_types)


def check_adjusted(
    proposed: Sequence[Mapping[str, Any]], adjusted: Mapping[tuple[DnsName, str], Endpoint], form: TxtForm
) -> None:
    """Raise `Refused` when a webhook would write other values or another TTL than it was given."""
    for body in proposed:
        key = RRsetKey(DnsName.parse(body["dnsName"]), RecordType(body["recordType"].upper()))
        endpoint = adjusted.get((key.name, key.rtype))
        if endpoint is None:
            raise Refused(
                f"the webhook leaves {key} out of what it would write: it does not support it there"
            )
        if endpoint.ttl_seconds not in {0, body.get("recordTTL", 0)}:
            raise Refused(
                f"the webhook makes the TTL of {key} {endpoint.ttl_seconds} s instead of "
                f"{body['recordTTL']} s: ask for a TTL that it takes"
            )
        if set(endpoint.targets) != set(body["targets"]) and not _same_values(key, endpoint, body, form):
            raise Refused(
                f"the webhook would write other values at {key} than it was given: see webhook.txtForm"
            )


def check_after(listing: Listing, changes: Sequence[RRsetChange], failure: WriteFailed | None) -> None:
    """Raise unless all changes were made, whatever the webhook said of them.

    Raises `WriteFailed` when none was made, `Refused` when only a TTL is another one, and `OutcomeUnknown`
    when something else is held: then somebody else wrote at that moment, or only a part was made.
    """
    if all(_made(listing, change) for change in changes):
        return
    if all(_unmade(listing, change) for change in changes):
        raise failure or WriteFailed(
            f"the webhook accepted a change of {changes[0].key} and does not list it: either it does not "
            "support such records and ignores them, or its list is late"
        )
    missing = next(change for change in changes if not _made(listing, change))
    if _made(listing, missing, any_ttl=True) and missing.after is not None:
        raise Refused(f"the webhook keeps another TTL at {missing.key} than {missing.after.ttl_seconds} s")
    said = f": {failure}" if failure else ""
    raise OutcomeUnknown(f"the webhook lists other values at {missing.key} than were written{said}")


def _made(listing: Listing, change: RRsetChange, *, any_ttl: bool = False) -> bool:
    """Values count by their joined bytes, since some backends split them again."""
    try:
        held = listing.held(change.key)
    except InvalidRecord:
        return False
    if held is None or change.after is None:
        return held is None and change.after is None
    same_ttl = held.rrset.ttl_seconds == change.after.ttl_seconds or not listing.says_ttl(change.key)
    return held.rrset.identities == change.after.identities and (any_ttl or same_ttl)


def _unmade(listing: Listing, change: RRsetChange) -> bool:
    held = _readable(listing, change.key)
    return held is None if change.before is None else change.before.same_as(held)


def _readable(listing: Listing, key: RRsetKey) -> RRset | None:
    try:
        held = listing.held(key)
    except InvalidRecord as error:
        raise Refused(str(error)) from None
    return held.rrset if held is not None else None


def _same_values(key: RRsetKey, endpoint: Endpoint, body: Mapping[str, Any], form: TxtForm) -> bool:
    given = Endpoint(key.name, key.rtype, tuple(body["targets"]), endpoint.ttl_seconds, "", body)
    try:
        made, wanted = (Listing([each], form).held(key) for each in (endpoint, given))
    except InvalidRecord:
        return False
    return made is not None and wanted is not None and made.rrset.identities == wanted.rrset.identities
