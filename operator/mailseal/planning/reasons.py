"""The reasons that planning gives with an outcome: one CamelCase word each, stable for programs."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a value is not written, or what is the matter with one that stands."""

    CNAME_IN_THE_WAY = "CnameInTheWay"
    """The name holds a CNAME, beside which no other record may stand (RFC 1034 section 3.6.2)."""
    RECORDS_IN_THE_WAY = "RecordsInTheWay"
    """The name where a CNAME is wanted holds other records (RFC 1034 section 3.6.2)."""
    CLAIMED_BY_OLDER = "ClaimedByOlder"
    """An older resource wants the same place."""
    CLAIMED_BY_OPERATOR = "ClaimedByOperator"
    """The heritage record of another operator claims the value that stands there."""
    CLAIMED_BY_ABSENT = "ClaimedByAbsent"
    """Our heritage record claims the value for a resource that is not there."""
    SELECTOR_TAKEN = "SelectorTaken"
    """The selector already has another key of ours, or a revoked one; it is never used for a second key."""
    FOREIGN_VALUE = "ForeignValue"
    """Somebody else published a value that differs."""
    DECLARATION_MISSING = "DeclarationMissing"
    """An NTA 7516 record without the self-declaration that it rests on."""
    DECLARATION_NEEDED = "DeclarationNeeded"
    """An NTA 7516 record that waits for a newer self-declaration before it is renewed."""
    PREREQUISITES_FAILED = "PrerequisitesFailed"
    """Checks that must pass before an NTA 7516 record is published or renewed fail."""
    PREREQUISITES_UNKNOWN = "PrerequisitesUnknown"
    """Nothing is known yet of checks that must pass before an NTA 7516 record is published or renewed."""
    CLOCK_UNCERTAIN = "ClockUncertain"
    """An NTA 7516 record is due by a clock that disagrees with another one, or that could not be compared."""
    EXPIRED = "Expired"
    """The last month of the NTA 7516 record is over."""
    INVALID_RECORD = "InvalidRecord"
    """What the resource asks for makes no valid record."""
    KEY_NOT_IN_SECRET = "KeyNotInSecret"  # noqa: S105 - no password
    """A DKIM record stays published although nothing is known of its key."""
    WAITING_FOR_DKIM = "WaitingForDkim"
    """A DMARC policy milder than what is asked for stands, since DKIM does not work."""
    LEFT_IN_PLACE = "LeftInPlace"
    """Not wanted any more, but it stays: a policy forbids the removal, or somebody else holds it."""
