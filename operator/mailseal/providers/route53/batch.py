"""One change batch as compare-and-swap: DELETE of the exact old sets, CREATE of the new ones. Pure.

Route 53 makes a batch as one transaction, and refuses all of it when a DELETE does not name the TTL and every
value of what is stored, or a CREATE finds a set (API reference, ChangeResourceRecordSets). UPSERT would
overwrite what somebody else wrote.

Limits: "Quotas on API requests" in the Developer Guide, and the length of `ResourceRecord.Value`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

from mailseal.providers.base import BatchTooLarge, Refused
from mailseal.providers.route53.recordsets import KnownTexts
from mailseal.providers.route53.text import text_of_name
from mailseal.records.change import RRsetChange
from mailseal.records.rrset import RRsetKey

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import ChangeTypeDef

LONGEST_VALUE: Final = 4_000
"""Characters of one value with its quotes and escapes."""
MOST_VALUES: Final = 1_000
MOST_CHARACTERS: Final = 32_000


def build_batch(zone_id: str, changes: Sequence[RRsetChange], known: KnownTexts) -> list[ChangeTypeDef]:
    """The batch that makes all changes; each must change something.

    All deletions come first, so that a CNAME can take the place of another set. Raises `Refused` for a value
    that is too long, and `BatchTooLarge`.
    """
    deletions: list[ChangeTypeDef] = []
    creations: list[ChangeTypeDef] = []
    for change in changes:
        before, after = known.before_and_after(zone_id, change)
        _check_lengths(change.key, after)
        if change.before is not None:
            deletions.append(_entry("DELETE", change.key, change.before.ttl_seconds, before))
        if change.after is not None:
            creations.append(_entry("CREATE", change.key, change.after.ttl_seconds, after))
    batch = [*deletions, *creations]
    _check_size(batch, changes)
    return batch


def _entry(
    action: Literal["CREATE", "DELETE"], key: RRsetKey, ttl_seconds: int, texts: Sequence[str]
) -> ChangeTypeDef:
    return {
        "Action": action,
        "ResourceRecordSet": {
            "Name": text_of_name(key.name),
            "Type": key.rtype.value,
            "TTL": ttl_seconds,
            "ResourceRecords": [{"Value": text} for text in texts],
        },
    }


def _check_lengths(key: RRsetKey, texts: Sequence[str]) -> None:
    longest = max(map(len, texts), default=0)
    if longest > LONGEST_VALUE:
        raise Refused(
            f"a value of {key} takes {longest:,} characters with its quotes and escapes; Route 53 takes "
            f"{LONGEST_VALUE:,}"
        )


def _check_size(batch: Sequence[ChangeTypeDef], changes: Sequence[RRsetChange]) -> None:
    records = [record for entry in batch for record in entry["ResourceRecordSet"].get("ResourceRecords", ())]
    characters = sum(len(record["Value"]) for record in records)
    if len(records) > MOST_VALUES or characters > MOST_CHARACTERS:
        what = f"{len(changes)} changes take" if len(changes) > 1 else f"the change of {changes[0].key} takes"
        raise BatchTooLarge(
            f"{what} {len(records):,} values with {characters:,} characters, the old ones included; one "
            f"request to Route 53 takes {MOST_VALUES:,} and {MOST_CHARACTERS:,}"
        )
