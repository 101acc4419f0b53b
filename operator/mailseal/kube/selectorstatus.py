"""What a status, a condition and Events say of the selectors that others run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mailseal.domain.externaldkim import ExternalSelector
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.selectors import KEY_LABEL
from mailseal.domain.status import ConditionStatus, SelectorState
from mailseal.kube.conditions import Statement, timestamp
from mailseal.planning.external_selectors import KeyChange, SelectorFinding, WatchedSelector

EXTERNAL_SELECTORS = "ExternalSelectors"
"""The condition: True while all selectors that others run work and are as they should be."""
FIELD = "externalSelectors"
_WORST_FIRST = (
    SelectorState.GONE,
    SelectorState.REVOKED,
    SelectorState.INVALID,
    SelectorState.CHANGED,
    SelectorState.WEAK,
    SelectorState.UNKNOWN,
)


@dataclass(frozen=True, slots=True)
class Announcement:
    """An Event for people."""

    is_trouble: bool
    reason: str
    message: str


def watched_selectors(spec: MailDomainSpec) -> tuple[WatchedSelector, ...]:
    """The selectors that the spec says others run."""
    entries = spec.dkim.external_selectors if spec.dkim else ()
    return tuple(_watched(entry, spec.domain) for entry in entries)


def findings_in(status: Mapping[str, Any]) -> dict[str, SelectorFinding]:
    """What a status remembers, by selector; entries that cannot be read are left out."""
    found = {}
    for entry in status.get(FIELD) or ():
        try:
            since = datetime.fromisoformat(entry["since"])
            found[str(entry["selector"])] = SelectorFinding(
                selector=str(entry["selector"]),
                state=SelectorState(entry["state"]),
                since=since if since.tzinfo else since.replace(tzinfo=UTC),
                target=entry.get("target", ""),
                message=entry.get("message", ""),
                key_digest=entry.get("keyDigest", ""),
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            continue
    return found


def is_acknowledged(status: Mapping[str, Any], generation: int) -> bool:
    """True when the spec was changed since the condition was decided."""
    known = [found for found in status.get("conditions", ()) if found.get("type") == EXTERNAL_SELECTORS]
    return any(found.get("observedGeneration") != generation for found in known)


def selector_entries(findings: Iterable[SelectorFinding]) -> list[dict[str, str]]:
    """The findings as a status shows them."""
    return [_entry(finding) for finding in findings]


def statement_on(findings: Sequence[SelectorFinding]) -> Statement:
    """The condition: the worst selector gives the reason, and the message names all that are amiss."""
    for state in _WORST_FIRST:
        if any(finding.state is state for finding in findings):
            status = ConditionStatus.UNKNOWN if state is SelectorState.UNKNOWN else ConditionStatus.FALSE
            texts = [finding.message for finding in findings if finding.state is not SelectorState.WORKING]
            return Statement(EXTERNAL_SELECTORS, status, f"Selector{state}", "; ".join(texts))
    names = ", ".join(finding.selector for finding in findings)
    text = f"valid keys stand at the selectors that others run: {names}"
    return Statement(EXTERNAL_SELECTORS, ConditionStatus.TRUE, "SelectorsWorking", text)


def announcements(
    before: Mapping[str, SelectorFinding], findings: Iterable[SelectorFinding]
) -> list[Announcement]:
    """An Event for each selector that came to another state, or to another key of its vendor."""
    told = []
    for finding in findings:
        known = before.get(finding.selector)
        if finding.rotated:
            message = f"the vendor has replaced the key of selector {finding.selector}"
            told.append(Announcement(False, "SelectorRotated", message))
        if finding.state is not (known.state if known else SelectorState.WORKING):
            told.append(_announcement(finding))
    return told


def _announcement(finding: SelectorFinding) -> Announcement:
    if finding.state is SelectorState.WORKING:
        return Announcement(False, "SelectorWorking", f"selector {finding.selector} works")
    return Announcement(True, f"Selector{finding.state}", finding.message)


def _watched(entry: ExternalSelector, domain: str) -> WatchedSelector:
    by = KeyChange.BY_VENDOR if entry.cname else KeyChange.BY_USER
    return WatchedSelector(entry.selector, f"{entry.selector}{KEY_LABEL}{domain}", by, entry.txt)


def _entry(finding: SelectorFinding) -> dict[str, str]:
    shown = {
        "selector": finding.selector,
        "state": str(finding.state),
        "since": timestamp(finding.since),
        "target": str(finding.target),
        "keyDigest": finding.key_digest,
        "message": finding.message,
    }
    return {name: text for name, text in shown.items() if text}
