"""Run by the interpreter at its start: the operator of this process gets a clock that is wrong.

`support.operators.OperatorProcess` puts this directory on the path, and how wrong it is into the environment.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from mailseal.kube.operator import run_operator

_AHEAD = timedelta(seconds=float(os.environ["TEST_CLOCK_AHEAD_SECONDS"]))


def _wrong_now() -> datetime:
    return datetime.now(UTC) + _AHEAD


*_others, _clock = run_operator.__defaults__ or ()
assert _clock.__name__ == "utc_now"
run_operator.__defaults__ = (*_others, _wrong_now)
