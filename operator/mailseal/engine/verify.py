"""Published means answered: the wait for all authoritative servers."""

from __future__ import annotations

import asyncio

from mailseal.engine.ledger import Ledger
from mailseal.engine.zone import ZoneAccess

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0


async def confirm_answers(access: ZoneAccess, ledger: Ledger) -> None:
    """Ask the authoritative servers until all answer as expected or `verify_within` is over.

    Only what lags is asked again. What still lags at the end is Propagating, and removals stay Removing.
    """
    present, absent = ledger.expected()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + access.settings.verify_within.total_seconds()
    pause_seconds = FIRST_PAUSE_SECONDS
    lags = await access.observer.lags(present, absent)
    while lags and loop.time() + pause_seconds < deadline:
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)
        behind = {lag.value for lag in lags}
        lags = await access.observer.lags(
            [value for value in present if value in behind],
            [value for value in absent if value in behind],
        )
    ledger.record_lags(lags)
    ledger.record_removed()
