"""Run by the interpreter at its start: the operator of this process gets a clock that is wrong.

`support.operators.OperatorProcess` puts this directory on the path, and how wrong it is into the environment.
With a time machine, a file that is read at each look at the clock, the API server's clock goes along with it.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailseal.kube.api import KubeApi
from mailseal.kube.operator import run_operator

_MACHINE = os.environ.get("TEST_TIME_MACHINE", "")
_server_time = KubeApi.server_time


def _ahead() -> timedelta:
    text = Path(_MACHINE).read_text() if _MACHINE else os.environ["TEST_CLOCK_AHEAD_SECONDS"]
    return timedelta(seconds=float(text))


def _wrong_now() -> datetime:
    return datetime.now(UTC) + _ahead()


async def _server_time_along(api: KubeApi) -> datetime:
    return await _server_time(api) + _ahead()


*_others, _clock = run_operator.__defaults__ or ()
assert _clock.__name__ == "utc_now"
run_operator.__defaults__ = (*_others, _wrong_now)
if _MACHINE:
    KubeApi.server_time = _server_time_along
