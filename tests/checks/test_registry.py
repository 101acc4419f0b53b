"""All checks: each subject has some, and every word of them is there."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from mailseal.checks.model import Check, Outcome, Subject, Verdict
from mailseal.checks.registry import EXAMINERS, checks, verdicts

_CHECK_ID = re.compile(r"(?P<subject>[a-z0-9]+(-[a-z0-9]+)*)\.[a-z0-9]+(-[a-z0-9]+)*")
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CRITERION = re.compile(r"[67](\.[0-9]{1,2}){1,3}")
_ALL = sorted(verdicts().values(), key=lambda verdict: verdict.id)


def test_every_subject_is_examined_and_can_pass_and_fail() -> None:
    said = Counter((verdict.check.subject, verdict.outcome) for verdict in _ALL)
    assert list(EXAMINERS) == list(Subject)
    for subject in Subject:
        assert said[subject, Outcome.PASS], subject
        assert said[subject, Outcome.FAIL] + said[subject, Outcome.WARN], subject
        assert said[subject, Outcome.UNKNOWN] > 2, subject


@pytest.mark.parametrize("check", checks().values(), ids=lambda check: check.id)
def test_checks(check: Check) -> None:
    """Id, title in both languages, where the rule stands, and criteria of the norm."""
    named = _CHECK_ID.fullmatch(check.id)
    assert named is not None
    assert named["subject"] == check.subject
    assert check.title.en
    assert check.title.nl
    assert check.title.en != check.title.nl
    assert check.reference
    assert all(_CRITERION.fullmatch(criterion) for criterion in check.criteria)


@pytest.mark.parametrize("verdict", _ALL, ids=lambda verdict: verdict.id)
def test_verdicts(verdict: Verdict) -> None:
    """What is the case in both languages, and what to do wherever something is to be done."""
    assert _CODE.fullmatch(verdict.code)
    assert verdict.says.en
    assert verdict.says.nl
    assert verdict.says.en != verdict.says.nl
    assert bool(verdict.advice.en) == bool(verdict.advice.nl)
    assert bool(verdict.advice.en) or verdict.outcome in {Outcome.PASS, Outcome.SKIP}
    for text in (verdict.says, verdict.advice, verdict.check.title):
        for words in (text.en, text.nl):
            assert not words.endswith(".")
            assert words == words.strip()
            assert "  " not in words


def test_ids_are_unique() -> None:
    """A verdict is found by its id; `verdicts` and `checks` raise for two that share one."""
    assert [verdicts()[verdict.id] for verdict in _ALL] == _ALL
    assert {verdict.check.id for verdict in _ALL} == set(checks())
