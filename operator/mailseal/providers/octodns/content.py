"""Zones of octoDNS as RRsets, and changes as plans of octoDNS. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from octodns.provider.plan import Plan
from octodns.record import Create, Delete, Record, Update
from octodns.zone import Zone

from mailseal.providers.base import Refused, Unavailable
from mailseal.providers.octodns.texts import TextFormat, check_rendered, read_text, write_text
from mailseal.records.change import RRsetChange
from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName, InvalidName
from mailseal.records.rrset import CnameData, MxData, Rdata, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData


@dataclass(frozen=True, slots=True)
class ZoneContent:
    """What a provider of octoDNS has read of a zone: one record of octoDNS is one RRset."""

    zone: DnsName
    source: Any
    """The zone of octoDNS."""
    records: Mapping[DnsName, Mapping[str, Any]]
    """Its records by name and type."""
    text_format: TextFormat

    @classmethod
    def of(cls, zone: DnsName, source: Any, text_format: TextFormat) -> Self:
        """The content of a zone of octoDNS; names that are no domain names are left out."""
        records: dict[DnsName, dict[str, Any]] = {}
        for record in source.records:
            try:
                name = DnsName.parse(record.fqdn)
            except InvalidName:
                continue
            records.setdefault(name, {})[str(record._type)] = record  # noqa: SLF001 - octoDNS has no other
        return cls(zone, source, records, text_format)

    def record(self, key: RRsetKey) -> Any:
        """The record of octoDNS under a key, or None."""
        return self.records.get(key.name, {}).get(str(key.rtype))

    def rrset(self, key: RRsetKey) -> RRset | None:
        """One set. Raises `Unavailable` when it cannot be read."""
        record = self.record(key)
        if record is None:
            return None
        try:
            values = tuple(dict.fromkeys(self._values(key, record)))
            return RRset(key, int(record.ttl), values)
        except (InvalidRecord, TypeError, ValueError, AttributeError) as error:
            raise Unavailable(f"octoDNS has read a set at {key} that is none: {error}") from None

    def rrsets_at(self, names: Collection[DnsName]) -> dict[RRsetKey, RRset]:
        """All sets of our types at the names."""
        keys = [RRsetKey(name, rtype) for name in names for rtype in RecordType]
        return {key: rrset for key in keys if (rrset := self.rrset(key)) is not None}

    def has_other_data(self, name: DnsName) -> bool:
        """True at the apex, where SOA and NS stand, and where types besides ours do."""
        return name == self.zone or not set(self.records.get(name, {})) <= set(RecordType)

    @property
    def cuts(self) -> frozenset[DnsName]:
        """The names below the apex that the zone delegates away."""
        found = (name for name, records in self.records.items() if "NS" in records)
        return frozenset(found) - {self.zone}

    def plan(self, changes: Iterable[RRsetChange], provider: Any) -> Plan:
        """The plan of octoDNS that makes the changes, and no others.

        Raises `Refused` for what octoDNS or the provider cannot hold.
        """
        desired = self.source.copy()
        made = []
        for change in sorted(changes, key=lambda each: each.after is not None):
            existing = self.record(change.key)
            self._check(change.key, existing, provider)
            if existing is not None:
                desired.remove_record(existing)
            if change.after is None:
                made.append(Delete(self._deleted(change, existing, provider)))
                continue
            new = self._new_record(change.key, change.after, existing, provider)
            desired.add_record(new, lenient=True)
            made.append(Create(new) if existing is None else Update(existing, new))
        return Plan(self.source, desired, made, True)

    def _check(self, key: RRsetKey, existing: Any, provider: Any) -> None:
        if str(key.rtype) not in provider.SUPPORTS:
            raise Refused(f"{key}: the provider of octoDNS does not support {key.rtype} records")
        if getattr(existing, "dynamic", None) or getattr(existing, "geo", None):
            raise Refused(f"{key} answers differently by place or health: it is left alone")
        if key.rtype is RecordType.TXT:
            check_rendered(key, map(str, getattr(existing, "values", ())), self.text_format)

    def _deleted(self, change: RRsetChange, existing: Any, provider: Any) -> Any:
        """The record to delete; where values are named one by one in that, in the form of a written one."""
        if change.before is None or self.text_format is not TextFormat.RDATA:
            return existing
        return self._new_record(change.key, change.before, existing, provider)

    def _new_record(self, key: RRsetKey, after: RRset, existing: Any, provider: Any) -> Any:
        data: dict[str, Any] = {"type": str(key.rtype), "ttl": after.ttl_seconds}
        if key.rtype is RecordType.CNAME:
            data["value"] = after.values[0].to_text()
        elif key.rtype is RecordType.MX:
            data["values"] = [_mx_body(value) for value in after.values if isinstance(value, MxData)]
        else:
            data["values"] = self._texts(key, after, existing)
        name = self.source.hostname_from_fqdn(key.name.fqdn)
        return Record.new(self.source, name, data, source=provider, lenient=True)

    def _texts(self, key: RRsetKey, after: RRset, existing: Any) -> list[str]:
        """The texts of octoDNS; those of values that stay are as they were read."""
        values = dict.fromkeys(value for value in after.values if isinstance(value, TxtData))
        if self.text_format is TextFormat.RDATA:
            return [write_text(key, value, self.text_format) for value in values]
        held = {read_text(str(text), self.text_format): str(text) for text in getattr(existing, "values", ())}
        return [held.get(value) or write_text(key, value, self.text_format) for value in values]

    def _values(self, key: RRsetKey, record: Any) -> Iterable[Rdata]:
        if key.rtype is RecordType.CNAME:
            return [CnameData(DnsName.parse(str(record.value)))]
        if key.rtype is RecordType.MX:
            return [MxData(int(each.preference), DnsName.parse(str(each.exchange))) for each in record.values]
        return [read_text(str(text), self.text_format) for text in record.values]


def empty_zone(zone: DnsName) -> Any:
    """A zone of octoDNS for a provider to fill."""
    return Zone(zone.fqdn, [])


def _mx_body(value: MxData) -> dict[str, object]:
    return {"preference": value.preference, "exchange": value.exchange.fqdn}
