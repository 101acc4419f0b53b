"""Records of the Cloudflare API as values, and values as records. Pure.

A TXT record's `content` consists of quoted character-strings as in a zone file (RFC 1035 section 5.1); a
string over 255 bytes is split when it is served. Older records have the bare value without quotes. See
https://developers.cloudflare.com/api/resources/dns/subresources/records/models/txt_record/ and
https://developers.cloudflare.com/dns/manage-dns-records/reference/dns-record-types/.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import dns.exception
import dns.tokenizer

from mailseal.providers.base import Unavailable
from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName, InvalidName
from mailseal.records.rrset import MAX_TTL_SECONDS, CnameData, MxData, Rdata, RecordType, RRsetKey
from mailseal.records.txt import TxtData

AUTOMATIC: Final = 1
"""The TTL that stands for the one that Cloudflare chooses."""
AUTOMATIC_TTL_SECONDS: Final = 300
"""What it chooses (https://developers.cloudflare.com/dns/manage-dns-records/reference/ttl/)."""


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One record as the API holds it: one value with an identifier of its own."""

    identifier: str
    name: DnsName
    type_name: str
    content: str
    ttl_seconds: int
    """As resolvers see it: 300 where the API says automatic."""
    priority: int
    synthesised: bool
    """Not answered as it stands: a CNAME that is proxied or flattened is answered as addresses."""

    @classmethod
    def parse(cls, entry: object, zone: DnsName) -> Self | None:
        """The record of an entry of the API's list; None for a name that is none of ours to ask for.

        Raises `Unavailable` when it is not an entry of such a list.
        """
        if not isinstance(entry, Mapping):
            raise Unavailable(f"Cloudflare's list of the records of {zone} cannot be read")
        fields = [entry.get(field) for field in ("id", "name", "type")]
        ttl_seconds = _ttl_seconds(entry.get("ttl"))
        if not all(isinstance(text, str) for text in fields) or ttl_seconds is None:
            raise Unavailable(f"Cloudflare's list of the records of {zone} has one without id, name or TTL")
        identifier, name, type_name = (str(text) for text in fields)
        try:
            owner = DnsName.parse(name)
        except InvalidName:
            return None
        return cls(
            identifier=identifier,
            name=owner,
            type_name=type_name,
            content=str(entry.get("content") or ""),
            ttl_seconds=ttl_seconds,
            priority=_priority(entry.get("priority")),
            synthesised=type_name == "CNAME" and (owner == zone or _is_flattened(entry)),
        )

    @property
    def value(self) -> Rdata:
        """The value. Raises `Unavailable` when its content is none of its type."""
        try:
            if self.type_name == RecordType.TXT:
                return txt_data(self.content)
            if self.type_name == RecordType.MX:
                return MxData(self.priority, DnsName.parse(self.content))
            return CnameData(DnsName.parse(self.content))
        except InvalidRecord as error:
            raise Unavailable(
                f"Cloudflare holds a {self.type_name} record at {self.name} that cannot be read: {error}"
            ) from None


def txt_data(content: str) -> TxtData:
    """The value of a TXT record's content, quoted or bare."""
    strings = _quoted_strings(content) if content.startswith('"') else None
    if strings is None:
        return TxtData.of(content.encode("utf-8", "surrogatepass"))
    return TxtData(tuple(piece for string in strings for piece in TxtData.of(string).strings))


def new_record(key: RRsetKey, value: Rdata, ttl_seconds: int) -> dict[str, Any]:
    """The body that creates a value."""
    body: dict[str, Any] = {"name": str(key.name), "type": str(key.rtype), "ttl": ttl_seconds}
    if isinstance(value, TxtData):
        return {**body, "content": value.to_text()}
    if isinstance(value, MxData):
        return {**body, "content": value.exchange or ".", "priority": value.preference}
    return {**body, "content": value.target}


def _quoted_strings(content: str) -> list[bytes] | None:
    """The character-strings of presentation form; None when it is not that."""
    tokens = dns.tokenizer.Tokenizer(content)
    strings = []
    try:
        while not (token := tokens.get()).is_eol_or_eof():
            if not token.is_quoted_string():
                return None
            strings.append(token.unescape_to_bytes().value)
    except (dns.exception.DNSException, ValueError):
        return None
    return [bytes(string) for string in strings] or None


def _ttl_seconds(value: object) -> int | None:
    if not isinstance(value, int | float) or not AUTOMATIC <= value <= MAX_TTL_SECONDS:
        return None
    return AUTOMATIC_TTL_SECONDS if value == AUTOMATIC else int(value)


def _priority(value: object) -> int:
    return int(value) if isinstance(value, int | float) and 0 <= value <= 65535 else 0


def _is_flattened(entry: Mapping[str, Any]) -> bool:
    settings = entry.get("settings")
    flattened = settings.get("flatten_cname") if isinstance(settings, Mapping) else None
    return entry.get("proxied") is True or flattened is True
