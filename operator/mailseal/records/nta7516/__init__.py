"""NTA 7516 records: the values, the strict writer and the liberal reader."""

from __future__ import annotations

from mailseal.records.months import Month
from mailseal.records.nta7516.reader import NtaReading, read_nta
from mailseal.records.nta7516.value import (
    CURRENT_VERSION,
    DUTCH_TIME,
    KNOWN_VERSIONS,
    MAX_SPAN_MONTHS,
    NtaDates,
    NtaMx,
    NtaRecordValue,
    is_nta,
)

__all__ = [
    "CURRENT_VERSION",
    "DUTCH_TIME",
    "KNOWN_VERSIONS",
    "MAX_SPAN_MONTHS",
    "Month",
    "NtaDates",
    "NtaMx",
    "NtaReading",
    "NtaRecordValue",
    "is_nta",
    "read_nta",
]
