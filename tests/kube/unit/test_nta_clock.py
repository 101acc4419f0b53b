"""Records are published and renewed only while the operator's clock agrees with the API server's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mailseal.kube.api import ApiError
from mailseal.kube.claims import claim_of
from mailseal.kube.ntaclock import NtaClock
from mailseal.kube.runtime import Runtime
from mailseal.planning.model import Claim
from support.kube_objects import resource

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FAR = {"startMonth": "2026-03", "endMonth": "2029-03"}
NEAR = {"startMonth": "2024-01", "endMonth": "2027-01"}


@dataclass
class Server:
    """Its clock, and how often it was looked at."""

    ahead: timedelta | None = timedelta(0)
    asked: int = 0

    async def server_time(self) -> datetime:
        self.asked += 1
        if self.ahead is None:
            raise ApiError("no answer")
        return NOW + self.ahead


def claim(status: dict[str, Any] | None = None, kind: str = "NtaRecord", **fields: Any) -> Claim:
    found = claim_of(resource(kind, status=status or {}, **fields), None)
    assert found is not None
    return found


async def agrees(server: Server, *claims: Claim | None) -> list[bool]:
    runtime = cast("Runtime", SimpleNamespace(api=server, clock=lambda: NOW))
    timely = await NtaClock(runtime).timely(claims)
    return [found.clock_agrees for found in timely if found]


@pytest.mark.parametrize("status", [{}, NEAR], ids=["never-published", "due"])
@pytest.mark.parametrize(
    ("ahead", "right"),
    [
        (timedelta(0), True),
        (timedelta(minutes=2), True),
        (-timedelta(minutes=2), True),
        (timedelta(minutes=3), False),
        (-timedelta(days=900), False),
        (None, False),
    ],
)
async def test_what_may_be_due_is_told_whether_the_clock_agrees(status, ahead, right) -> None:
    assert await agrees(Server(ahead), claim(status)) == [right]


async def test_the_server_is_not_asked_while_nothing_is_due() -> None:
    server = Server()
    going = {"deletionTimestamp": "2026-11-24T11:00:00Z", "finalizers": ["mailseal.dev/records"]}
    others = [claim(FAR), claim(kind="MailDomain"), claim(NEAR, **going), None]
    assert await agrees(server, *others) == [False, False, False]
    assert server.asked == 0


async def test_the_server_is_asked_once_for_many() -> None:
    server = Server()
    claims = [claim(NEAR), claim({}, name="other"), claim(FAR, name="far")]
    assert await agrees(server, *claims) == [True, True, False]
    assert server.asked == 1


async def test_months_past_the_calendar_are_not_due() -> None:
    assert await agrees(Server(), claim({}, spec={"startMonth": "9999-12"})) == [False]
