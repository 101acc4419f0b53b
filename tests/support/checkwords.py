"""Checks and verdicts that only tests know, and arbitrary results of those that are real."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from mailseal.checks.model import (
    Check,
    DomainResult,
    Examined,
    Finding,
    Outcome,
    Subject,
    Text,
    Verdict,
    placeholders,
)
from mailseal.checks.registry import verdicts
from mailseal.checks.serialize import CheckedDomain
from mailseal.records.names import DnsName

PROBE = Check("spf.probe", Subject.SPF, Text("A probe", "Een proef"), "RFC 7208", ("6.1.7",))
GOOD = Verdict(PROBE, "good", Outcome.PASS, Text("{target} is good", "{target} is goed"))

NOW = datetime(2026, 11, 24, 12, 30, 15, 250000, tzinfo=UTC)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20).map(
    lambda label: DnsName(f"{label}.example")
)
TEXTS = st.text(max_size=40)


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    """Any verdict of any check on any target, with any text in its places."""
    verdict: Verdict = draw(st.sampled_from(sorted(verdicts().values(), key=lambda each: each.id)))
    names = (placeholders(verdict.says.en) | placeholders(verdict.advice.en)) - {"target"}
    values = {name: draw(TEXTS) for name in sorted(names)}
    return verdict.on(draw(TEXTS), tuple(draw(st.lists(TEXTS, max_size=3))), **values)


@st.composite
def results(draw: st.DrawFn) -> CheckedDomain:
    """Any result at any time."""
    examined = Examined(
        draw(NAMES),
        tuple(draw(st.lists(TEXTS, max_size=3))),
        draw(st.none() | NAMES),
        tuple(draw(st.lists(NAMES, max_size=2))),
    )
    zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
    moments = st.integers(0, 10**17).map(lambda count: NOW + timedelta(microseconds=count))
    found = tuple(draw(st.lists(findings(), max_size=5)))
    return CheckedDomain(DomainResult(examined, found), draw(moments).astimezone(draw(zones)))
