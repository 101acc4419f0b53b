"""Which keys of a zone cannot be read, for APIs that list what is stored. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRsetKey


def key_faults(
    zone: DnsName,
    keys: Collection[RRsetKey],
    delegated: Collection[DnsName],
    unreadable: Mapping[RRsetKey, str],
) -> dict[RRsetKey, str]:
    """The faults for `NotServed`: names at or below one that is delegated away, and unreadable sets.

    `delegated` are the names below the apex that have NS records, `unreadable` the stored sets that are no
    RRsets of ours; a CNAME among them keeps every other type at its name from being used too.
    """
    faults: dict[RRsetKey, str] = {}
    for key in keys:
        cut = next((name for name in key.name.ancestors() if name in delegated), None)
        alias = RRsetKey(key.name, RecordType.CNAME)
        if cut is not None:
            faults[key] = f"{key.name} is delegated away from {zone} by the NS records of {cut}"
        elif key in unreadable or alias in unreadable:
            faults[key] = unreadable.get(key) or unreadable[alias]
    return faults
