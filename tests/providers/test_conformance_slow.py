"""Providers conform whose backends take their time."""

from __future__ import annotations

import pytest

from mailseal.conformance import Case
from support.backends import SLOW_HARNESSES, Harness
from support.backends.running import RunningBackends
from support.conformance import check, label, pairs


@pytest.mark.parametrize(("kind", "case"), pairs(SLOW_HARNESSES), ids=label)
async def test_it_conforms(backends: RunningBackends, kind: type[Harness], case: Case) -> None:
    await check(backends.get(kind), case)
