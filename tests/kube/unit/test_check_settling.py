"""One time-out is no news; what fails is, at once."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.model import Outcome, Subject
from mailseal.kube.checkmemory import Checked, condensed
from mailseal.kube.checksettling import settle
from mailseal.planning.nta_gate import Standing
from support.checkresults import NOW, finding, result

PATIENCE = timedelta(minutes=15)
SOON = timedelta(minutes=5)
OUTCOMES = st.sampled_from(Outcome)


def run(before: Checked | None, *outcomes: Outcome, after: timedelta = timedelta(0), what: str = "record"):
    findings = [finding(outcome, what=f"{what}{number}") for number, outcome in enumerate(outcomes)]
    return settle(before, condensed(result(*findings)), NOW + after, PATIENCE)


def spf(checked: Checked) -> Outcome:
    return checked.report.subjects[Subject.SPF].outcome


def spf_standing(checked: Checked) -> Standing:
    return checked.report.prerequisites[0].standing


def test_a_time_out_keeps_what_was_known_until_it_lasts() -> None:
    good = run(None, Outcome.PASS)
    first = run(good, Outcome.UNKNOWN, after=SOON)
    assert (spf(first), spf_standing(first)) == (Outcome.PASS, Standing.PASSED)
    second = run(first, Outcome.UNKNOWN, after=2 * SOON)
    assert spf(second) is Outcome.PASS
    third = run(second, Outcome.UNKNOWN, after=5 * SOON)
    assert (spf(third), spf_standing(third)) == (Outcome.UNKNOWN, Standing.UNKNOWN)


def test_a_long_pause_alone_does_not_make_one_time_out_news() -> None:
    first = run(run(None, Outcome.PASS), Outcome.UNKNOWN, after=timedelta(hours=6))
    assert spf(first) is Outcome.PASS
    assert spf(run(first, Outcome.UNKNOWN, after=timedelta(hours=6, minutes=1))) is Outcome.PASS
    assert spf(run(first, Outcome.UNKNOWN, after=timedelta(hours=7))) is Outcome.UNKNOWN


def test_an_answer_ends_the_doubt() -> None:
    doubtful = run(run(None, Outcome.PASS), Outcome.UNKNOWN, after=SOON)
    assert not run(doubtful, Outcome.PASS, after=2 * SOON).doubts


def test_a_new_failure_is_told_although_something_else_is_unknown() -> None:
    good = run(None, Outcome.PASS, Outcome.PASS)
    assert spf(run(good, Outcome.FAIL, Outcome.UNKNOWN, after=SOON)) is Outcome.FAIL


def test_what_works_again_is_told_although_something_else_is_unknown() -> None:
    bad = run(None, Outcome.FAIL, Outcome.PASS)
    assert spf(run(bad, Outcome.PASS, Outcome.UNKNOWN, after=SOON)) is Outcome.PASS


def test_a_failure_that_cannot_be_seen_any_more_stays_beside_what_can() -> None:
    bad = run(None, Outcome.FAIL, Outcome.PASS)
    assert spf(run(bad, Outcome.UNKNOWN, Outcome.WARN, after=SOON)) is Outcome.FAIL


def test_a_known_failure_stays_while_nobody_answers() -> None:
    bad = run(None, Outcome.FAIL)
    doubtful = run(bad, Outcome.UNKNOWN, after=SOON)
    assert spf(doubtful) is Outcome.FAIL
    assert spf_standing(doubtful) is Standing.FAILED


def test_what_was_never_known_is_withheld_for_as_long() -> None:
    first = run(None, Outcome.UNKNOWN)
    assert first.withheld == {Subject.SPF}
    second = run(first, Outcome.UNKNOWN, after=SOON)
    assert second.withheld == {Subject.SPF}
    assert not run(second, Outcome.UNKNOWN, after=PATIENCE).withheld


@given(st.lists(st.tuples(st.lists(OUTCOMES, min_size=1, max_size=3), st.integers(0, 1200)), max_size=8))
def test_conclusive_runs_are_always_believed_at_once(runs: list[tuple[list[Outcome], int]]) -> None:
    checked, elapsed = None, timedelta(0)
    for outcomes, seconds in runs:
        elapsed += timedelta(seconds=seconds)
        checked = run(checked, *outcomes, after=elapsed)
        fresh = condensed(result(*(finding(found, what=f"record{n}") for n, found in enumerate(outcomes))))
        if Outcome.UNKNOWN not in outcomes:
            assert checked.report == fresh
            assert not checked.doubts
        if Outcome.FAIL in outcomes:
            assert spf(checked) is Outcome.FAIL
        assert checked.at == NOW + elapsed
