"""What is the matter with the selectors that others run: gone, revoked, weak or changed. Pure.

| Answer                                | State                                                         |
|---------------------------------------|---------------------------------------------------------------|
| no TXT record, or a CNAME that dangles | Gone                                                         |
| one key record with an empty p=       | Revoked                                                       |
| no valid key, or two                  | Invalid                                                       |
| another key than the expected one     | Changed; where a CNAME gives the vendor the key: as a new one |
| an RSA key under 2048 bits            | Weak                                                          |
| another key                           | Working                                                       |
| none                                  | as before for 15 minutes, then Unknown                        |

The expected key is that of `txt` where the spec has one, else the first that was seen.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from mailseal.domain.status import SelectorState
from mailseal.records.dkim import MIN_RSA_BITS, RECOMMENDED_RSA_BITS, DkimRecord, KeyType, is_dkim
from mailseal.records.errors import InvalidRecord
from mailseal.records.selector_answer import (
    NoSelectorRecord,
    SelectorAnswer,
    SelectorRecords,
    SelectorUnanswered,
)

GRACE = timedelta(minutes=15)
"""How long a selector counts as it was while nobody answers."""
DIGEST_CHARACTERS = 32


WORKS = frozenset({SelectorState.WORKING, SelectorState.WEAK})
"""States in which mail that is signed with the selector passes."""


class KeyChange(StrEnum):
    """Who decides which key stands at the selector."""

    BY_VENDOR = "ByVendor"
    """Its CNAME leads to the vendor, who may rotate."""
    BY_USER = "ByUser"
    """The spec, or whoever publishes the record: a change that nobody announced is suspicious."""


@dataclass(frozen=True, slots=True)
class WatchedSelector:
    """One selector of a spec."""

    selector: str
    name: str
    """Its name in DNS, for messages."""
    key_change: KeyChange = KeyChange.BY_USER
    record: str | None = None
    """The TXT value that the spec publishes there."""


@dataclass(frozen=True, slots=True)
class SelectorFinding:
    """What is known of a selector. It is the memory of the next look, too."""

    selector: str
    state: SelectorState
    since: datetime
    """When it came to its state."""
    target: str = ""
    """Where its CNAME leads, as of the last answer."""
    message: str = ""
    """What is the matter and what to do, as a clause; empty where it works."""
    key_digest: str = ""
    """Of the expected key: it stays while the selector is in any other state."""
    silent_since: datetime | None = None
    """Since when nobody answers."""
    rotated: bool = False
    """At this look the vendor's key was another one than before."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    state: SelectorState
    message: str = ""
    key_digest: str = ""


def judge(
    watched: WatchedSelector,
    memory: SelectorFinding | None,
    answer: SelectorAnswer,
    now: datetime,
    *,
    acknowledged: bool = False,
) -> SelectorFinding:
    """What is known of the selector after `answer`.

    `acknowledged`: the user has changed the spec since, so that whatever key stands there now is taken.
    """
    if memory and acknowledged:
        memory = replace(memory, key_digest="")
    if isinstance(answer, SelectorUnanswered):
        return _unanswered(watched, memory, answer, now)
    found = _verdict_on(watched, answer)
    expected = _expected(watched, memory.key_digest if memory else "")
    differs = bool(found.key_digest and expected and found.key_digest != expected)
    if differs and watched.key_change is KeyChange.BY_USER:
        found = _Verdict(SelectorState.CHANGED, _changed(watched), expected)
    return SelectorFinding(
        selector=watched.selector,
        state=found.state,
        since=_since(memory, found.state, now),
        target=answer.targets[-1] if answer.targets else "",
        message=found.message,
        key_digest=found.key_digest or expected,
        rotated=differs and found.state in WORKS,
    )


def digest_of(record: DkimRecord) -> str:
    """The digest of a record's public key, the same in whatever form it is published; "" when revoked."""
    if record.is_revoked:
        return ""
    return hashlib.sha256(str(record.key_type).encode() + record.key_identity).hexdigest()[:DIGEST_CHARACTERS]


