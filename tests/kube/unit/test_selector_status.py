"""What is said of the selectors that others run, and read back from what was said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.domain.status import MailDomainStatus, SelectorState
from mailseal.kube.conditions import amended
from mailseal.kube.selectorstatus import (
    FIELD,
    Announcement,
    announcements,
    findings_in,
    is_acknowledged,
    selector_entries,
    statement_on,
    watched_selectors,
)
from mailseal.planning.external_selectors import KeyChange, SelectorFinding, WatchedSelector
from support.kube_objects import resource
from support.planning_world import NOW

TEXTS = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
FINDINGS = st.builds(
    SelectorFinding,
    selector=st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    state=st.sampled_from(SelectorState),
    since=st.integers(0, 10**6).map(lambda seconds: NOW + timedelta(seconds=seconds)),
    target=TEXTS,
    message=TEXTS,
    key_digest=TEXTS,
)


def found(state: str, selector: str = "s1", **fields: Any) -> SelectorFinding:
    message = "" if state == "Working" else f"{selector} is {state}"
    return SelectorFinding(selector, SelectorState(state), NOW, message=message, **fields)


@given(st.lists(FINDINGS, max_size=4, unique_by=lambda finding: finding.selector))
def test_what_was_found_is_read_back_from_the_status(findings) -> None:
    entries = selector_entries(findings)
    MailDomainStatus.model_validate({FIELD: entries})
    assert list(findings_in({FIELD: entries}).values()) == findings


@given(
    st.recursive(st.none() | st.integers() | st.text(max_size=9), lambda inner: st.lists(inner, max_size=3))
)
def test_an_entry_that_cannot_be_read_is_nobodys_memory(entry) -> None:
    broken = [{"selector": "s1", "state": "Working"}, {"selector": "s1", "state": "Odd", "since": "now"}]
    assert findings_in({FIELD: [*broken, entry]}) == {}


@pytest.mark.parametrize(
    ("states", "status", "reason"),
    [
        (["Working"], "True", "SelectorsWorking"),
        (["Working", "Unknown"], "Unknown", "SelectorUnknown"),
        (["Unknown", "Weak"], "False", "SelectorWeak"),
        (["Weak", "Changed"], "False", "SelectorChanged"),
        (["Changed", "Invalid"], "False", "SelectorInvalid"),
        (["Invalid", "Revoked"], "False", "SelectorRevoked"),
        (["Revoked", "Working", "Gone"], "False", "SelectorGone"),
    ],
)
def test_the_worst_selector_decides_and_all_that_are_amiss_are_named(states, status, reason) -> None:
    findings = [found(state, f"s{number}") for number, state in enumerate(states)]
    statement = statement_on(findings)
    assert (statement.status, statement.reason) == (status, reason)
    if status == "True":
        assert statement.message == "valid keys stand at the selectors that others run: s0"
    else:
        assert statement.message == "; ".join(finding.message for finding in findings if finding.message)


def test_each_change_is_announced_once() -> None:
    works, gone = found("Working"), found("Gone")
    assert announcements({}, [works]) == [], "what works from the beginning is no news"
    assert announcements({}, [gone]) == [Announcement(True, "SelectorGone", "s1 is Gone")]
    assert announcements({"s1": gone}, [gone]) == []
    assert announcements({"s1": gone}, [works]) == [
        Announcement(False, "SelectorWorking", "selector s1 works")
    ]
    (rotated,) = announcements({"s1": works}, [found("Working", rotated=True)])
    assert (rotated.is_trouble, rotated.reason) == (False, "SelectorRotated")


def test_a_spec_that_was_changed_since_the_condition_accepts_what_stands() -> None:
    told = {"conditions": amended([], [statement_on([found("Changed")])], (), 3, NOW)}
    assert is_acknowledged(told, 4)
    assert not is_acknowledged(told, 3)
    assert not is_acknowledged({}, 1)


def test_a_cname_makes_the_key_the_vendors_business() -> None:
    record = "v=DKIM1; k=ed25519; p=" + "A" * 43 + "="
    entries = [
        {"selector": "a", "cname": "a.vendor.example"},
        {"selector": "b", "txt": record},
        {"selector": "c"},
    ]
    spec = resource(spec={"dkim": {"externalSelectors": entries}}).spec
    assert watched_selectors(spec) == (
        WatchedSelector("a", "a._domainkey.example.nl", KeyChange.BY_VENDOR),
        WatchedSelector("b", "b._domainkey.example.nl", record=record),
        WatchedSelector("c", "c._domainkey.example.nl"),
    )
