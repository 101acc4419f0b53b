"""The same as test_vendor_faults.py where each request takes long, with the two faults that differ most.

It has a file of its own, so that two workers share the load.
"""

from __future__ import annotations

import pytest

from support.backends.running import RunningBackends
from support.vendorfronts import MakesFault, lost_reply, unavailable
from support.vendormail import SLOW_VENDORS, fail_each_request_once


@pytest.mark.parametrize("fault", [unavailable, lost_reply], ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("kind", SLOW_VENDORS, ids=lambda kind: kind.name)
async def test_each_request_may_fail_once(kind, fault: MakesFault, vendors: RunningBackends) -> None:
    await fail_each_request_once(vendors.get(kind), fault)
