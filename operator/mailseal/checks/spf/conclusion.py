"""What a record says of senders that match no other term: its `all`, found through redirect. Pure."""

from __future__ import annotations

from enum import StrEnum

import dns.name

from mailseal.checks.spf.walk import Walk
from mailseal.records.spf import All, Include, Qualifier, Redirect


class Conclusion(StrEnum):
    """The last word of a record."""

    FAIL = "-all"
    SOFTFAIL = "~all"
    NEUTRAL = "?all"
    PASS = "+all"  # noqa: S105 - no password
    MISSING = "no all"
    """Neutral by default (section 4.7)."""
    UNUSABLE = "unusable"
    """The record, or that which redirect leads to, cannot be used, is not known, or depends on the sender."""


_OF = {
    Qualifier.FAIL: Conclusion.FAIL,
    Qualifier.SOFTFAIL: Conclusion.SOFTFAIL,
    Qualifier.NEUTRAL: Conclusion.NEUTRAL,
    Qualifier.PASS: Conclusion.PASS,
}


def conclusion(walk: Walk, name: dns.name.Name) -> Conclusion:
    """The last word of the record of `name`."""
    seen: set[dns.name.Name] = set()
    at: dns.name.Name | None = name
    while at is not None and at not in seen:
        seen.add(at)
        published = walk.policies.get(at)
        if published is None or published.spf is None:
            return Conclusion.UNUSABLE
        for mechanism in published.spf.mechanisms:
            if isinstance(mechanism, All):
                return _OF[mechanism.qualifier]
        redirects = [tried for tried in walk.tried_in(at) if isinstance(tried.term, Redirect)]
        if not redirects:
            return Conclusion.MISSING
        at = redirects[0].target
    return Conclusion.UNUSABLE


def passing_includes(walk: Walk) -> tuple[str, ...]:
    """The includes that let every sender pass, since the record they lead to ends in `+all`."""
    return tuple(
        walk.place(tried)
        for tried in walk.all_tried()
        if isinstance(tried.term, Include)
        and tried.term.qualifier is Qualifier.PASS
        and tried.target is not None
        and conclusion(walk, tried.target) is Conclusion.PASS
    )
