"""The time by which NTA 7516 records are renewed, as far as the operator's clock can be believed.

A record names months, so one that is made by a wrong clock could miss the day that it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.kube.runtime import Runtime
from mailseal.kube.serverclock import clock_agrees
from mailseal.planning.model import Claim
from mailseal.planning.nta_calendar import KnownDates, day_in, months_of
from mailseal.records.errors import InvalidRecord


class NtaClock:
    """Lets records be published and renewed while the clock is right."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def timely(self, claims: Sequence[Claim | None]) -> list[Claim | None]:
        """The claims, those for which something may be due with the word that the clock agrees, if it does.

        The API server is asked only for those, and at most once.
        """
        now = self._runtime.clock()
        due = {claim.owner for claim in claims if claim and _may_be_due(claim, now)}
        if not due or not await clock_agrees(self._runtime, "no NTA 7516 record is published or renewed"):
            return list(claims)
        return [
            replace(claim, clock_agrees=True) if claim and claim.owner in due else claim for claim in claims
        ]


def _may_be_due(claim: Claim, now: datetime) -> bool:
    """True unless the months that the status remembers say that nothing is due."""
    spec = claim.spec
    if not isinstance(spec, NtaRecordSpec) or claim.deleting:
        return False
    known = KnownDates(published=(claim.nta_dates,) if claim.nta_dates else ())
    try:
        return months_of(spec, known, day_in(spec.zone_info, now)).are_due
    except InvalidRecord:
        return False
