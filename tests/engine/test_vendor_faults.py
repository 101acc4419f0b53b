"""The main job through the backend of every vendor while each request in turn fails once."""

from __future__ import annotations

import pytest

from support.backends.running import RunningBackends
from support.vendorfronts import FAULTS, MakesFault
from support.vendormail import QUICK_VENDORS, fail_each_request_once


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("kind", QUICK_VENDORS, ids=lambda kind: kind.name)
async def test_each_request_may_fail_once(kind, fault: MakesFault, vendors: RunningBackends) -> None:
    await fail_each_request_once(vendors.get(kind), fault)
