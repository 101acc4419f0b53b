"""Spans of time as a spec writes them: one number and one unit, such as `180d`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field

from mailseal.domain.checks import matching

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_POSITIVE: Final = "[1-9][0-9]{0,4}[smhdw]"

DurationText = Annotated[
    str,
    Field(max_length=6),
    matching(f"0[smhdw]|{_POSITIVE}", "write a number and a unit s, m, h, d or w, such as 36h or 180d"),
]
PositiveDurationText = Annotated[
    str,
    Field(max_length=6),
    matching(_POSITIVE, "write a number above 0 and a unit s, m, h, d or w, such as 36h or 180d"),
]


def parse_duration(text: str) -> timedelta:
    """The span that `text` writes. Raises `ValueError`."""
    if re.fullmatch("[0-9]{1,5}[smhdw]", text) is None:
        raise ValueError(f"{text!r} is not a number and a unit s, m, h, d or w")
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
