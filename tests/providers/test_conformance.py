"""Every provider conforms; those on name servers and the slow ones have files of their own.

A new provider joins by a harness in `support.backends.HARNESSES`. The cases are in `mailseal.conformance`.
"""

from __future__ import annotations

import pytest

from mailseal.conformance import CASES, Case
from support.backends import HARNESSES, SERVER_HARNESSES, SLOW_HARNESSES, Harness
from support.backends.running import RunningBackends
from support.conformance import check, label, pairs

OTHERS = [kind for kind in HARNESSES if kind not in {*SERVER_HARNESSES, *SLOW_HARNESSES}]


@pytest.mark.parametrize(("kind", "case"), pairs(OTHERS), ids=label)
async def test_it_conforms(backends: RunningBackends, kind: type[Harness], case: Case) -> None:
    await check(backends.get(kind), case)


def test_ids_of_cases_are_unique() -> None:
    assert len({case.id for case in CASES}) == len(CASES)


def test_every_harness_is_run_once() -> None:
    assert sorted(kind.name for kind in (*OTHERS, *SERVER_HARNESSES, *SLOW_HARNESSES)) == sorted(
        kind.name for kind in HARNESSES
    )


def test_what_a_harness_leaves_out_is_a_case_and_has_a_reason() -> None:
    for kind in HARNESSES:
        assert set(kind.inapplicable) <= {case.id for case in CASES}, kind.name
        assert all(kind.inapplicable.values()), kind.name
