"""Values as a status shows them, and read back from there without loss."""

from __future__ import annotations

import re

from mailseal.records.rrset import Rdata, RecordType, parse_rdata
from mailseal.records.txt import TxtData

_ESCAPE = re.compile(rb"\\(?:(\d{3})|(\\))")


def displayed(value: Rdata) -> str:
    """TXT as `TxtData.display`, other types in presentation form."""
    return value.display if isinstance(value, TxtData) else value.to_text()


def parse_displayed(rtype: RecordType, text: str) -> Rdata:
    """The value that `displayed` showed.

    TXT is split anew, so its `identity` is the same but its strings may not be. Raises `ValueError` when
    `text` is no such value.
    """
    if rtype is RecordType.TXT:
        return TxtData.of(_ESCAPE.sub(_byte, text.encode("ascii")))
    return parse_rdata(rtype, text)


def _byte(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1])]) if found[1] else b"\\"
