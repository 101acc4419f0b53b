"""How the keys of a DkimKey are replaced: when, how carefully, and what becomes of the old ones."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from mailseal.domain.checks import Check, matching
from mailseal.domain.common import Model
from mailseal.domain.durations import DurationText, PositiveDurationText, parse_duration
from mailseal.domain.lists import SET

ClockTime = Annotated[
    str,
    Field(max_length=5),
    matching("(?:[01][0-9]|2[0-3]):[0-5][0-9]", "write a time of day as HH:MM, such as 02:00"),
]
_ZONE_MESSAGE = "write a time zone of the IANA database, such as Europe/Amsterdam, or UTC"


def _is_in_database(name: str) -> str:
    """The API server knows no list of time zones, so that this is checked here only."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(_ZONE_MESSAGE) from None
    return name


TimeZoneName = Annotated[
    str,
    Field(max_length=64),
    matching("UTC|[A-Za-z]+(?:/[A-Za-z0-9_+-]+)+", _ZONE_MESSAGE),
    AfterValidator(_is_in_database),
]


class Weekday(StrEnum):
    """The days of the week."""

    MONDAY = "Monday"
    TUESDAY = "Tuesday"
    WEDNESDAY = "Wednesday"
    THURSDAY = "Thursday"
    FRIDAY = "Friday"
    SATURDAY = "Saturday"
    SUNDAY = "Sunday"

    @property
    def number(self) -> int:
        """0 for Monday, as `datetime.weekday` counts."""
        return list(Weekday).index(self)


class MaintenanceWindow(Model):
    """The hours in which a rotation may begin and the mail server may be switched to new keys."""

    checks: ClassVar[tuple[Check, ...]] = (
        Check(
            "self.from != self.to",
            "from and to are the same time: leave window out to allow every hour",
            lambda window: window.opens != window.closes,
            field="to",
        ),
    )

    days: Annotated[tuple[Weekday, ...], SET] = Field(
        default=(),
        max_length=7,
        description="Days of the week on which the window opens, in its time zone. Left out: every day.",
    )
    opens: ClockTime = Field(alias="from", description="Time of day at which it opens, such as 02:00.")
    closes: ClockTime = Field(
        alias="to", description="Time of day at which it closes; one before from is on the next day."
    )
    time_zone: TimeZoneName = Field(
        default="Europe/Amsterdam", description="Time zone of days and times, as in the IANA database."
    )


class Confirmation(StrEnum):
    """How mailseal knows that the mail server signs with the new keys."""

    PROPAGATION = "Propagation"
    ACKNOWLEDGEMENT = "Acknowledgement"


class RotationSpec(Model):
    """When keys are replaced and how carefully."""

    interval: PositiveDurationText | None = Field(
        default=None,
        description="How long keys sign before they are replaced, such as 180d. Left out: they are replaced "
        "only when asked for by the annotation mailseal.dev/rotate or by a change of keys or "
        "selectorTemplate. Set it once your mail server takes up a changed Secret by itself.",
    )
    jitter_percent: int = Field(
        default=10,
        ge=0,
        le=50,
        description="How much earlier than interval a rotation may begin, in percent of it (0 to 50), so "
        "that many keys do not rotate at once. Each resource has its own part of it.",
    )
    retire_after: DurationText = Field(
        default="7d",
        description="How long old keys stay published after the mail server ceased to sign with them. Mail "
        "may be under way for five days (RFC 5321 section 4.5.4.1). 0s is for keys that sign nothing.",
    )
    window: MaintenanceWindow | None = Field(
        default=None,
        description="The hours in which a rotation may begin and the switch to new keys may happen. A "
        "rotation asked for by annotation, and one because keys were lost, do not wait for it.",
    )
    confirmation: Confirmation = Field(
        default=Confirmation.PROPAGATION,
        description="How the switch is confirmed: Propagation when propagationTime has passed since the "
        "Secret changed, Acknowledgement when the annotation mailseal.dev/signing-with names the new "
        "selectors, separated by commas.",
    )
    propagation_time: DurationText = Field(
        default="10m",
        description="How long it takes at most until the mail server signs with what the Secret says: the "
        "kubelet's delay (up to two minutes) and the mail server's own.",
    )

    @property
    def interval_span(self) -> timedelta | None:
        """The interval; None: no rotation by time."""
        return parse_duration(self.interval) if self.interval else None

    @property
    def retirement(self) -> timedelta:
        """How long old keys stay published."""
        return parse_duration(self.retire_after)

    @property
    def propagation(self) -> timedelta:
        """How long a change of the Secret takes to reach the mail server."""
        return parse_duration(self.propagation_time)


class RevocationMethod(StrEnum):
    """What becomes of an old key's record when it retires."""

    EMPTY_KEY = "EmptyKey"
    DELETE = "Delete"


class RevocationSpec(Model):
    """What becomes of the record of an old key when its retirement is over."""

    method: RevocationMethod = Field(
        default=RevocationMethod.EMPTY_KEY,
        description="EmptyKey publishes the record with an empty p=, which says that the key is revoked "
        "(RFC 6376 section 3.6.1), and removes it after keepFor; Delete removes the record at once.",
    )
    keep_for: DurationText = Field(
        default="30d", description="How long the record with the empty p= stays published."
    )
    publish_private_key: bool = Field(
        default=False,
        description="Publish the private keys once their revocation is confirmed, in the ConfigMap "
        "<name>-revealed: from then on anybody can make such signatures, so that leaked old mail proves "
        "nothing. Until then they are kept in the Secret <name>-retired, which no mail server should mount.",
    )

    @property
    def keep_span(self) -> timedelta:
        """How long a revoked record stays."""
        return parse_duration(self.keep_for)
