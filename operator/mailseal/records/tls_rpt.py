"""The TXT record that asks for SMTP TLS reports (RFC 8460 section 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailseal.records.errors import InvalidRecord, RecordSyntaxError
from mailseal.records.field_list import check_extensions, extensions_of, parse_fields
from mailseal.records.reporting import check_report_uri, split_uri_list
from mailseal.records.taglist import Tag

VERSION = "TLSRPTv1"
_IDENTIFIES = re.compile(rb"v=TLSRPTv1[ \t]*(;|\Z)")
_SCHEMES = ("mailto:", "https:")


def is_tls_rpt(joined: bytes) -> bool:
    """True when the value starts with `v=TLSRPTv1`; other records at the name are ignored."""
    return _IDENTIFIES.match(joined) is not None


@dataclass(frozen=True, slots=True)
class TlsRpt:
    """Where TLS reports go: one or more mailto or https URIs. Raises `InvalidRecord`."""

    rua: tuple[str, ...]
    extensions: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.rua:
            raise InvalidRecord("a TLS-RPT record needs at least one report address")
        for uri in self.rua:
            _check_uri(uri)
        check_extensions(self.extensions, ("v", "rua"))

    @classmethod
    def parse(cls, text: str) -> TlsRpt:
        """The record that `text`, a joined TXT value, writes. Raises `RecordSyntaxError`."""
        fields = {field.name: field for field in parse_fields(text, VERSION)}
        found = fields.pop("rua", None)
        if found is None:
            raise RecordSyntaxError("the field is missing", tag="rua", position=len(text))
        return cls(_uris(found), extensions_of(fields.values()))

    def to_text(self) -> str:
        """The record's text, such as `v=TLSRPTv1; rua=mailto:tls@example.nl`."""
        fields = [
            f"v={VERSION}",
            f"rua={','.join(self.rua)}",
            *(f"{name}={value}" for name, value in self.extensions),
        ]
        return "; ".join(fields)


def _uris(field: Tag) -> tuple[str, ...]:
    members = split_uri_list(field.value)
    for uri, offset in members:
        try:
            _check_uri(uri)
        except InvalidRecord as error:
            raise field.error(str(error), offset) from error
    return tuple(uri for uri, _ in members)


def _check_uri(uri: str) -> None:
    check_report_uri(uri)
    if not uri.lower().startswith(_SCHEMES):
        raise InvalidRecord(f"{uri!r} is neither a mailto nor an https URI")
