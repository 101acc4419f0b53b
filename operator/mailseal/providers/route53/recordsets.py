"""Record sets as Route 53 holds them: which are ours, and their texts exactly as stored. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mailseal.providers.base import Unavailable
from mailseal.providers.route53.text import UnreadableText, name_of, text_of, value_of
from mailseal.records.change import RRsetChange
from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey


@dataclass(frozen=True, slots=True)
class StoredSet:
    """One record set of any type as the API gives it."""

    name: DnsName
    rtype: str
    ttl_seconds: int
    texts: tuple[str, ...]
    """Its values in the API's form, as somebody wrote them."""
    special: str = ""
    """What makes it no plain set, such as `is an alias of x.example`; empty for a plain one."""

    @classmethod
    def parse(cls, answer: Any) -> StoredSet:
        """A ResourceRecordSet of an answer. Raises `Unavailable` when it cannot be one."""
        try:
            texts = tuple(str(record["Value"]) for record in answer.get("ResourceRecords") or ())
            return cls(
                name_of(str(answer["Name"])),
                str(answer["Type"]),
                int(answer.get("TTL") or 0),
                texts,
                _special(answer),
            )
        except (AttributeError, KeyError, TypeError, ValueError, UnreadableText) as error:
            raise Unavailable(f"the answer holds a record set that cannot be read: {error}") from None

    def rrset(self) -> RRset:
        """The plain set in our form. Raises `UnreadableText`."""
        rtype = RecordType(self.rtype)
        try:
            values = tuple(value_of(rtype, text) for text in self.texts)
            return RRset(RRsetKey(self.name, rtype), self.ttl_seconds, values)
        except InvalidRecord as error:
            raise UnreadableText(str(error)) from None


def cut_above(name: DnsName, zone: DnsName, sets_at: dict[DnsName, list[StoredSet]]) -> DnsName | None:
    """The name below `zone` at or above `name` that NS records delegate away; None for none."""
    cuts = [above for above in names_to_look_at(name, zone) if _holds_ns(sets_at.get(above, ()))]
    return cuts[-1] if cuts else None


def names_to_look_at(name: DnsName, zone: DnsName) -> tuple[DnsName, ...]:
    """The name, and every name above it and below the apex, where a delegation may be."""
    depth = len(name.labels) - len(zone.labels)
    return name.ancestors()[:depth] or (name,)


def obstacle(sets: Iterable[StoredSet], key: RRsetKey) -> str | None:
    """Why the sets at the key's name keep mailseal from the key; None when they do not."""
    for stored in sets:
        if stored.rtype not in {key.rtype, RecordType.CNAME}:
            continue
        if stored.special:
            return (
                f"{stored.name} {stored.rtype} {stored.special} in Route 53: mailseal writes plain record "
                "sets only; replace it by one with simple routing, or take it out of mailseal's resources"
            )
        try:
            stored.rrset()
        except UnreadableText as error:
            return f"{stored.name} {stored.rtype} cannot be read: {error}"
    return None


class KnownTexts:
    """The stored texts of sets that hold a value in another form than mailseal's own.

    A DELETE has to repeat what is stored. Whether Route 53 compares texts or what they mean is not
    documented, so what was read goes back as it was, and values of others stay as they wrote them. Sets in
    our own form need no memory: that is nearly all.
    """

    def __init__(self) -> None:
        self._texts: dict[tuple[str, RRsetKey], StoredSet] = {}

    def note(self, zone_id: str, key: RRsetKey, stored: StoredSet | None) -> None:
        """Remember what was read at a key, or that nothing was."""
        if stored is None or all(
            text_of(value) == text for value, text in zip(stored.rrset().values, stored.texts, strict=True)
        ):
            self._texts.pop((zone_id, key), None)
        else:
            self._texts[zone_id, key] = stored

    def before_and_after(self, zone_id: str, change: RRsetChange) -> tuple[Sequence[str], Sequence[str]]:
        """The texts to delete and to create; none where there is no set."""
        stored = self._texts.get((zone_id, change.key))
        held = stored.rrset() if stored else None
        if stored is None or held is None or not held.same_as(change.before):
            return _texts(change.before), _texts(change.after)
        kept = dict(zip(held.values, stored.texts, strict=True))
        after = [kept.get(value, text_of(value)) for value in change.after.values] if change.after else []
        return stored.texts, tuple(dict.fromkeys(after))


def _texts(rrset: RRset | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(text_of, rrset.values))) if rrset else ()


def _special(answer: Any) -> str:
    alias = answer.get("AliasTarget")
    if answer.get("TrafficPolicyInstanceId"):
        return f"belongs to the traffic policy instance {answer['TrafficPolicyInstanceId']}"
    if answer.get("SetIdentifier"):
        return f"has the routing policy record {answer['SetIdentifier']!r}"
    if alias:
        return f"is an alias of {alias.get('DNSName')}"
    return ""


def _holds_ns(sets: Iterable[StoredSet]) -> bool:
    return any(stored.rtype == "NS" for stored in sets)
