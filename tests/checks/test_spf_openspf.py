"""Every case of the OpenSPF suite for RFC 7208 passes through the evaluator: results and explanations."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from mailseal.checks.spf import SpfCode, check_host
from support.openspf import Case, load_suite
from support.openspf_resolver import SuiteResolver

CASES = load_suite()
SUITE_SIZE = 203


def test_the_suite_is_complete() -> None:
    assert len(CASES) == SUITE_SIZE


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_case(case: Case) -> None:
    domain = case.sender.rpartition("@")[2]
    found = await check_host(
        ip_address(case.host), domain, case.sender, case.helo, SuiteResolver(case.zonedata)
    )
    assert found.code in case.results, found
    if case.explanation is not None:
        assert found.code is SpfCode.FAIL
        assert (found.explanation or "DEFAULT") == case.explanation
