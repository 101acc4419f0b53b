"""Days and times as the readers of a language write them, whatever locale the machine has. Pure."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from mailseal.checks.model import Language
from mailseal.records.months import Month

_MONTHS: Final = {
    Language.EN: (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    Language.NL: (
        *("januari", "februari", "maart", "april", "mei", "juni"),
        *("juli", "augustus", "september", "oktober", "november", "december"),
    ),
}


def told_day(day: date, language: Language) -> str:
    """Such as `24 November 2026`."""
    return f"{day.day} {_MONTHS[language][day.month - 1]} {day.year}"


def told_month(month: Month, language: Language) -> str:
    """Such as `November 2026`."""
    return f"{_MONTHS[language][month.month - 1]} {month.year}"


def told_short_month(month: Month, language: Language) -> str:
    """Such as `Nov 2026`."""
    return f"{_MONTHS[language][month.month - 1][:3]} {month.year}"


def told_moment(moment: datetime, language: Language) -> str:
    """Day and time of the day, in the zone of `moment`; the zone itself is told elsewhere."""
    return f"{told_day(moment, language)}, {moment:%H:%M}"
