"""Calendar months: the unit in which NTA 7516 records count."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

from mailseal.records.errors import InvalidRecord

_TEXT = re.compile(r"([0-9]{4})-([0-9]{2})")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One month of one year, ordered in time. Raises `InvalidRecord` outside 0001-01 to 9999-12."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.year <= 9999 and 1 <= self.month <= 12):
            raise InvalidRecord(f"there is no month {self.month} of year {self.year}")

    @classmethod
    def of(cls, day: date) -> Month:
        """The month that `day` is in."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """The month that `YYYY-MM` writes. Raises `InvalidRecord`."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise InvalidRecord(f"{text!r} is not a month; write it as YYYY-MM, such as 2026-03")
        return cls(int(match[1]), int(match[2]))

    @property
    def first_day(self) -> date:
        """The month's first day."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """The month's last day."""
        return date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    def plus(self, months: int) -> Month:
        """The month so many months later, or earlier when negative. Raises `InvalidRecord` past year 9999."""
        year, month = divmod(self._ordinal + months, 12)
        return Month(year, month + 1)

    def months_until(self, later: Month) -> int:
        """How many months `later` is after this one; negative when it is before."""
        return later._ordinal - self._ordinal

    @property
    def _ordinal(self) -> int:
        return self.year * 12 + self.month - 1

    def to_text(self) -> str:
        """The form `YYYY-MM`."""
        return f"{self.year:04d}-{self.month:02d}"

    def __str__(self) -> str:
        return self.to_text()
