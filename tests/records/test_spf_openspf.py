"""The syntax cases of the OpenSPF suite for RFC 7208, decided by what results the suite accepts."""

from __future__ import annotations

import pytest

from mailseal.records.errors import RecordSyntaxError
from mailseal.records.spf import Spf, is_spf
from support.openspf import Case, load_suite

PERMERROR = frozenset({"permerror"})
MIN_GOOD = 110
MIN_BAD = 60
MIN_RECORDS = 100

NOT_SYNTAX = {
    "redirect-none": "the target of redirect has no record",
    "include-permerror": "the included record is the one with the syntax error",
    "include-none": "the included domain has no record",
    "redirect-loop": "more than 10 terms that look up",
    "include-loop": "more than 10 terms that look up",
    "mech-over-limit": "more than 10 terms that look up",
    "include-over-limit": "more than 10 terms that look up",
    "mx-limit": "more than 10 hosts of one mx",
    "void-over-limit": "more than 2 void look-ups",
}
"""The cases whose only result is permerror although the policy's own record is well formed, and why."""


@pytest.fixture(scope="module")
def suite() -> tuple[Case, ...]:
    return load_suite()


@pytest.fixture(scope="module")
def policies(suite: tuple[Case, ...]) -> dict[Case, str]:
    """The cases whose domain has exactly one SPF record; with none or several there is nothing to parse."""
    found = {case: [text for text in case.values if is_spf(text.encode("latin-1"))] for case in suite}
    return {case: texts[0] for case, texts in found.items() if len(texts) == 1}


def parses(text: str) -> bool:
    try:
        Spf.parse(text)
    except RecordSyntaxError:
        return False
    return True


def test_case_names_tell_the_cases_apart(suite: tuple[Case, ...]) -> None:
    assert len({case.name for case in suite}) == len(suite)


def test_every_policy_with_another_result_than_permerror_parses(policies: dict[Case, str]) -> None:
    good = {case.name: text for case, text in policies.items() if "permerror" not in case.results}
    assert {name: text for name, text in good.items() if not parses(text)} == {}
    assert len(good) >= MIN_GOOD


def test_every_policy_that_can_only_be_a_permerror_is_rejected_but_for_the_listed_ones(
    policies: dict[Case, str],
) -> None:
    bad = {case.name: text for case, text in policies.items() if case.results == PERMERROR}
    assert {name for name, text in bad.items() if parses(text)} == set(NOT_SYNTAX)
    assert len(bad) - len(NOT_SYNTAX) >= MIN_BAD


def test_the_version_section_decides_what_is_a_record(suite: tuple[Case, ...]) -> None:
    """Where the suite expects a policy to apply there is a record, where it expects none there is not."""
    selecting = {case.name: case for case in suite if case.scenario == "Selecting records"}
    counts = {
        name: sum(is_spf(text.encode("latin-1")) for text in case.values) for name, case in selecting.items()
    }
    assert counts == {
        "nospace1": 0,
        "nospf": 0,
        "empty": 1,
        "nospace2": 1,
        "spfoverride": 1,
        "multispf2": 1,
        "case-insensitive": 1,
        "multitxt1": 2,
        "multitxt2": 2,
        "multispf1": 2,
    }


def test_every_well_formed_record_of_the_suite_survives_printing(suite: tuple[Case, ...]) -> None:
    texts = {text for case in suite for values in case.zone.values() for text in values}
    records = [Spf.parse(text) for text in texts if is_spf(text.encode("latin-1")) and parses(text)]
    assert [record for record in records if Spf.parse(record.to_text()) != record] == []
    assert len(records) >= MIN_RECORDS
