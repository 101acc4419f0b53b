"""Record sets of the Azure DNS API as our RRsets and back. Pure.

The API has no presentation form: a TXT value is a list of character-strings as JSON text, nothing escaped
(learn.microsoft.com, "Record Sets - Create Or Update", `TxtRecord`). Which bytes Azure serves for text
outside ASCII is not documented, so it is given back as it was and never written by us.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from azure.mgmt.dns.models import CnameRecord, MxRecord, RecordSet, TxtRecord

from mailseal.providers.base import Refused
from mailseal.records.change import RRsetChange
from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, Rdata, RecordType, RRset, RRsetKey, rrset_of
from mailseal.records.txt import TxtData

LOWEST_TTL_SECONDS: Final = 1
_TYPE_PREFIX: Final = "microsoft.network/dnszones/"
_ENCODING: Final = ("utf-8", "surrogatepass")


class Unreadable(Exception):
    """A record set that mailseal cannot show as an RRset; the text says why."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a write has to repeat of the record set that it replaces."""

    etag: str
    metadata: tuple[tuple[str, str], ...] = ()
    """The user's own notes on the record set; never shown by mailseal, and never lost."""


def owner_and_type(zone: DnsName, stored: RecordSet) -> tuple[DnsName, str]:
    """The name and the DNS type of a record set. Raises `Unreadable`."""
    kind = str(stored.type or "").lower()
    if not isinstance(stored.name, str) or not kind.startswith(_TYPE_PREFIX):
        raise Unreadable("a record set has no name or no type")
    try:
        owner = zone if stored.name == "@" else DnsName.parse(f"{stored.name}.{zone}")
    except InvalidRecord as error:
        raise Unreadable(str(error)) from None
    return owner, kind.removeprefix(_TYPE_PREFIX).upper()


def mark_of(stored: RecordSet) -> Mark:
    """The mark of a record set. Raises `Unreadable` for one without an etag."""
    if not stored.etag:
        raise Unreadable("the record set has no etag")
    return Mark(stored.etag, tuple((stored.metadata or {}).items()))


def decode(key: RRsetKey, stored: RecordSet) -> RRset | None:
    """The RRset; None for a record set without records, which Azure keeps but does not serve.

    Raises `Unreadable`.
    """
    if stored.target_resource is not None and stored.target_resource.id:
        raise Unreadable("it is an alias of an Azure resource, which has no records of its own")
    try:
        values = _VALUES[key.rtype](stored)
        return rrset_of(key, int(stored.ttl if stored.ttl is not None else -1), values)
    except (InvalidRecord, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(f"its content cannot be read: {error}") from None


def encode(change: RRsetChange, mark: Mark | None) -> RecordSet:
    """The record set that a change leaves, with the metadata of the one before.

    Raises `Refused` for what Azure cannot hold.
    """
    rrset = change.after
    if rrset is None:
        raise ValueError("a deletion has no content")
    if rrset.ttl_seconds < LOWEST_TTL_SECONDS:
        raise Refused(f"{change.key}: Azure DNS takes no TTL below {LOWEST_TTL_SECONDS} second")
    held = change.before.values if change.before is not None else ()
    for value in rrset.values:
        if isinstance(value, TxtData) and value not in held:
            _check_new(change.key, value)
    content = RecordSet(ttl=rrset.ttl_seconds, metadata=dict(mark.metadata) if mark else None)
    _fill(content, change.key, rrset.values)
    return content


def _fill(content: RecordSet, key: RRsetKey, values: tuple[Rdata, ...]) -> None:
    txt = [TxtRecord(value=_texts(key, value)) for value in values if isinstance(value, TxtData)]
    mx = [
        MxRecord(preference=value.preference, exchange=value.exchange.fqdn)
        for value in values
        if isinstance(value, MxData)
    ]
    cnames = [CnameRecord(cname=value.target.fqdn) for value in values if isinstance(value, CnameData)]
    if len(cnames) > 1:
        raise Refused(f"{key}: a name has one CNAME at most")
    content.txt_records = txt or None
    content.mx_records = mx or None
    content.cname_record = cnames[0] if cnames else None


def _texts(key: RRsetKey, value: TxtData) -> list[str]:
    try:
        return [string.decode(*_ENCODING) for string in value.strings]
    except UnicodeDecodeError:
        raise Refused(f"{key}: Azure DNS takes text only, and a value has bytes that are none") from None


def _check_new(key: RRsetKey, value: TxtData) -> None:
    if not all(value.strings):
        raise Refused(f"{key}: a value has an empty character-string, which Azure DNS does not take")
    if any(not 0x20 <= byte < 0x7F for byte in value.joined):
        raise Refused(
            f"{key}: a value has bytes outside printable ASCII, and what Azure DNS serves for them is unknown"
        )


def _txt(stored: RecordSet) -> list[Rdata]:
    return [
        TxtData(tuple(text.encode(*_ENCODING) for text in record.value or ()))
        for record in stored.txt_records or ()
    ]


def _mx(stored: RecordSet) -> list[Rdata]:
    return [MxData(int(str(record.preference)), _name(record.exchange)) for record in stored.mx_records or ()]


def _cname(stored: RecordSet) -> list[Rdata]:
    record = stored.cname_record
    return [CnameData(_name(record.cname))] if record is not None and record.cname else []


def _name(text: str | None) -> DnsName:
    return DnsName.parse(str(text))


_VALUES: Final[dict[RecordType, Callable[[RecordSet], list[Rdata]]]] = {
    RecordType.TXT: _txt,
    RecordType.MX: _mx,
    RecordType.CNAME: _cname,
}
