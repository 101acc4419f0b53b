"""The NTA 7516 record: which provider receives secure ad-hoc mail for a domain, where, and in which months.

The norm itself is not public. The form follows the ZorgMail manual (January 2025; in force since 1 September
2020) and Cryptshare's page "NTACurrent_en:DNS_Setup", which agree. What they leave open, such as case,
white space and tag order, `read_nta` accepts and reports; `NtaRecordValue.to_text` writes the one form that
both sources show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from mailseal.records.errors import InvalidRecord
from mailseal.records.months import Month
from mailseal.records.names import DnsName

CURRENT_VERSION = "NTA7516-1"
DUTCH_TIME = ZoneInfo("Europe/Amsterdam")
"""Where the days of a record begin and end, unless somebody says otherwise."""
KNOWN_VERSIONS = frozenset({CURRENT_VERSION})
MAX_SPAN_MONTHS = 36
"""The end month is at most this many months after the start month (ZorgMail manual: three years)."""

_IDENTIFIES = re.compile(rb"[ \t]*v[ \t]*=[ \t]*NTA7516(-[0-9]+)?[ \t]*(;|\Z)", re.IGNORECASE)
_PROVIDER = re.compile(r"[!-:<-~]+( [!-:<-~]+)*")
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")


def is_nta(joined: bytes) -> bool:
    """True when the `v` tag says NTA 7516, in any version and also in the older `v=NTA7516;` dialect."""
    return _IDENTIFIES.match(joined) is not None


@dataclass(frozen=True, slots=True)
class NtaDates:
    """From the first day of the month `start` through the last day of the month `end`.

    Raises `InvalidRecord` when `end` is before `start`.
    """

    start: Month
    end: Month

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise InvalidRecord(f"the end month {self.end} is before the start month {self.start}")

    @classmethod
    def starting(cls, month: Month, months: int) -> NtaDates:
        """The dates whose end month is `months` after the start `month`: 2023-03 and 36 end in 2026-03."""
        return cls(month, month.plus(months))

    @property
    def span_months(self) -> int:
        """How many months the end month is after the start month; 2023-03 to 2026-03 is 36."""
        return self.start.months_until(self.end)

    @property
    def first_day(self) -> date:
        """The first day on which the record is valid."""
        return self.start.first_day

    @property
    def last_day(self) -> date:
        """The last day on which the record is valid."""
        return self.end.last_day

    def covers(self, day: date) -> bool:
        """True when the record is valid on `day`."""
        return self.first_day <= day <= self.last_day


@dataclass(frozen=True, slots=True)
class NtaMx:
    """A host that receives NTA 7516 mail; the lowest preference is tried first, as with an MX record."""

    preference: int
    host: DnsName

    def __post_init__(self) -> None:
        if not 0 <= self.preference <= 65535:
            raise InvalidRecord(f"the ntamx preference {self.preference} is not within 0 to 65535")
        if _HOST.fullmatch(self.host) is None:
            raise InvalidRecord(f"{self.host!r} is not a host name")

    def to_text(self) -> str:
        """The value of an `ntamx` tag."""
        return f"{self.preference} {self.host}"


@dataclass(frozen=True, slots=True)
class NtaRecordValue:
    """One NTA 7516 record. Without `ntamx` the domain's MX hosts receive the mail.

    Raises `InvalidRecord` for a provider that no tag value can hold and for an unknown version.
    """

    provider: str
    ntamx: tuple[NtaMx, ...]
    dates: NtaDates
    version: str = CURRENT_VERSION

    def __post_init__(self) -> None:
        if _PROVIDER.fullmatch(self.provider) is None:
            raise InvalidRecord(f"the provider {self.provider!r} is not visible ASCII text without ';'")
        if self.version not in KNOWN_VERSIONS:
            raise InvalidRecord(f"the version {self.version!r} is not known")

    def to_text(self) -> str:
        """The record's text. Raises `InvalidRecord` for what may be read but not published.

        That is a span of more than `MAX_SPAN_MONTHS`, or a provider with a space in it.
        """
        if self.dates.span_months > MAX_SPAN_MONTHS:
            raise InvalidRecord(
                f"{self.dates.start} to {self.dates.end} is {self.dates.span_months} months; "
                f"NTA 7516 allows {MAX_SPAN_MONTHS}: choose an earlier end month"
            )
        if " " in self.provider:
            raise InvalidRecord(f"the provider {self.provider!r} has a space in it; use its NTA tag")
        tags = [
            f"v={self.version}",
            f"startdate={self.dates.start}",
            f"enddate={self.dates.end}",
            f"provider={self.provider}",
        ]
        return ";".join([*tags, *(f"ntamx={mx.to_text()}" for mx in self.ntamx)])
