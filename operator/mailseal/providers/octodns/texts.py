"""TXT values as the providers of octoDNS write them. Pure.

octoDNS escapes semicolons as `\\;` in all of them (docs/records.md of octoDNS, "TXT"). Of the rest its
providers make two things: most hand the text on as it is and quote it themselves, octodns-powerdns passes
zone file syntax through. String boundaries are lost either way: octoDNS joins the character-strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from mailseal.providers.base import InvalidConfiguration, Refused
from mailseal.records.rrset import RRsetKey
from mailseal.records.txt import MAX_STRING_BYTES, TxtData

_ESCAPE = re.compile(rb"\\(?:(?P<decimal>[0-9]{3})|(?P<character>.))", re.DOTALL)
_PLAIN = re.compile(r"[\x20-\x7e]*")


class TextFormat(StrEnum):
    """How a provider of octoDNS writes TXT values."""

    RAW = "raw"
    """As they are but for semicolons."""
    ZONE_FILE = "zonefile"
    """Escaped as in a zone file (RFC 1035 section 5.1), without the quotes round them."""
    RDATA = "rdata"
    """Read as they are, and written as zone file text, of which octoDNS escapes some and takes some off."""


_KNOWN: Final[Mapping[str, TextFormat]] = {
    "octodns_bind": TextFormat.RDATA,
    "octodns_powerdns": TextFormat.ZONE_FILE,
}


def format_of(setting: object, class_name: str) -> TextFormat:
    """The format in the setting, or that of the class where it is known. Raises `InvalidConfiguration`."""
    if setting is None:
        return _KNOWN.get(class_name.partition(".")[0], TextFormat.RAW)
    if setting not in set(TextFormat):
        raise InvalidConfiguration(f"textFormat must be one of {', '.join(TextFormat)}, not {setting!r}")
    return TextFormat(str(setting))


def read_text(text: str, text_format: TextFormat) -> TxtData:
    """The value of a text of octoDNS."""
    raw = text.encode("utf-8", "surrogatepass")
    if text_format is not TextFormat.ZONE_FILE:
        return TxtData.of(raw.replace(b"\\;", b";"))
    return TxtData.of(_ESCAPE.sub(_unescaped, raw))


def write_text(key: RRsetKey, value: TxtData, text_format: TextFormat) -> str:
    """The text of octoDNS for a value.

    Raises `Refused` for an empty value and, in raw format, for what its providers treat differently.
    """
    if not value.joined:
        raise Refused(f"{key}: octoDNS has no empty TXT value")
    if text_format is TextFormat.ZONE_FILE:
        return value.display.replace('"', '\\"').replace(";", "\\;")
    text = value.text
    if text_format is TextFormat.RDATA and _PLAIN.fullmatch(text):
        escaped = text.replace("\\", "\\092").replace('"', "\\034")
        if escaped != text and len(escaped) > MAX_STRING_BYTES:
            raise Refused(f"{key}: octoDNS may split a long value within the escape of a quote or backslash")
        return escaped.replace(";", "\\;")
    if not _PLAIN.fullmatch(text) or '"' in text or "\\" in text:
        raise Refused(
            f"{key}: TXT values with quotes, backslashes or bytes outside printable ASCII are not written "
            "through octoDNS, whose providers do not agree on them"
        )
    return text.replace(";", "\\;")


def check_rendered(key: RRsetKey, texts: Iterable[str], text_format: TextFormat) -> None:
    """Raise `Refused` for a set whose texts octoDNS would not hand to the service as they are.

    Its `chunked_values` never end for a text with a backslash at its end, and classes that render texts by
    them lose a backslash elsewhere (octodns/record/chunked.py, `_legacy_chunked_value`, of octoDNS 1.22).
    """
    if text_format is TextFormat.RAW and any("\\" in text.replace("\\;", "") for text in texts):
        raise Refused(
            f"{key} holds a value with a backslash, which octoDNS would change: take that value out of the "
            "set, or use a provider of mailseal's own"
        )


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found["decimal"] is None:
        return found["character"]
    number = int(found["decimal"])
    return bytes([number]) if number <= 255 else found[0]
