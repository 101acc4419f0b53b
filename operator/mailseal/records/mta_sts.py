"""The TXT record that announces an MTA-STS policy (RFC 8461 section 3.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailseal.records.errors import InvalidRecord, RecordSyntaxError
from mailseal.records.field_list import check_extensions, extensions_of, parse_fields

VERSION = "STSv1"
_IDENTIFIES = re.compile(rb"v=STSv1[ \t]*(;|\Z)")
_ID = re.compile(r"[A-Za-z0-9]{1,32}")


def is_mta_sts(joined: bytes) -> bool:
    """True when the value starts with `v=STSv1`; other records at the name are ignored."""
    return _IDENTIFIES.match(joined) is not None


@dataclass(frozen=True, slots=True)
class MtaSts:
    """The announcement: `id` changes with every change of the policy. 1 to 32 letters and digits.

    Raises `InvalidRecord`.
    """

    id: str
    extensions: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if _ID.fullmatch(self.id) is None:
            raise InvalidRecord(f"the id {self.id!r} is not 1 to 32 letters and digits")
        check_extensions(self.extensions, ("v", "id"))

    @classmethod
    def parse(cls, text: str) -> MtaSts:
        """The record that `text`, a joined TXT value, writes. Raises `RecordSyntaxError`."""
        fields = {field.name: field for field in parse_fields(text, VERSION)}
        found = fields.pop("id", None)
        if found is None:
            raise RecordSyntaxError("the field is missing", tag="id", position=len(text))
        if _ID.fullmatch(found.value) is None:
            raise found.error("the id is not 1 to 32 letters and digits")
        return cls(found.value, extensions_of(fields.values()))

    def to_text(self) -> str:
        """The record's text, such as `v=STSv1; id=20260801T120000`."""
        return "; ".join(
            [f"v={VERSION}", f"id={self.id}", *(f"{name}={value}" for name, value in self.extensions)]
        )