def _unanswered(
    watched: WatchedSelector, memory: SelectorFinding | None, answer: SelectorUnanswered, now: datetime
) -> SelectorFinding:
    silent_since = min(memory.silent_since or now, now) if memory else now
    if memory and now - silent_since < GRACE:
        return replace(memory, since=min(memory.since, now), silent_since=silent_since, rotated=False)
    return SelectorFinding(
        selector=watched.selector,
        state=SelectorState.UNKNOWN,
        since=_since(memory, SelectorState.UNKNOWN, now),
        target=memory.target if memory else "",
        message=f"{watched.name} cannot be looked up: {answer.problem}",
        key_digest=memory.key_digest if memory else "",
        silent_since=silent_since,
    )


def _since(memory: SelectorFinding | None, state: SelectorState, now: datetime) -> datetime:
    return min(memory.since, now) if memory and memory.state is state else now


def _expected(watched: WatchedSelector, seen_before: str) -> str:
    if watched.record is None:
        return seen_before
    try:
        return digest_of(DkimRecord.parse(watched.record))
    except InvalidRecord:
        return seen_before


def _verdict_on(watched: WatchedSelector, answer: SelectorRecords | NoSelectorRecord) -> _Verdict:
    texts = answer.texts if isinstance(answer, SelectorRecords) else ()
    records = [text for text in texts if is_dkim(text.encode("latin-1", "replace"))]
    if not texts:
        return _Verdict(SelectorState.GONE, _gone(watched, answer))
    if len(records) != 1:
        problem = "holds no DKIM key record" if not records else f"holds {len(records)} DKIM key records"
        return _Verdict(SelectorState.INVALID, f"{watched.name} {problem}: exactly one must stand there")
    try:
        record = DkimRecord.parse(records[0])
    except InvalidRecord as error:
        return _Verdict(SelectorState.INVALID, f"{watched.name} holds no valid DKIM key record: {error}")
    return _verdict_on_key(watched, record)


def _verdict_on_key(watched: WatchedSelector, record: DkimRecord) -> _Verdict:
    if record.is_revoked:
        advice = "have whoever runs it publish a new key, or remove the selector from the spec"
        return _Verdict(SelectorState.REVOKED, f"the key at {watched.name} is revoked: {advice}")
    digest = digest_of(record)
    if record.hash_algorithms and "sha256" not in record.hash_algorithms:
        problem = f"{watched.name} does not allow sha256 (h=), without which no signature is valid"
        return _Verdict(SelectorState.INVALID, problem, digest)
    if record.key_type is KeyType.RSA and record.bits < MIN_RSA_BITS:
        problem = f"the key at {watched.name} has {record.bits} bits; none under {MIN_RSA_BITS} is valid"
        return _Verdict(SelectorState.INVALID, problem, digest)
    if record.key_type is KeyType.RSA and record.bits < RECOMMENDED_RSA_BITS:
        advice = f"have whoever runs it publish one of at least {RECOMMENDED_RSA_BITS}"
        problem = f"the key at {watched.name} has {record.bits} bits: {advice}"
        return _Verdict(SelectorState.WEAK, problem, digest)
    return _Verdict(SelectorState.WORKING, key_digest=digest)


def _gone(watched: WatchedSelector, answer: SelectorAnswer) -> str:
    if isinstance(answer, NoSelectorRecord) and answer.targets:
        return (
            f"{watched.name} is a CNAME to {answer.targets[-1]}, where no TXT record stands: have the vendor "
            "publish the key there, or correct the CNAME"
        )
    return f"there is no TXT record at {watched.name}: have whoever runs the selector publish its key"


def _changed(watched: WatchedSelector) -> str:
    if watched.record is not None:
        return f"{watched.name} publishes another key than spec.dkim.externalSelectors has: find out why"
    return (
        f"{watched.name} publishes another key than before: make sure that whoever runs it has replaced it; "
        "any change of the spec accepts the key that stands there then"
    )
